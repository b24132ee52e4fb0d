"""Tempest's tests as nodes of pytest; a module is imported when the first of its tests is set up."""

from __future__ import annotations

import copy
import importlib
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.tempest.outcome import Outcome
from pytest_whitebox.tempest.test import TempestTest

#: What makes a test's class ready; see fixtures.py.
_READY = pytest.mark.usefixtures("_tempest_module", "_tempest_class")


class TempestModule(pytest.Module):
    """A module of Tempest or of a plugin: its name begins where Python's does, wherever it lies."""

    def _getobj(self) -> Any:
        return importlib.import_module(self.name.removesuffix(".py").replace("/", "."))

    def collect(self) -> list[pytest.Item]:
        """Nothing: its tests are known already."""
        return []


class TempestClass(pytest.Class):
    """A class of tests; ``line`` is where the first of those selected begins."""

    line = 1

    def _getobj(self) -> Any:
        found = self.parent.obj  # type: ignore[union-attr]
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def collect(self) -> list[pytest.Item]:
        """Nothing: its tests are known already."""
        return []


class TempestItem(pytest.Function):
    """A test: ``make`` gives its case, ``test`` what is known of it without importing it."""

    # As for pytest's own items of unittest: a method's arguments are no fixtures.
    nofuncargs = True

    def __init__(self, *, test: TempestTest, make: Callable[[type], unittest.TestCase], **known: Any) -> None:
        self.test, self._make = test, make
        self._case: Any = None
        self._cleanups: list[Any] = []
        super().__init__(callobj=_not_imported, **known)
        for word in test.words:
            self.add_marker(word)
        if test.uuid is not None:
            self.add_marker(pytest.mark.idempotent_id(str(test.uuid)))
            self.user_properties.append(("idempotent_id", str(test.uuid)))
        self.extra_keyword_matches |= {test.full_name, str(test.uuid)}

    @property
    def tempest_id(self) -> str:
        """What Tempest and stestr call it."""
        return self.test.id

    @property
    def instance(self) -> Any:
        """The case; None before it is set up."""
        return self._case

    @property
    def cls(self) -> Any:
        """The class; None before it is set up."""
        return None if self._case is None else type(self._case)

    def setup(self) -> None:
        """Import the module, make the case, and then what every test of pytest has."""
        self._case = self._make(self.parent.obj)  # type: ignore[union-attr]
        self.obj = getattr(self._case, self.test.method)
        super().setup()

    def runtest(self) -> None:
        """Run the case with its setUp, tearDown and cleanups."""
        __tracebackhide__ = True
        case, outcome = self._case, Outcome()
        if hasattr(case, "addOnException"):
            case.addOnException(outcome.caught)
            if self.config.getoption("usepdb"):
                case.addOnException(lambda raised: self._keep(case, raised[1]))
        case(outcome)
        for name, text in _texts(outcome.details):
            self.add_report_section("call", name, text)
        outcome.settle()

    def teardown(self) -> None:
        """What was kept for the debugger is cleaned up now."""
        try:
            self._clean_up()
        finally:
            self._case = None
            self.obj = _not_imported
            super().teardown()

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is, by the name that Python has for its module."""
        return self.config.rootpath / self.test.file, self.test.line - 1, f"{self.test.class_}.{self.name}"

    def place(self, when: str | None) -> int:
        """The line of what a phase is about: its class is set up, and then the test runs."""
        return self.parent.line if when == "setup" and isinstance(self.parent, TempestClass) else self.test.line

    def _keep(self, case: Any, error: BaseException) -> None:
        """Under --pdb what the test made is there as long as the prompt is: testtools would remove it before."""
        if not isinstance(error, case.skipException):
            self._cleanups, case._cleanups = [*self._cleanups, *case._cleanups], []

    def _clean_up(self) -> None:
        errors: list[Exception] = []
        while self._cleanups:
            function, arguments, named = self._cleanups.pop()
            try:
                function(*arguments, **named)
            except Exception as error:  # noqa: BLE001 -- the rest must be cleaned up, too
                errors.append(error)
        if errors:
            raise ExceptionGroup("cleanups that --pdb had kept failed", errors)


def items(
    session: pytest.Session, tests: Iterator[TempestTest], cases: dict[str, unittest.TestCase]
) -> Iterator[TempestItem]:
    """An item for each test, in their order; ``cases`` has those that a class alone cannot make."""
    module: TempestModule | None = None
    class_: TempestClass | None = None
    for test in tests:
        if module is None or module.name != test.file:
            path = session.config.rootpath / test.file
            module, class_ = TempestModule.from_parent(session, path=path, name=test.file, nodeid=test.file), None
        if class_ is None or class_.name != test.class_:
            class_ = TempestClass.from_parent(module, name=test.class_)
            class_.line = test.line
            class_.add_marker(_READY)
        yield TempestItem.from_parent(class_, name=test.name, test=test, make=_maker(test, cases))


def _maker(test: TempestTest, cases: dict[str, unittest.TestCase]) -> Callable[[type], unittest.TestCase]:
    known = cases.get(test.id)
    if known is not None:
        return lambda _: copy.copy(known)
    return lambda class_: class_(test.method)


def _texts(details: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What testtools calls details, but tracebacks, which pytest tells better, and empty ones."""
    for name, detail in details.items():
        if detail.content_type.type == "text" and not name.startswith(("traceback", "reason")):
            text = detail.as_text().strip()
            if text:
                yield name, text


def _not_imported() -> None:
    """Stands for a test's function until its module is imported."""
