"""What a file says of the hosts of a cloud, where the cloud itself says nothing, or something else.

Formats are found by their entry points in the group ``stackproof.inventories``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.installed import installed
from pytest_whitebox.core.transports import Login

GROUP = "stackproof.inventories"


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """What an inventory says of a service of a host: its unit, its container, the file to edit, its log."""

    unit: str = ""
    container: str = ""
    config: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class HostEntry:
    """What an inventory says of a host; what is empty it does not say.

    ``local`` hosts are this machine; ``container`` is one on the host that stands for it; ``deployment`` is the name
    of a kind, ``engine`` the program that runs containers there.
    """

    name: str
    login: Login = field(default_factory=Login)
    local: bool = False
    container: str = ""
    engine: str = ""
    deployment: str = ""
    roles: tuple[str, ...] = ()
    services: Mapping[str, ServiceEntry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that one file says; ``unneeded`` are its options that are discovered now, each with from what.

    ``login`` counts for hosts of the cloud that have no entry.
    """

    source: str = ""
    hosts: tuple[HostEntry, ...] = ()
    login: Login = field(default_factory=Login)
    unneeded: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The inventory in one line.

        >>> Inventory("nodes.yaml", (HostEntry("compute1"),), unneeded={"cpu_shared_set": "nova.conf"}).summary
        'nodes.yaml, 1 host; not needed any more, for it is discovered now: cpu_shared_set'
        """
        count = f"{len(self.hosts)} host{'' if len(self.hosts) == 1 else 's'}"
        more = f"; not needed any more, for it is discovered now: {', '.join(self.unneeded)}" if self.unneeded else ""
        return f"{self.source}, {count}{more}"


class Format(Protocol):
    """One way to write an inventory down."""

    @property
    def name(self) -> str:
        """A word or two: ``nodes.yaml``."""

    def fits(self, path: Path) -> bool:
        """True if the file, which exists, is written in this way; raises nothing."""

    def read(self, path: Path) -> Inventory:
        """What it says; raises `StackproofError` for what it cannot say."""


def formats() -> tuple[Format, ...]:
    """All formats that are installed, in the order of their names."""
    return installed(GROUP, "inventory format")


def load(path: Path) -> Inventory:
    """Read an inventory of any format; raises `StackproofError` if there is none, or none that is understood."""
    if not path.is_file():
        raise StackproofError(f"there is no inventory {str(path)!r}", hint="give the path of an existing file")
    known = formats()
    for one in known:
        if one.fits(path):
            return one.read(path)
    names = ", ".join(one.name for one in known) or "none is installed"
    raise StackproofError(
        f"{path} is no inventory of a known format ({names})",
        hint="see the page on inventories, or register its format",
    )
