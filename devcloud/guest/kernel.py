"""The guest's kernel: taken out of the distribution's package, nothing of which is installed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError

#: The small kernel of Debian and the one of Ubuntu; each only depends on a package with a version in its name.
_META_PACKAGES = ("linux-image-cloud-amd64", "linux-image-virtual")
_REAL_PACKAGE = re.compile(r"^ *Depends: (linux-(?:image|modules)-\d\S+)$", re.MULTILINE)
#: What a guest needs: PCI, disks, network, entropy, memory ballooning, the power button, and a config drive.
_WANTED = (
    "virtio_pci", "virtio_blk", "virtio_net", "virtio_scsi", "virtio_rng", "virtio_balloon", "sd_mod", "sr_mod",
    "ata_piix", "ahci", "button", "evdev", "isofs", "vfat", "nls_ascii", "nls_cp437", "i6300esb",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel's image and the modules that a guest loads, in the order in which they must be loaded."""

    image: Path
    modules: tuple[Path, ...]


def fetch(cache: Path) -> tuple[Path, ...]:
    """The kernel's packages as files in ``cache``, downloaded if they are missing: all of them or none."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = tuple(sorted(cache.glob("kernel/*.deb")))
    if kept:
        return kept
    for killed in cache.glob(".kernel-*"):
        shutil.rmtree(killed)
    aside = Path(tempfile.mkdtemp(prefix=".kernel-", dir=cache))
    try:
        names = _real_packages()
        command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *names]
        result = run(command, timeout=600, check=False, cwd=str(aside))
        if not result.ok:
            raise StackproofError(
                f"the guest's kernel {names[0]} cannot be downloaded: {_reason(result.stderr)}",
                hint="see that the package source answers, run `apt-get update` and try again",
            )
        shutil.rmtree(cache / "kernel", ignore_errors=True)
        aside.rename(cache / "kernel")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return tuple(sorted(cache.glob("kernel/*.deb")))


def unpack(packages: Sequence[Path], folder: Path) -> Kernel:
    """Take the image and the wanted modules out of the packages."""
    for package in packages:
        run(["dpkg-deb", "-x", str(package), str(folder)], timeout=120)
    images = sorted(folder.glob("boot/vmlinuz-*"))
    if not images:
        raise StackproofError(f"{packages[0].name} holds no kernel", hint=f"remove {packages[0].parent} and try again")
    found = {_name(file): file for file in folder.rglob("*.ko*")}
    order = load_order(_WANTED, lambda name: depends(found[name]) if name in found else None)
    return Kernel(images[0], tuple(found[name] for name in order))


def load_order(wanted: Iterable[str], needs: Callable[[str], Iterable[str] | None]) -> list[str]:
    """The wanted modules and what they need, each after its needs; where ``needs`` says None it is built in.

    >>> load_order(["net", "ext4"], {"net": ["virtio", "failover"], "virtio": [], "failover": ["virtio"]}.get)
    ['virtio', 'failover', 'net']
    """
    order: list[str] = []
    for name in wanted:
        needed = needs(name)
        if needed is not None and name not in order:
            order += [module for module in load_order(needed, needs) if module not in order]
            order.append(name)
    return order


def depends(module: Path) -> tuple[str, ...]:
    """Names of the modules that a module needs, as its own file says."""
    found = re.search(rb"\0?depends=([^\0]*)\0", contents(module))
    return tuple(found[1].decode().replace("-", "_").split(",")) if found and found[1] else ()


def contents(module: Path) -> bytes:
    """A module's bytes, decompressed."""
    if module.suffix == ".ko":
        return module.read_bytes()
    run(["zstd", "-q", "-d", "-f", str(module)] if module.suffix == ".zst" else ["unxz", "-k", "-f", str(module)])
    return module.with_suffix("").read_bytes()


def _name(module: Path) -> str:
    return module.name.partition(".")[0].replace("-", "_")


def _real_packages() -> list[str]:
    for meta in _META_PACKAGES:
        names = list(_walk(meta))
        if names:
            return names
    raise StackproofError(
        f"no package {' or '.join(_META_PACKAGES)} is known to this machine", hint="run `apt-get update` and try again"
    )


def _walk(package: str) -> Iterator[str]:
    for name in real_packages(run(["apt-cache", "depends", package], check=False).stdout):
        yield name
        yield from _walk(name)


def real_packages(text: str) -> list[str]:
    """The kernel packages that `apt-cache depends` names.

    >>> real_packages("linux-image-cloud-amd64\\n  Depends: linux-image-6.1.0-56-cloud-amd64\\n")
    ['linux-image-6.1.0-56-cloud-amd64']
    """
    return _REAL_PACKAGE.findall(text)


def _reason(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("E: ")]
    return lines[0].removeprefix("E: ") if lines else "apt-get gave no reason"
