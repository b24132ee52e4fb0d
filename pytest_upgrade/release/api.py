"""What the APIs tell of the release of their services, to any user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pytest_upgrade.endpoints import root_of
from pytest_upgrade.release import table
from pytest_upgrade.release.clue import Clue

_MICROVERSIONED = ("compute", "block-storage", "placement")
#: Asks for one answer; several behind a balancer may be of several releases.
_ASKED = 5


def clues(connection: Any) -> Iterator[Clue]:
    """A clue from each service of the catalog that gives any."""
    for service in _MICROVERSIONED:
        if connection.has_service(service):
            yield from _each(service, "API", partial(_microversion, connection, service))
    if connection.has_service("object-store"):
        yield from _each("object-store", "/info", partial(_swift, connection))
    if connection.has_service("image"):
        yield from _each("image", "API", partial(_image, connection))
    if connection.has_service("network"):
        aliases = frozenset(one.alias for one in connection.network.extensions())
        found = table.of_extensions(aliases)
        yield Clue("network", "extensions", f"{len(aliases)} extensions", found)


def _each(service: str, source: str, ask: Callable[[], tuple[str, frozenset[str]]]) -> Iterator[Clue]:
    """A clue for each different answer to several questions: behind a balancer there may be two releases."""
    answers = dict.fromkeys(ask() for _ in range(_ASKED))
    return (Clue(service, source, said, releases) for said, releases in answers if said)


def _microversion(connection: Any, service: str) -> tuple[str, frozenset[str]]:
    found = highest(_document(connection, root_of(connection.endpoint_for(service))))
    return found, table.of_microversion(service, found) if found else frozenset()


def highest(document: Mapping[str, Any]) -> str:
    """The highest microversion in the document of an API's versions; empty if it tells none.

    >>> highest({"versions": [{"id": "v2.0", "version": ""}, {"id": "v2.1", "version": "2.100"}]})
    '2.100'
    >>> highest({"versions": [{"id": "v1.0", "max_version": "1.39"}]}), highest({})
    ('1.39', '')
    """
    said = [str(one.get("max_version") or one.get("version") or "") for one in document.get("versions", ())]
    return max(said, key=lambda text: [int(part) for part in text.split(".") if part], default="")


def _document(connection: Any, url: str) -> Mapping[str, Any]:
    """What a service tells of itself over a connection of its own; nothing if it is not JSON."""
    headers = {"Connection": "close", "Accept": "application/json"}
    answer = connection.session.get(url, headers=headers, authenticated=False, raise_exc=False, redirect=False)
    try:
        found = answer.json() if answer.status_code in (200, 300) else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def _swift(connection: Any) -> tuple[str, frozenset[str]]:
    told = _document(connection, root_of(connection.endpoint_for("object-store")))
    version = str(told.get("swift", {}).get("version", ""))
    return version, table.of_package("swift", version) if version else frozenset()


def _image(connection: Any) -> tuple[str, frozenset[str]]:
    told = _document(connection, f"{root_of(connection.endpoint_for('image'))}versions")
    current = [str(one["id"]) for one in told.get("versions", ()) if one["status"] == "CURRENT"]
    version = current[0].removeprefix("v") if current else ""
    return version, table.of_image_version(version) if version else frozenset()
