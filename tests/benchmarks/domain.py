"""Processor time that it takes to make a real domain's XML into typed facts, and to find them with ElementTree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from pytest_whitebox.core.domain import Domain
from pytest_whitebox.core.domain.element import clark
from pytest_whitebox.core.domain.part import Part, facts_of
from tests.benchmarks.figure import Figure

_SAMPLE = Path(__file__).parents[1] / "unit" / "whitebox" / "data" / "devices.xml"
_TIMES = 100
_RUNS = 5


def figures() -> Iterator[Figure]:
    """The recorded domain of a real guest with a volume."""
    document = _SAMPLE.read_text()
    paths = sorted(set(_paths(Domain, "")))
    note = f"{len(paths)} kinds of facts, {len(document.splitlines())} lines of XML, processor time"
    yield Figure("a domain's XML into all typed facts", "ms", _each(lambda: Domain.from_xml(document)), 2, note)
    usual = _each(lambda: _by_hand(document, paths))
    yield Figure("the same facts as texts: ElementTree, and `findall` for each", "ms", usual)
    alone = _each(lambda: [_by_hand(document, [path]) for path in paths])
    yield Figure("the same with the XML parsed for each, as a look for each assertion does", "ms", alone)


def _paths(part: type[Part], way: str) -> Iterator[str]:
    """The paths of all plain facts, from the root, as ElementTree takes them."""
    for fact in facts_of(part):
        for path in fact.path.split(" | "):
            where = f"{way}/{path}".removeprefix("/").removeprefix("./").replace("/./", "/")
            if fact.part is None:
                yield clark(where)
            else:
                yield from _paths(fact.part, where.removesuffix("."))


def _by_hand(document: str, paths: list[str]) -> list[str | None]:
    root = ElementTree.fromstring(document)
    found = []
    for path in paths:
        way, at, attribute = path.rpartition("@")
        for element in root.findall(way.rstrip("/") or ".") if at else root.findall(path):
            found.append(element.get(attribute) if at else element.text)
    return found


def _each(call: Callable[[], object]) -> tuple[float, ...]:
    call()
    taken = []
    for _ in range(_RUNS):
        began = time.process_time()
        for _ in range(_TIMES):
            call()
        taken.append((time.process_time() - began) / _TIMES * 1000)
    return tuple(taken)
