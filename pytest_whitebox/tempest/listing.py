"""All tests there are, by Tempest's own loader: its plugins and each module's ``load_tests`` count."""

from __future__ import annotations

import inspect
import sys
import unittest
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_whitebox.tempest.index import Index
from pytest_whitebox.tempest.installed import unusable, unwarned
from pytest_whitebox.tempest.needs import Credentials
from pytest_whitebox.tempest.test import TempestTest

_LOADER = "unittest.loader"


@dataclass(slots=True)
class Listing:
    """``cases`` are those that only their module's own ways can make, by id; ``broken`` are modules and why."""

    index: Index
    cases: dict[str, unittest.TestCase] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


def load() -> Listing:
    """Import all test modules; raises `StackproofError` if Tempest or a plugin cannot even be asked."""
    loader = unittest.TestLoader()
    try:
        with unwarned():
            from tempest.test_discover import plugins, test_discover

        paths = [str(top) for _, top in plugins.TempestTestPluginManager().get_plugin_load_tests_tuple().values()]
        found = list(_flat(test_discover.load_tests(loader, unittest.TestSuite(), "test*.py")))
    except Exception as error:
        raise unusable(error) from error
    # The loader puts a case in place of each module that cannot be imported, and the reason into its list.
    failed = [case for case in found if type(case).__module__ == _LOADER]
    broken = {_method(case): str(why) for case, why in zip(failed, loader.errors, strict=False)}
    return _sorted_out([case for case in found if case not in failed], broken, paths)


def load_again(listing: Index) -> dict[str, unittest.TestCase]:
    """The cases of the modules that have ways of their own, by id."""
    found: dict[str, unittest.TestCase] = {}
    for name in listing.own_ways:
        __import__(name)
        suite = unittest.TestLoader().loadTestsFromModule(sys.modules[name], pattern="test*.py")
        found |= {case.id(): case for case in _flat(suite)}
    return found


def described(case: unittest.TestCase) -> TempestTest:
    """What can be said of a case without running it."""
    cls, method = type(case), _method(case)
    return TempestTest(cls.__module__, cls.__qualname__, method, case.id(), _line(getattr(cls, method, cls)))


def _sorted_out(cases: list[unittest.TestCase], broken: dict[str, str], paths: list[str]) -> Listing:
    tests: dict[str, TempestTest] = {}
    credentials: dict[str, Credentials] = {}
    own: dict[str, unittest.TestCase] = {}
    for case in cases:
        test = described(case)
        tests.setdefault(test.id, test)
        credentials[test.full_class] = list(getattr(case, "credentials", ()))
        if not _is_plain(case):
            own.setdefault(test.id, case)
    modules = tuple(sorted({tests[id].module for id in own}))
    # Those that an index does not hold come last, and so all workers of xdist have them in the same place.
    ordered = sorted(tests.values(), key=lambda test: test.module in modules)
    index = Index(tuple(ordered), modules, tuple(dict.fromkeys(paths)), credentials)
    return Listing(index, {case.id(): case for case in cases if type(case).__module__ in modules}, broken)


def _is_plain(case: unittest.TestCase) -> bool:
    """True if the class, found by its name, makes the same case again."""
    cls = type(case)
    found: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    try:
        return found is cls and cls(_method(case)).id() == case.id()
    except Exception:  # noqa: BLE001 -- whatever its constructor says, the class alone does not make the case
        return False


def _flat(suite: Any) -> Iterator[unittest.TestCase]:
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _flat(one)
        else:
            yield one


def _method(case: unittest.TestCase) -> str:
    return str(case._testMethodName)


def _line(thing: Any) -> int:
    try:
        return int(inspect.unwrap(thing).__code__.co_firstlineno)
    except (AttributeError, ValueError):
        return 1
