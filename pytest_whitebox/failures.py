"""Failures as the user reads them: our own errors are sentences, and no traceback goes through our code."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

import pytest

from pytest_whitebox.core.errors import StackproofError

#: The packages that a test calls and that nobody wants to read: those of all three plugins.
_OURS = frozenset({"pytest_whitebox", "pytest_cleanup", "pytest_upgrade"})
_LIBRARIES = ("openstack", "keystoneauth1")


def shorten(call: pytest.CallInfo[None]) -> None:
    """Leave of our errors, and those of OpenStack's libraries, the sentence and the lines of the test."""
    info = call.excinfo
    if info is None or not _is_ours(info.value):
        return
    lines = _frames_of_the_test(info.tb)
    # What led to it is in the sentence already, and its frames may hold secrets.
    info.value.__cause__, info.value.__suppress_context__ = None, True
    if call.when == "call" and lines is not None:
        call.excinfo = pytest.ExceptionInfo.from_exception(info.value.with_traceback(lines))
    else:
        call.excinfo = _plain("\n".join(_lines(info.value)))


def _frames_of_the_test(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback as far as it lies outside our packages; None if it starts inside."""
    if traceback is None or str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0] in _OURS:
        return None
    rest = _frames_of_the_test(traceback.tb_next)
    return TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


def _is_ours(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any("while undoing" in note for inner in error.exceptions for note in getattr(inner, "__notes__", ()))
    return isinstance(error, StackproofError) or type(error).__module__.partition(".")[0] in _LIBRARIES


def _lines(error: BaseException, indent: str = "") -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        yield f"{indent}{error.message}:"
        for inner in error.exceptions:
            yield from _lines(inner, f"{indent}  ")
        return
    sentence = error.sentence if isinstance(error, StackproofError) else f"{type(error).__name__}: {error}"
    notes = [note for note in getattr(error, "__notes__", ()) if not note.startswith("hint: ")]
    yield indent + "; ".join([*notes, sentence])


def _plain(text: str) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(text, pytrace=False)
    except pytest.fail.Exception as error:
        return pytest.ExceptionInfo.from_exception(error)
