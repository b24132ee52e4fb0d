import re
from pathlib import Path

from pytest_whitebox.core.rundirectory import RunDirectory, slug


def test_nothing_is_created_before_it_is_needed(tmp_path: Path) -> None:
    run = RunDirectory.new(tmp_path / "runs")

    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", run.name)
    assert not (tmp_path / "runs").exists()


def test_latest_is_the_run_that_wrote_last(tmp_path: Path) -> None:
    first, second = RunDirectory.new(tmp_path), RunDirectory.new(tmp_path)
    first.folder()
    second.folder("tests/test_a.py::test_b")

    assert (tmp_path / "latest").resolve() == second.path
    assert [folder.name for folder in second.path.iterdir()] == ["tests-test_a.py-test_b"]
    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    folder = RunDirectory.new(tmp_path).folder("a")

    assert folder.stat().st_mode & 0o077 == 0
    assert folder.parent.stat().st_mode & 0o077 == 0


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    run = RunDirectory.new(tmp_path)

    assert run.folder("../../outside").parent == run.path
    assert slug("..") == "unnamed"
    assert len(slug("x" * 500)) == 100
