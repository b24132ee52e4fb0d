from __future__ import annotations

import pytest

from pytest_whitebox.core.ledger import Ledger


def _fail(word: str) -> None:
    raise ValueError(word)


def test_everything_is_undone_whatever_fails() -> None:
    done: list[str] = []
    ledger = Ledger()
    ledger.add("one", lambda: done.append("one"))
    ledger.add("two", lambda: _fail("no"))
    ledger.add("three", lambda: done.append("three"))
    failures = ledger.unwind()
    assert done == ["three", "one"]
    assert failures is not None
    (failure,) = failures.exceptions
    assert failure.__notes__ == ["while undoing: two"]
    assert ledger.unwind() is None


def test_what_fails_is_tried_once_more_when_the_rest_is_undone() -> None:
    held, done = {"volume"}, list[str]()

    def volume() -> None:
        done.append("volume")
        if held:
            raise ValueError("in use")

    ledger = Ledger()
    ledger.add("server", held.clear)
    ledger.add("volume", volume)
    assert ledger.unwind() is None
    assert done == ["volume", "volume"]


def test_the_error_of_the_context_is_the_cause_of_what_could_not_be_undone() -> None:
    ledger = Ledger()
    ledger.add("one", lambda: _fail("no"))
    with pytest.raises(ExceptionGroup) as caught, ledger:
        raise KeyError("first")
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_context_that_can_be_undone_raises_what_it_raised() -> None:
    done: list[str] = []
    ledger = Ledger()
    ledger.add("one", lambda: done.append("one"))
    with pytest.raises(KeyError), ledger:
        raise KeyError("first")
    assert done == ["one"]
    assert len(ledger) == 0
