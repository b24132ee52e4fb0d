"""What a case of unittest or testtools says of its run, made into what pytest expects."""

from __future__ import annotations

import unittest
from types import TracebackType
from typing import Any

import pytest

_Raised = tuple[type[BaseException], BaseException, TracebackType | None]


class Outcome:
    """The result object of one case: it has the methods that testtools calls, and tells pytest in `settle`.

    What the case raised comes from the case itself: what testtools hands over has lost its type and its traceback.
    """

    def __init__(self) -> None:
        self.word = "success"
        self.reason = ""
        self.errors: list[BaseException] = []
        self.details: dict[str, Any] = {}
        self.failfast = self.shouldStop = False

    def caught(self, raised: _Raised) -> None:
        """Keep what the case raised, with the traceback of the test and not of its runner."""
        _, error, traceback = raised
        self.errors.append(error.with_traceback(without_runner(traceback)))

    def startTest(self, _: object) -> None:
        """Part of the protocol."""

    def stopTest(self, _: object) -> None:
        """Part of the protocol."""

    def addSuccess(self, _: object, details: dict[str, Any] | None = None) -> None:
        """It went well."""
        self._note("success", details)

    def addError(self, _: object, err: _Raised | None = None, details: dict[str, Any] | None = None) -> None:
        """It raised what it should not have."""
        self._note("failure", details, err)

    def addFailure(self, _: object, err: _Raised | None = None, details: dict[str, Any] | None = None) -> None:
        """An assertion failed."""
        self._note("failure", details, err)

    def addSubTest(self, _: object, __: object, err: _Raised | None) -> None:
        """A part of it ended, well if there is no error."""
        if err is not None:
            self._note("failure", None, err)

    def addSkip(self, _: object, reason: str | None = None, details: dict[str, Any] | None = None) -> None:
        """It was skipped."""
        self._note("skip", details)
        told = (details or {}).get("reason")
        self.reason = reason or (told.as_text() if told else "")

    def addExpectedFailure(self, *_: object, details: dict[str, Any] | None = None) -> None:
        """It failed as it was expected to."""
        self._note("expected failure", details)

    def addUnexpectedSuccess(self, _: object, details: dict[str, Any] | None = None) -> None:
        """It was expected to fail and did not."""
        self._note("unexpected success", details)

    def settle(self) -> None:
        """Raise what pytest understands, unless all is well."""
        __tracebackhide__ = True
        if self.word == "skip":
            pytest.skip(self.reason)
        if self.word == "expected failure":
            pytest.xfail(self.reason)
        if self.word == "unexpected success":
            pytest.fail("unexpected success: the test is marked as one that fails", pytrace=False)
        if self.word == "failure":
            raise self._failure()

    def _failure(self) -> BaseException:
        errors = [error for error in self.errors if not isinstance(error, unittest.SkipTest)]
        if not errors:
            texts = (detail.as_text() for detail in self.details.values() if detail.content_type.type == "text")
            return AssertionError("\n".join(texts) or "the test failed and did not say how")
        if len(errors) == 1:
            return errors[0]
        return BaseExceptionGroup(f"{len(errors)} errors of one test, the first its own or its setUp's", errors)

    def _note(self, word: str, details: dict[str, Any] | None, err: _Raised | None = None) -> None:
        if self.word != "failure" or word == "failure":
            self.word = word
        self.details |= details or {}
        if err is not None:
            self.caught(err)


def without_runner(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of unittest and testtools, which say so of themselves."""
    frames = []
    while traceback is not None:
        if "__unittest" not in traceback.tb_frame.f_globals:
            frames.append(traceback)
        traceback = traceback.tb_next
    chain = None
    for one in reversed(frames):
        chain = TracebackType(chain, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return chain
