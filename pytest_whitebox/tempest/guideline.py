"""Guidelines of interoperability, schemas 1.2 to 2.0: which tests prove which capabilities of a target."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from pytest_whitebox.core.errors import StackproofError

STATUSES = ("required", "advisory", "deprecated", "removed")
_PATIENCE = 30  # seconds for an address to answer
#: Refstack's short names of what schema 2.0 calls platforms.
_PLATFORMS: Mapping[str, str] = MappingProxyType(
    {
        "platform": "OpenStack Powered Platform",
        "compute": "OpenStack Powered Compute",
        "object": "OpenStack Powered Storage",
    }
)
_ADD_ON = "os_powered_"


@dataclass(frozen=True, slots=True)
class ProvingTest:
    """A test that a guideline names: it counts under its ``name`` or an alias, if it has the uuid (if one is given)."""

    name: str
    uuid: str
    aliases: tuple[str, ...]
    flagged: bool

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it has had."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Guideline:
    """``targets`` has for each target its capabilities by status, ``tests`` for each capability its tests."""

    id: str
    targets: Mapping[str, Mapping[str, frozenset[str]]]
    tests: Mapping[str, tuple[ProvingTest, ...]]

    @classmethod
    def from_json(cls, text: str, source: str) -> Guideline:
        """Read a guideline; raises `StackproofError` if that is none."""
        try:
            found = json.loads(text)
            about = found.get("metadata", found)
            tests = {name: tuple(_tests(known)) for name, known in found["capabilities"].items()}
            return cls(str(about["id"]), _targets(found), tests)
        except (ValueError, KeyError, TypeError, AttributeError):
            hint = "name a guideline of schema 1.2 to 2.0, see opendev.org/openinfra/interop"
            raise StackproofError(f"{source} is no guideline of interoperability", hint=hint) from None

    def capabilities(self, target: str, statuses: Collection[str]) -> Mapping[str, tuple[ProvingTest, ...]]:
        """The capabilities of a target that have one of the statuses, with their tests, in order of their names."""
        if target not in self.targets:
            hint = f"choose from {', '.join(sorted(self.targets))}"
            raise StackproofError(f"guideline {self.id} has no target {target!r}", hint=hint)
        known = self.targets[target]
        names = {name for status in statuses for name in known.get(status, ())}
        return {name: self.tests.get(name, ()) for name in sorted(names)}


def load(named: str, folder: Path) -> Guideline:
    """A guideline by the path of a file, an address, or the id of one that comes along.

    Raises `StackproofError` if there is none.
    """
    if named.startswith(("http://", "https://")):
        return Guideline.from_json(_downloaded(named), named)
    file = folder / Path(named).expanduser()
    if file.is_file():
        return Guideline.from_json(file.read_text(errors="replace"), str(file))
    shipped = {one.name.removesuffix(".json"): one for one in _shipped()}
    if named not in shipped:
        hint = f"name a file, an address, or one that comes along: {', '.join(sorted(shipped))}"
        raise StackproofError(f"there is no guideline {named!r}", hint=hint)
    return Guideline.from_json(shipped[named].read_text(), named)


def _shipped() -> Iterator[Any]:
    yield from (one for one in files("pytest_whitebox.tempest").joinpath("guidelines").iterdir())


def _downloaded(address: str) -> str:
    try:
        with urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 -- the user names it, and it is http
            return str(answer.read().decode())
    except (URLError, OSError, UnicodeError) as error:
        why = getattr(error, "reason", error)
        raise StackproofError(f"{address} cannot be read: {why}", hint="try it with curl, or name a file") from None


def _tests(capability: Mapping[str, Any]) -> Iterator[ProvingTest]:
    """Until schema 1.5 tests are a list of names, and those that are flagged another."""
    tests, flagged = capability["tests"], capability.get("flagged", ())
    if isinstance(tests, list):
        yield from (ProvingTest(name, "", (), name in flagged) for name in tests)
        return
    for name, known in tests.items():
        # Add-ons have their uuids without the `id-` of Tempest's attribute.
        uuid = str(known.get("idempotent_id") or "").removeprefix("id-")
        yield ProvingTest(name, uuid, tuple(known.get("aliases") or ()), bool(known.get("flagged")) or name in flagged)


def _targets(found: Mapping[str, Any]) -> dict[str, dict[str, frozenset[str]]]:
    """As Refstack's server has them: schema 2.0 has platforms or add-ons of components, the others components."""
    components = found["components"]
    if "metadata" not in found:
        targets = {name: _by_status([known]) for name, known in components.items()}
        return {**targets, "platform": _by_status([components[name] for name in found["platform"]["required"]])}
    known = {name: component["capabilities"] for name, component in components.items()}
    platforms = found.get("platforms", {})
    targets = {
        short: _by_status([known[one["name"]] for one in platforms[long]["components"]])
        for short, long in _PLATFORMS.items()
        if long in platforms
    }
    add_ons = {} if platforms else {name.removeprefix(_ADD_ON): _by_status([one]) for name, one in known.items()}
    return {**targets, **add_ons}


def _by_status(parts: list[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    return {status: frozenset(name for part in parts for name in part.get(status, ())) for status in STATUSES}
