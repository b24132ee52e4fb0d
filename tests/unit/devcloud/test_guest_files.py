"""The parts of the guest image that can be looked at without booting it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from devcloud import guest
from devcloud.guest import kernel, ramdisk
from pytest_whitebox.core.errors import StackproofError

DEPENDS = """\
linux-image-virtual
  Depends: linux-image-6.8.0-88-generic
    linux-image-unsigned-6.8.0-88-generic
  Depends: linux-modules-6.8.0-88-generic
  Recommends: thermald
"""


def test_the_kernel_packages_are_found_by_their_version() -> None:
    assert kernel.real_packages(DEPENDS) == ["linux-image-6.8.0-88-generic", "linux-modules-6.8.0-88-generic"]


def test_a_module_says_what_it_needs(tmp_path: Path) -> None:
    module = tmp_path / "virtio_net.ko"
    module.write_bytes(b"\x7fELF\0license=GPL\0depends=virtio-ring,virtio\0intree=Y\0")
    assert kernel.depends(module) == ("virtio_ring", "virtio")
    module.write_bytes(b"\x7fELF\0license=GPL\0depends=\0intree=Y\0")
    assert kernel.depends(module) == ()


def test_modules_are_loaded_after_what_they_need_and_once() -> None:
    needs = {"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ()}
    assert kernel.load_order(["a", "c", "built_in"], needs.get) == ["d", "b", "c", "a"]


def test_cpio_unpacks_what_was_archived(tmp_path: Path) -> None:
    files = {"init": (0o755, b"#!/bin/sh\n"), "etc/deep/empty": (0o644, b""), "etc/odd": (0o600, b"12345")}
    cpio = shutil.which("cpio") or shutil.which("busybox")
    if cpio is None:
        pytest.skip("neither cpio nor busybox here: install busybox-static")
    words = ["cpio"] if cpio.endswith("busybox") else []
    subprocess.run([cpio, *words, "-i", "-d", "-m"], input=ramdisk.archive(files), cwd=tmp_path, check=True)
    found = {
        str(f.relative_to(tmp_path)): (f.stat().st_mode & 0o777, f.read_bytes())
        for f in tmp_path.rglob("*")
        if f.is_file()
    }
    assert found == files


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ramdisk, "_PROGRAMS", {"no-such-program": "its-package"})
    with pytest.raises(StackproofError, match="no-such-program") as caught:
        ramdisk.build(kernel.Kernel(Path("/nothing"), ()))
    assert "its-package" in caught.value.hint


def test_a_package_source_that_is_down_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_META_PACKAGES", ("no-such-package",))
    for of_a_killed_run in ("image/.new-1/unpacked", "packages/.kernel-1"):
        (tmp_path / of_a_killed_run).mkdir(parents=True)
    with pytest.raises(StackproofError, match="no-such-package") as caught:
        guest.build(tmp_path / "image", tmp_path / "packages")
    assert "apt-get update" in caught.value.hint
    assert list((tmp_path / "image").iterdir()) == []
    assert list((tmp_path / "packages").iterdir()) == []


def test_what_was_built_is_returned_at_once(tmp_path: Path) -> None:
    folder = tmp_path / guest.recipe()
    folder.mkdir()
    (folder / "kernel").touch()
    assert guest.build(tmp_path, Path("/nowhere")) == guest.GuestImage.in_folder(folder)


def test_every_script_is_a_program_and_has_no_error_of_syntax() -> None:
    scripts = [file for file in ramdisk.ROOT.rglob("*") if file.is_file() and file.read_bytes().startswith(b"#!")]
    assert len(scripts) > 5
    for script in scripts:
        done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), script


@pytest.mark.skipif(not shutil.which("busybox"), reason="the guest's awk is busybox's: install busybox-static")
def test_the_guest_reads_json_as_python_does() -> None:
    document = {
        "uuid": "5f3a",
        "public_keys": {"my key": "ssh-ed25519 AAAA/B== me@host\n"},
        "keys": [{"name": "my key", "data": "x"}, {"name": "other"}],
        "empty": {},
        "none": None,
        "number": -1.5,
        "meta": {'a "quoted" }': "{[,", "hostname": "not-this"},
        "hostname": "web.novalocal",
    }
    expected = {
        "uuid": "5f3a",
        "public_keys.my key": "ssh-ed25519 AAAA/B== me@host",
        "keys.0.name": "my key",
        "keys.0.data": "x",
        "keys.1.name": "other",
        "none": "null",
        "number": "-1.5",
        'meta.a "quoted" }': "{[,",
        "meta.hostname": "not-this",
        "hostname": "web.novalocal",
    }
    command = ["busybox", "awk", "-f", str(ramdisk.ROOT / "sbin/json.awk")]
    for text in (json.dumps(document), json.dumps(document, indent=2)):
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        assert dict(line.split("\t") for line in done.stdout.splitlines()) == expected
