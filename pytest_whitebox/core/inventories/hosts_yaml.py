"""stackproof's own inventory: YAML with a mapping ``hosts``, and ``defaults`` for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.inventories.document import Section, parsed, parsed_or_none
from pytest_whitebox.core.inventories.inventory import HostEntry, Inventory, ServiceEntry
from pytest_whitebox.core.transports import Login

_LOGIN = ("user", "port", "key", "jump")
_HOST = ("address", *_LOGIN, "local", "container", "engine", "deployment", "roles", "services")
_SERVICE = ("unit", "container", "config", "log")
_ENGINES = ("podman", "docker")


@dataclass(frozen=True, slots=True)
class HostsYaml:
    """A file with hosts by their names, each with what the cloud does not tell of it."""

    name: str = "hosts of stackproof in YAML"

    def fits(self, path: Path) -> bool:
        """True for a mapping with ``hosts``."""
        document = parsed_or_none(path)
        return isinstance(document, Mapping) and "hosts" in document

    def read(self, path: Path) -> Inventory:
        """All its hosts; raises `StackproofError` for a word that means nothing."""
        document = Section.of(parsed(path), str(path))
        document.check("defaults", "hosts")
        defaults = document.section("defaults")
        defaults.check(*_LOGIN)
        logins = _Logins(defaults, document.section("hosts").sections())
        entries = tuple(_entry(name, section, logins.of(name)) for name, section in logins.hosts.items())
        return Inventory(str(path), entries, logins.default())


@dataclass(frozen=True, slots=True)
class _Logins:
    """How one gets into each host: what it says itself, else what the defaults say."""

    defaults: Section
    hosts: Mapping[str, Section]

    def default(self) -> Login:
        return self._jumping(_login(self.defaults), self.defaults, self.defaults.text("jump"), ())

    def of(self, name: str, beyond: tuple[str, ...] = ()) -> Login:
        """Other hosts are ``beyond`` one that is on the way to them."""
        section = self.hosts[name]
        section.check(*_HOST)
        jump = section.text("jump") or ("" if name in self._on_the_way() else self.defaults.text("jump"))
        return self._jumping(replace(_login(section, self.defaults), name=name), section, jump, (*beyond, name))

    def _on_the_way(self) -> list[str]:
        """The hosts that the jump of the defaults leads through, for which it is not meant."""
        way: list[str] = []
        at = self.defaults.text("jump")
        while at in self.hosts and at not in way:
            way.append(at)
            at = self.hosts[at].text("jump")
        return way

    def _jumping(self, login: Login, section: Section, jump: str, beyond: tuple[str, ...]) -> Login:
        if jump in beyond:
            raise StackproofError(f"{section.place}: jump leads back to {jump}", hint="say where the way begins")
        if not jump or jump in self.hosts:
            return replace(login, jump=self.of(jump, beyond) if jump else None)
        try:
            return replace(login, jump=Login.parse(jump))
        except ValueError as error:
            raise StackproofError(f"{section.place}: jump: {error}", hint="or name a host of this file") from None


def _login(section: Section, otherwise: Section | None = None) -> Login:
    otherwise = otherwise or section
    return Login(
        address=section.text("address"),
        user=section.text("user") or otherwise.text("user"),
        port=section.number("port") or otherwise.number("port"),
        key=section.text("key") or otherwise.text("key"),
    )


def _entry(name: str, section: Section, login: Login) -> HostEntry:
    engine = section.text("engine")
    if engine and engine not in _ENGINES:
        raise StackproofError(f"{section.place}: {engine!r} runs no containers", hint="it is podman or docker")
    services = section.section("services").sections()
    for one in services.values():
        one.check(*_SERVICE)
    return HostEntry(
        name, login, local=section.flag("local"), container=section.text("container"), engine=engine,
        deployment=section.text("deployment"), roles=section.words("roles"),
        services={key: ServiceEntry(*map(one.text, _SERVICE)) for key, one in services.items()},
    )  # fmt: skip
