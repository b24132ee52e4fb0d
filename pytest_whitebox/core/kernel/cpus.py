"""The CPUs of a host as its kernel has them now, offline ones too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_whitebox.core.cpuset import parse_cpus
from pytest_whitebox.core.transports import Transport

_FOLDER = "/sys/devices/system/cpu"
_ALL = 'cd "$1" && grep -H "" present online offline cpu[0-9]*/topology/thread_siblings_list 2>/dev/null; true'


@dataclass(frozen=True, slots=True)
class Cpus:
    """Sets of CPUs; ``siblings`` are those of the same core, itself among them, for each CPU that is online."""

    present: frozenset[int]
    online: frozenset[int]
    offline: frozenset[int]
    siblings: Mapping[int, frozenset[int]]

    @classmethod
    def from_sysfs(cls, text: str) -> Cpus:
        """Parse lines of file and value.

        >>> cpus = Cpus.from_sysfs("present:0-3\\nonline:0-1\\noffline:2-3\\ncpu1/topology/thread_siblings_list:0-1\\n")
        >>> sorted(cpus.offline), sorted(cpus.siblings[1])
        ([2, 3], [0, 1])
        """
        lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        topology = {name.partition("/")[0]: value for name, value in lines.items() if "/" in name}
        return cls(
            present=parse_cpus(lines.get("present", "")),
            online=parse_cpus(lines.get("online", "")),
            offline=parse_cpus(lines.get("offline", "")),
            siblings=MappingProxyType({int(name[3:]): parse_cpus(value) for name, value in sorted(topology.items())}),
        )

    @property
    def cores(self) -> frozenset[frozenset[int]]:
        """The CPUs that are online, by core."""
        return frozenset(self.siblings.values())


def cpus(transport: Transport) -> Cpus:
    """Ask the kernel of a host."""
    return Cpus.from_sysfs(transport.run(["sh", "-c", _ALL, "sh", _FOLDER]).stdout)
