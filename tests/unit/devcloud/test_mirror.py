"""One folder made like another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devcloud.hosts.mirror import difference, follow


@pytest.fixture
def wanted(tmp_path: Path) -> Path:
    """A folder with a file, a link, a file in a folder, and a file that is mostly a hole."""
    top = tmp_path / "wanted"
    (top / "etc/nova").mkdir(parents=True)
    (top / "etc/nova/nova.conf").write_text("[DEFAULT]\n")
    (top / "etc/nova/nova.conf").chmod(0o600)
    (top / "etc/link").symlink_to("nova/nova.conf")
    (top / "name with spaces").write_text("-")
    (top / "-option").write_text("-")
    with (top / "volume").open("wb") as out:
        out.truncate(64 * 1024**2)
    return top


def contents(top: Path) -> dict[str, object]:
    """All below a folder, with what can be compared."""
    return {str(path.relative_to(top)): (path.lstat().st_mode, _content(path)) for path in top.rglob("*")}


def _content(path: Path) -> object:
    if path.is_symlink():
        return path.readlink()
    return path.read_bytes() if path.is_file() else None


def test_what_is_missing_is_made_with_mode_time_and_holes(wanted: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    assert len(follow(wanted, there).paths) == 7
    assert contents(there) == contents(wanted)
    assert (there / "volume").stat().st_blocks * 512 < 1024**2
    assert (there / "etc/nova/nova.conf").stat().st_mtime_ns == (wanted / "etc/nova/nova.conf").stat().st_mtime_ns
    assert difference(wanted, there).paths == ()


def test_only_what_differs_is_touched(wanted: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    follow(wanted, there)
    kept = (there / "volume").stat().st_ino
    (there / "etc/nova/nova.conf").write_text("[DEFAULT]\ndebug = true\n")
    (there / "etc/link").unlink()
    (there / "etc/link").mkdir()
    (there / "etc/link/inside").write_text("")
    (there / "later").mkdir()
    (there / "later/file").write_text("")
    change = follow(wanted, there)
    assert (change.remove, change.folders) == (("etc/link", "later"), ())
    assert sorted(change.files) == ["etc/link", "etc/nova/nova.conf"]
    assert contents(there) == contents(wanted)
    assert (there / "volume").stat().st_ino == kept


def test_a_file_of_the_same_size_and_another_time_differs(wanted: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    follow(wanted, there)
    file = there / "name with spaces"
    file.write_text("+")
    os.utime(file, ns=(0, 0))
    assert difference(wanted, there).files == ("name with spaces",)


def test_folders_left_out_are_neither_made_nor_removed(wanted: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / "var/log").mkdir(parents=True)
    (there / "var/log/kept").write_text("a line")
    (wanted / "var/log").mkdir(parents=True)
    (wanted / "var/log/other").write_text("")
    follow(wanted, there, without=["var/log", "etc/nova"])
    assert [path.name for path in (there / "var/log").iterdir()] == ["kept"]
    assert not (there / "etc/nova").exists()
    assert (there / "etc/link").is_symlink()
