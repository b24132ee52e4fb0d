"""The script in cryptsetup's place on compute hosts: what it tells Nova of an encrypted volume."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import devcloud

SCRIPT = Path(devcloud.__file__).parent / "templates/compute/usr/sbin/cryptsetup"

pytestmark = pytest.mark.skipif(not shutil.which("qemu-img"), reason="needs qemu-img: install qemu-utils")


def image(folder: Path, *words: str) -> str:
    """An image file of 1 MiB."""
    file = folder / "volume"
    subprocess.run(["qemu-img", "create", "-q", *words, str(file), "1M"], check=True)
    return str(file)


def is_luks(file: str) -> bool:
    """What Nova would believe."""
    return subprocess.run(["sh", str(SCRIPT), "isLuks", "--verbose", file], check=False).returncode == 0


def test_luks_inside_qcow2_is_seen(tmp_path: Path) -> None:
    luks = "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"
    assert is_luks(image(tmp_path, "--object", "secret,id=s,data=example", "-f", "qcow2", "-o", luks))


@pytest.mark.parametrize("format", ["qcow2", "raw"])
def test_what_is_not_encrypted_is_no_luks(format: str, tmp_path: Path) -> None:
    assert not is_luks(image(tmp_path, "-f", format))


def test_nothing_is_formatted(tmp_path: Path) -> None:
    file = image(tmp_path, "-f", "raw")
    done = subprocess.run(["sh", str(SCRIPT), "luksFormat", file], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "opened by QEMU alone" in done.stderr
