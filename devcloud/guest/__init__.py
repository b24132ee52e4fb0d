"""The guest image: a small Linux that shows from inside what happens to a server."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from devcloud.guest import kernel, ramdisk
from pytest_whitebox.core.command import run

#: For the kernel: a console that Nova keeps, and a machine that starts again after a panic.
COMMAND_LINE = "console=ttyS0 panic=5 mitigations=off"
#: Size of the disk as built, in bytes; a guest grows the file system to the disk that its flavor gives it.
_DISK_SIZE = 32 * 1024**2


@dataclass(frozen=True, slots=True)
class GuestImage:
    """The three files that make an image, to be uploaded as aki, ari and qcow2."""

    kernel: Path
    ramdisk: Path
    disk: Path

    @classmethod
    def in_folder(cls, folder: Path) -> GuestImage:
        """The files under their names."""
        return cls(folder / "kernel", folder / "ramdisk", folder / "disk.qcow2")


def build(into: Path, cache_packages: Path) -> GuestImage:
    """Build the guest image below ``into``, or return the one that is there and was built from the same recipe.

    Downloaded packages are kept in ``cache_packages``. Raises `StackproofError` if the package source is down or a
    program is missing; nothing half done is left behind.
    """
    folder = into / recipe()
    if not folder.is_dir():
        into.mkdir(parents=True, exist_ok=True)
        for killed in into.glob(".new-*"):
            shutil.rmtree(killed)
        aside = Path(tempfile.mkdtemp(prefix=".new-", dir=into))
        try:
            _fill(aside, cache_packages)
            aside.chmod(0o755)
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return GuestImage.in_folder(folder)


def recipe() -> str:
    """A name for what the image is made of: changes with any file of this package."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for file in sorted(file for file in here.rglob("*") if file.is_file() and file.suffix != ".pyc"):
        digest.update(f"{file.relative_to(here)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _fill(folder: Path, cache_packages: Path) -> None:
    image = GuestImage.in_folder(folder)
    with tempfile.TemporaryDirectory(prefix="unpacked-", dir=folder) as unpacked:
        found = kernel.unpack(kernel.fetch(cache_packages), Path(unpacked))
        shutil.copyfile(found.image, image.kernel)
        image.ramdisk.write_bytes(ramdisk.build(found))
    _make_disk(image.disk)


def _make_disk(file: Path) -> None:
    raw = file.with_suffix(".raw")
    with raw.open("wb") as out:
        out.truncate(_DISK_SIZE)
    run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-L", "guest", "-E", "lazy_itable_init=0", str(raw)])
    run(["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", str(raw), str(file)])
    raw.unlink()
