"""The nodes.yaml of whitebox-tempest-plugin: a mapping of hosts, each with its ``services``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.inventories.document import Section, parsed, parsed_or_none
from pytest_whitebox.core.inventories.inventory import HostEntry, Inventory, ServiceEntry
from pytest_whitebox.core.inventories.replaced import NODES

_SERVICE = ("config_path", "container_name", "start_command", "stop_command", "mask_command", "unmask_command")
#: Its README writes them with hyphens, its code reads them with underscores.
_SPELT = {"start-command": "start_command", "stop-command": "stop_command"}


@dataclass(frozen=True, slots=True)
class Nodes:
    """See playbooks/templates/*.yaml.j2 of whitebox-tempest-plugin."""

    name: str = "nodes.yaml of whitebox-tempest-plugin"

    def fits(self, path: Path) -> bool:
        """True if every entry is a mapping that has ``services``."""
        document = parsed_or_none(path)
        entries = document.values() if isinstance(document, Mapping) else ()
        return bool(entries) and all(isinstance(one, Mapping) and "services" in one for one in entries)

    def read(self, path: Path) -> Inventory:
        """Its hosts with what cannot be discovered."""
        sections = Section.of(parsed(path), str(path)).sections()
        entries = tuple(HostEntry(name, services=services_of(section)) for name, section in sections.items())
        said = {word for section in sections.values() for word in _words(section)}
        unneeded = {word: why for word, why in NODES.items() if word in said}
        return Inventory(str(path), entries, unneeded=unneeded)


def services_of(section: Section) -> Mapping[str, ServiceEntry]:
    """What a host of nodes.yaml says of its services."""
    section.check("services", "cpu_shared_set", "cpu_dedicated_set", "topology")
    return {name: _service(one) for name, one in section.section("services").sections().items()}


def _service(section: Section) -> ServiceEntry:
    spelt = Section({_SPELT.get(key, key): value for key, value in section.values.items()}, section.place)
    spelt.check(*_SERVICE)
    unit = unit_of(spelt.text("start_command")) or unit_of(spelt.text("stop_command"))
    return ServiceEntry(unit, spelt.text("container_name"), spelt.text("config_path"))


def unit_of(command: str) -> str:
    """The unit that a command of systemctl starts or stops; empty for any other command.

    >>> unit_of("systemctl start devstack@n-cpu"), unit_of("/opt/start-nova"), unit_of("sudo systemctl stop a b")
    ('devstack@n-cpu', '', '')
    """
    words = [word for word in shlex.split(command) if word != "sudo" and not word.startswith("-")]
    return words[2] if len(words) == 3 and words[0] == "systemctl" and words[1] in {"start", "stop"} else ""


def _words(section: Section) -> Iterator[str]:
    yield from section.values
    for one in section.section("services").sections().values():
        yield from (_SPELT.get(key, key) for key, value in one.values.items() if not unit_of(str(value)))
