"""From the tests there are to nodes of pytest."""

from __future__ import annotations

import sys
import unittest
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.tempest import index, workers
from pytest_whitebox.tempest.conf import Conf
from pytest_whitebox.tempest.installed import Installed
from pytest_whitebox.tempest.needs import Credentials
from pytest_whitebox.tempest.nodes import TempestItem, items
from pytest_whitebox.tempest.selection import Selection
from pytest_whitebox.tempest.test import TempestTest

_FOLDER = "stackproof-tempest"
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Found:
    """All tests; ``cases`` are those that a class alone cannot make, ``broken`` modules with the reason."""

    tests: tuple[TempestTest, ...]
    cases: dict[str, unittest.TestCase] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Credentials] = field(default_factory=dict)

    def asked(self, selection: Selection) -> list[Credentials]:
        """What the classes of selected tests ask for, each class once."""
        classes = dict.fromkeys(test.full_class for test in self.tests if selection.takes(test.id))
        return [self.credentials.get(name, ()) for name in classes]


class Broken(pytest.Collector):
    """A module, or all of Tempest, that cannot be imported."""

    why = ""

    def collect(self) -> list[pytest.Item]:
        """Tell why there is nothing to collect."""
        raise self.CollectError(self.why)


def find(config: pytest.Config, installed: Installed, conf: Conf | None, load: Callable[[], None]) -> Found:
    """The tests, from the index if nothing has changed since it was made; else by importing all their modules."""
    # There is none with `-p no:cacheprovider`.
    cache = getattr(config, "cache", None)
    folder = cache.mkdir(_FOLDER) if cache is not None else None
    key = index.key(installed, conf.path if conf else None)
    known = index.read(folder, key) if folder else None
    try:
        return _again(known, load) if known else _anew(folder, key, load)
    except StackproofError as error:
        return Found((), broken={"tempest": error.sentence})


def nodes(session: pytest.Session, found: Found, selection: Selection) -> Iterator[pytest.Item | pytest.Collector]:
    """A node for each selected test, and for each module that is broken."""
    chosen = [test for test in found.tests if selection.takes(test.id)]
    _declare(session.config, chosen)
    lacking = selection.lacking(test.id for test in found.tests) if workers.is_first(session.config) else {}
    for source, names in lacking.items():
        few = ", ".join(names[:_TOLD]) + (", …" if len(names) > _TOLD else "")
        warnings.warn(pytest.PytestWarning(f"{len(names)} of {source} are no tests here: {few}"), stacklevel=2)
    for name, why in found.broken.items():
        node = Broken.from_parent(session, name=name, nodeid=name)
        node.why = why
        yield node
    yield from items(session, iter(chosen), found.cases)


def asked(items: Iterable[pytest.Item], found: Found) -> list[Credentials]:
    """What the classes of tests that are to run ask for, each class once."""
    classes = dict.fromkeys(item.test.full_class for item in items if isinstance(item, TempestItem))
    return [found.credentials.get(name, ()) for name in classes]


def _anew(folder: Path | None, key: str, load: Callable[[], None]) -> Found:
    from pytest_whitebox.tempest import listing

    load()
    made = listing.load()
    if folder and not made.broken:
        index.write(folder, key, made.index)
    return Found(made.index.tests, made.cases, made.broken, made.index.credentials)


def _again(known: index.Index, load: Callable[[], None]) -> Found:
    sys.path.extend(path for path in known.paths if path not in sys.path)
    if not known.own_ways:
        return Found(known.tests, credentials=known.credentials)
    from pytest_whitebox.tempest import listing

    load()
    cases = listing.load_again(known)
    plain = [test for test in known.tests if test.module not in known.own_ways]
    return Found((*plain, *map(listing.described, cases.values())), cases, credentials=known.credentials)


def _declare(config: pytest.Config, tests: Iterable[TempestTest]) -> None:
    """Make the attributes known as markers."""
    declared = {line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")}
    for word in sorted({word for test in tests for word in test.words} - declared):
        config.addinivalue_line("markers", f"{word}: an attribute of Tempest's tests")
