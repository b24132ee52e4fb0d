"""What a class and a module of Tempest's tests set up, as unittest's suites do it."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from pytest_whitebox.core.redaction import redacted


def _nothing() -> None:
    """Where a class has no such method."""


@pytest.fixture(scope="module")
def _tempest_module(request: pytest.FixtureRequest) -> Iterator[None]:
    """``setUpModule`` and ``tearDownModule``."""
    module: Any = request.node.obj
    _begin(getattr(module, "setUpModule", _nothing), unittest.doModuleCleanups)
    yield
    try:
        getattr(module, "tearDownModule", _nothing)()
    finally:
        unittest.doModuleCleanups()


@pytest.fixture(scope="class")
def _tempest_class(request: pytest.FixtureRequest) -> Iterator[None]:
    """``setUpClass`` and ``tearDownClass``: credentials, clients and resources that its tests share."""
    cls: Any = request.node.obj
    if getattr(cls, "__unittest_skip__", False):
        pytest.skip(cls.__unittest_skip_why__)
    _begin(getattr(cls, "setUpClass", _nothing), getattr(cls, "doClassCleanups", _nothing), partial(_tear_down, cls))
    yield
    try:
        _tear_down(cls)
    finally:
        getattr(cls, "doClassCleanups", _nothing)()
    for _, error, _ in getattr(cls, "tearDown_exceptions", ()):
        raise error


def _tear_down(cls: Any) -> None:
    """``tearDownClass``; what testtools has packed into one error is told as several."""
    try:
        getattr(cls, "tearDownClass", _nothing)()
    except Exception as error:
        packed = [one for one in error.args if isinstance(one, tuple) and len(one) == 3]
        if type(error).__name__ != "MultipleExceptions" or not packed:
            raise
        what = f"what class {cls.__name__} had set up could not be removed"
        raise ExceptionGroup(what, [value for _, value, _ in packed]) from None


def _begin(set_up: Any, clean_up: Any, tear_down: Any = _nothing) -> None:
    __tracebackhide__ = True
    try:
        set_up()
    except unittest.SkipTest as why:
        clean_up()
        pytest.skip(str(why))
    except Exception:
        # A class of Tempest has torn itself down after it.
        clean_up()
        raise
    except BaseException as interrupt:
        # Ctrl-C: a class of Tempest does not tear itself down, and no error of doing so keeps the run from ending.
        try:
            _noting(interrupt, tear_down)
        finally:
            _noting(interrupt, clean_up)
        raise


def _noting(interrupt: BaseException, undo: Any) -> None:
    """Undo something; its error becomes a note of what has interrupted."""
    try:
        undo()
    except Exception as error:  # noqa: BLE001 -- the interrupt is told, and this beside it
        interrupt.add_note(redacted(f"after that: {type(error).__name__}: {error}"))
