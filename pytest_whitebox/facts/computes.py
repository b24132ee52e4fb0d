"""What a look at a compute host shows, of what a test may require."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_whitebox.core.host import Host

#: KiB of the sizes that people write: "2M", "1G".
_UNITS: Mapping[str, int] = {"K": 1, "M": 1 << 10, "G": 1 << 20}
#: The option that says which PCI devices guests may get, and its former name.
_DEVICES = ("passthrough_whitelist", "device_spec")
_KERNEL = """
cd /sys
for node in devices/system/node/node[0-9]*; do [ ! -d "$node" ] || echo node; done
for size in kernel/mm/hugepages/hugepages-*; do
    [ ! -d "$size" ] || echo "pages ${size##*-} $(cat "$size/nr_hugepages")"
done
[ ! -e devices/system/cpu/smt/active ] || echo "smt $(cat devices/system/cpu/smt/active)"
[ ! -e fs/selinux/enforce ] || echo "selinux $(cat fs/selinux/enforce)"
"""


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
    config = host.service("nova-compute").config
    kernel = host.run(["sh", "-c", _KERNEL]).stdout
    libvirt = host.run(["virsh", "--connect", host.deployment.libvirt_uri, "domcapabilities"]).stdout
    nodes, pages, smt, selinux = from_kernel(kernel)
    return Compute(
        name=host.name,
        virt_type=config.get("libvirt", "virt_type") or "kvm",
        images_type=config.get("libvirt", "images_type") or "default",
        numa=nodes,
        hugepages=pages,
        smt=smt,
        uefi=has_uefi(libvirt),
        selinux=selinux,
        pci=tuple(device for text in _DEVICES for value in config.get_all("pci", text) for device in _specs(value)),
    )


def from_kernel(text: str) -> tuple[int, Mapping[int, int], bool, bool]:
    """NUMA nodes, huge pages by their size in KiB, whether CPUs are threads of a core, whether SELinux enforces.

    >>> from_kernel("node\\nnode\\npages 2048kB 16\\nsmt 1\\n")
    (2, {2048: 16}, True, False)
    """
    words = [line.split() for line in text.splitlines()]
    pages = {int(line[1].removesuffix("kB")): int(line[2]) for line in words if line[0] == "pages"}
    return words.count(["node"]) or 1, pages, ["smt", "1"] in words, ["selinux", "1"] in words


def has_uefi(domcapabilities: str) -> bool:
    """True if libvirt boots guests by UEFI (``virsh domcapabilities``).

    >>> has_uefi("<domainCapabilities><os><enum name='firmware'><value>efi</value></enum></os></domainCapabilities>")
    True
    """
    from lxml import etree

    found = etree.fromstring(domcapabilities.encode()).iterfind("os/enum[@name='firmware']/value")
    return any(value.text == "efi" for value in found)


def _specs(value: str) -> list[Mapping[str, Any]]:
    """One device or a list of them, as ``[pci] device_spec`` takes both."""
    given = json.loads(value)
    return given if isinstance(given, list) else [given]
