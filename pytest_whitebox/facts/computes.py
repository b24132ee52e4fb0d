"""What a look at a compute host shows, of what a test may require."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_whitebox.core.hosts import Host

#: KiB of the sizes that people write: "2M", "1G".
_UNITS: Mapping[str, int] = {"K": 1, "M": 1 << 10, "G": 1 << 20}

#: The option that says which PCI devices guests may get, and its former name.
_DEVICES = ("passthrough_whitelist", "device_spec")


@dataclass(frozen=True, slots=True)
class Compute:
    """A compute host; ``hugepages`` counts those of each size in KiB, ``pci`` has what Nova may pass to guests."""

    name: str
    virt_type: str
    images_type: str
    numa: int
    hugepages: Mapping[int, int]
    smt: bool
    uefi: bool
    selinux: bool
    locks_memory: bool
    pci: tuple[Mapping[str, Any], ...]


def kib(size: str) -> int:
    """A page size in KiB; raises `ValueError` for what is none.

    >>> kib("2M"), kib("1G"), kib("64K")
    (2048, 1048576, 64)
    """
    number, unit = size[:-1], size[-1:].upper()
    if unit not in _UNITS or not number.isdecimal():
        raise ValueError(f"{size!r} is no size of pages such as 2M or 1G")
    return int(number) * _UNITS[unit]


def look(host: Host) -> Compute:
    """Look at a compute host: its kernel, its libvirt, and what its nova-compute is configured with."""
    config, capabilities, pages = host.service("nova-compute").config, host.capabilities, host.hugepages
    return Compute(
        name=host.name,
        virt_type=config.get("libvirt", "virt_type") or "kvm",
        images_type=config.get("libvirt", "images_type") or "default",
        numa=len(capabilities.cells),
        hugepages={size: sum(one.total for one in pages if one.size == size) for size in {one.size for one in pages}},
        smt=capabilities.has_threads,
        uefi="efi" in host.domain_capabilities().firmwares,
        selinux="selinux" in capabilities.security,
        # Within a container the kernel may refuse what libvirt needs for it.
        locks_memory=host.run(["prlimit", "--memlock=unlimited:unlimited", "true"], check=False).ok,
        pci=tuple(device for text in _DEVICES for value in config.get_all("pci", text) for device in _specs(value)),
    )


def _specs(value: str) -> list[Mapping[str, Any]]:
    """One device or a list of them, as ``[pci] device_spec`` takes both."""
    given = json.loads(value)
    return given if isinstance(given, list) else [given]
