"""The releases of OpenStack and what each can be recognized by; the table itself is data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from pytest_whitebox.core.errors import StackproofError

#: What is newer than the newest release.
MASTER = "master"
_MAJOR = re.compile(r"^\d+")


@cache
def releases() -> Mapping[str, Mapping[str, Any]]:
    """The facts of each release, the oldest first.

    >>> list(releases())[:2], releases()["2025.1"]["compute"]
    (['ussuri', 'victoria'], '2.100')
    """
    text = files("pytest_upgrade.release").joinpath("releases.toml").read_text()
    return MappingProxyType(tomllib.loads(text))


def known(name: str) -> str:
    """The name of a release as the table has it; raises `ValueError` for one that it has not.

    >>> known("Zed")
    'zed'
    """
    if name.lower() not in (*releases(), MASTER):
        raise ValueError(f"{name!r} is no release that is known: choose from {', '.join(releases())}, {MASTER}")
    return name.lower()


def where(is_it: Callable[[Mapping[str, Any]], bool]) -> frozenset[str]:
    """The releases whose facts fit."""
    return frozenset(name for name, facts in releases().items() if is_it(facts))


def of_microversion(service: str, version: str) -> frozenset[str]:
    """The releases whose service speaks this microversion at most; `MASTER` for one that is higher than all.

    >>> sorted(of_microversion("compute", "2.100")), sorted(of_microversion("compute", "2.999"))
    (['2025.1', '2025.2'], ['master'])
    """
    newest = max(_numbers(facts[service]) for facts in releases().values())
    if _numbers(version) > newest:
        return frozenset({MASTER})
    return where(lambda facts: facts[service] == version)


def of_image_version(version: str) -> frozenset[str]:
    """The releases whose Glance has this version as its CURRENT one, however it is configured.

    >>> sorted(of_image_version("2.18"))
    ['2026.2']
    """
    return where(lambda facts: version in facts["image"])


def of_service_version(version: int) -> frozenset[str]:
    """The releases whose services of Nova write this version into their rows.

    >>> sorted(of_service_version(68)), sorted(of_service_version(66)), sorted(of_service_version(99))
    (['2025.1'], ['2023.1', '2023.2', '2024.1'], ['master'])
    """
    if version > max(facts.get("service", 0) for facts in releases().values()):
        return frozenset({MASTER})
    return where(lambda facts: facts.get("service") == version)


def of_volume_rpc(version: str) -> frozenset[str]:
    """The releases whose cinder-volume writes this version of its RPC into its row.

    >>> sorted(of_volume_rpc("3.19")), sorted(of_volume_rpc("3.99"))
    (['2024.1', '2024.2'], ['master'])
    """
    if _numbers(version) > max(_numbers(facts["volume_rpc"]) for facts in releases().values()):
        return frozenset({MASTER})
    return where(lambda facts: facts["volume_rpc"] == version)


def of_head(database: str, revision: str) -> frozenset[str]:
    """The releases whose schema of a database ends with this revision of Alembic.

    One that no release ends with may lie between two, or be newer than all: it tells nothing.

    >>> sorted(of_head("neutron", "d553edeb540f")), MASTER in of_head("neutron", "0123456789ab")
    (['2025.2'], True)
    """
    return where(lambda facts: revision in facts["heads"].get(database, ())) or frozenset({*releases(), MASTER})


def of_extensions(aliases: frozenset[str]) -> frozenset[str]:
    """The releases that can have all of these extensions of Neutron: those from the newest that brought one.

    >>> sorted(of_extensions(frozenset({"qinq", "port-hints"})))
    ['2025.1', '2025.2', '2026.1', '2026.2']
    """
    names = list(releases())
    brought = [names.index(name) for name, facts in releases().items() if aliases & set(facts.get("extensions", ()))]
    return frozenset(names[max(brought, default=0) :])


def of_package(package: str, version: str) -> frozenset[str]:
    """The release that a version of a project's package belongs to; a development version is newer than the newest.

    >>> sorted(of_package("nova", "31.3.1")), sorted(of_package("swift", "2.35.5"))
    (['2025.1'], ['2025.1'])
    >>> sorted(of_package("nova", "34.1.0.dev118")), sorted(of_package("nova", "34.0.0.0rc1"))
    (['master'], ['2026.2'])
    """
    own = _series(package, version)
    newest = _series(package, list(releases().values())[-1]["packages"].get(package, "0"))
    if not own or own > newest or (own == newest and ".dev" in version):
        return frozenset({MASTER}) if own else frozenset()
    return where(lambda facts: _series(package, facts["packages"].get(package, "")) == own)


def packages() -> tuple[str, ...]:
    """The packages that are known."""
    return tuple(list(releases().values())[-1]["packages"])


def expected(text: str) -> str:
    """A release that the user names; raises `StackproofError` for one that is not known."""
    try:
        return known(text)
    except ValueError as error:
        raise StackproofError(str(error).partition(":")[0], hint=str(error).partition(": ")[2]) from None


def _series(package: str, version: str) -> tuple[int, ...]:
    """What of a version tells its release: the first number, of swift the first two."""
    numbers = _numbers(version)
    return numbers[: 2 if package == "swift" else 1]


def _numbers(version: str) -> tuple[int, ...]:
    found = (_MAJOR.match(part) for part in version.split("."))
    return tuple(int(match[0]) for match in found if match)
