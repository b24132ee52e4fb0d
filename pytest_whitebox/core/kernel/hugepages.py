"""Huge pages of a host, for each NUMA node and size."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_whitebox.core.transports import Transport

_ALL = 'grep -H "" "$1"/node[0-9]*/hugepages/hugepages-*kB/*_hugepages 2>/dev/null; true'
_LINE = re.compile(r"node(\d+)/hugepages/hugepages-(\d+)kB/(nr|free)_hugepages:(\d+)$", re.MULTILINE)
_FOLDER = "/sys/devices/system/node"


@dataclass(frozen=True, slots=True)
class HugePages:
    """Pages of one ``size`` in KiB on one NUMA node: all, and those that nobody uses."""

    node: int
    size: int
    total: int
    free: int

    @property
    def file(self) -> str:
        """Where their number is set: `Host.set_sysfs` takes it."""
        return f"{_FOLDER}/node{self.node}/hugepages/hugepages-{self.size}kB/nr_hugepages"


def hugepages(transport: Transport) -> tuple[HugePages, ...]:
    """Ask the kernel of a host; sorted by node and size."""
    return from_sysfs(transport.run(["sh", "-c", _ALL, "sh", _FOLDER]).stdout)


def from_sysfs(text: str) -> tuple[HugePages, ...]:
    """Parse lines of file and value.

    >>> folder = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB"
    >>> from_sysfs(f"{folder}/free_hugepages:3\\n{folder}/nr_hugepages:8\\n{folder}/surplus_hugepages:0\\n")
    (HugePages(node=0, size=2048, total=8, free=3),)
    """
    found: dict[tuple[int, int], dict[str, int]] = {}
    for node, size, kind, count in _LINE.findall(text):
        found.setdefault((int(node), int(size)), {})[kind] = int(count)
    return tuple(HugePages(*place, counts["nr"], counts["free"]) for place, counts in sorted(found.items()))
