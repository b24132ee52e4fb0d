"""The guest's ramdisk: the files under ``root``, a few programs with their libraries, and the kernel's modules."""

from __future__ import annotations

import gzip
import re
import shutil
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from devcloud.guest.kernel import Kernel, contents
from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError

ROOT = Path(__file__).with_name("root")
#: Program: the package it comes from.
_PROGRAMS = {
    "busybox": "busybox-static",
    "dropbear": "dropbear-bin",
    "dropbearkey": "dropbear-bin",
    "resize2fs": "e2fsprogs",
}
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_LIBRARY = re.compile(r"(/\S+) \(0x[0-9a-f]+\)")


def build(kernel: Kernel) -> bytes:
    """The ramdisk as the kernel wants it: a cpio archive, compressed; the same inputs give the same bytes."""
    names = [f"{module.name.partition('.')[0]}.ko" for module in kernel.modules]
    modules = {
        f"lib/modules/{name}": (0o644, contents(module)) for name, module in zip(names, kernel.modules, strict=True)
    }
    order = (0o644, "".join(f"{name}\n" for name in names).encode())
    return gzip.compress(archive({**_own_files(), **_programs(), **modules, "etc/modules": order}), mtime=0)


def archive(files: Mapping[str, tuple[int, bytes]]) -> bytes:
    """A cpio archive (format "newc") of regular files and the folders above them; all belongs to root.

    >>> archive({"etc/hosts": (0o644, b"127.0.0.1 localhost")})[:6]
    b'070701'
    """
    entries = [(folder, stat.S_IFDIR | 0o755, b"") for folder in _folders(files)]
    entries += [(name, stat.S_IFREG | mode, data) for name, (mode, data) in sorted(files.items())]
    entries.append(("TRAILER!!!", 0, b""))
    return b"".join(_entry(number, *entry) for number, entry in enumerate(entries, start=1))


def libraries(text: str) -> list[str]:
    """Paths of the shared libraries that `ldd` lists.

    >>> libraries("\\tlinux-vdso.so.1 (0x7f43)\\n\\tlibz.so.1 => /lib/libz.so.1 (0x7f42)\\n\\t/lib64/ld.so.2 (0x7f44)")
    ['/lib/libz.so.1', '/lib64/ld.so.2']
    """
    return _LIBRARY.findall(text)


def _own_files() -> dict[str, tuple[int, bytes]]:
    found = {}
    for file in ROOT.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            found[str(file.relative_to(ROOT))] = (0o755 if data.startswith(b"#!") else 0o644, data)
    return found


def _programs() -> dict[str, tuple[int, bytes]]:
    found: dict[str, tuple[int, bytes]] = {}
    for program, package in _PROGRAMS.items():
        path = shutil.which(program, path=_PATH)
        if path is None:
            raise StackproofError(f"there is no {program} on this machine", hint=f"install the package {package}")
        found[f"bin/{program}"] = (0o755, Path(path).read_bytes())
        for library in libraries(run(["ldd", path], check=False).stdout):
            found[library.lstrip("/")] = (0o755, Path(library).read_bytes())
    return found


def _folders(names: Iterable[str]) -> list[str]:
    return sorted({str(folder) for name in names for folder in Path(name).parents} - {"."})


def _entry(number: int, name: str, mode: int, data: bytes) -> bytes:
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + "".join(f"{field:08x}" for field in fields).encode() + path
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
