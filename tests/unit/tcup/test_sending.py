"""Results are sent again while that may help, and no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_whitebox.core.errors import StackproofError
from tcup.inside.sending import send
from tests.doubles.refstack import Refstack, serve


@pytest.fixture
def refstack() -> Iterator[Refstack]:
    with serve() as server:
        yield server


def test_a_server_that_fails_is_tried_again_after_longer_and_longer_pauses(refstack: Refstack) -> None:
    refstack.first = [500, 503]
    waited: list[float] = []

    assert send(refstack.url, b"{}", None, waited.append) == "http://ui/#/results/0a6c"
    assert waited == [1, 4]
    assert len(refstack.seen) == 3


def test_a_server_that_takes_its_time_is_not_tried_for_ever(refstack: Refstack) -> None:
    refstack.code = 503
    seconds = iter([0.0, 60.0, 120.0])
    with pytest.raises(StackproofError, match="503"):
        send(refstack.url, b"{}", None, lambda _: None, clock=lambda: next(seconds))
    assert len(refstack.seen) == 2


def test_in_the_end_it_is_given_up(refstack: Refstack) -> None:
    refstack.code = 503
    with pytest.raises(StackproofError, match="did not take the results: 503"):
        send(refstack.url, b"{}", None, lambda _: None, pauses=(0, 0))
    assert len(refstack.seen) == 3


def test_results_that_are_wrong_are_not_sent_again(refstack: Refstack) -> None:
    refstack.code = 400
    with pytest.raises(StackproofError, match="did not take the results: 400"):
        send(refstack.url, b"{}", None, lambda _: None)
    assert len(refstack.seen) == 1


def test_who_stops_need_not_wait(refstack: Refstack) -> None:
    refstack.code = 503
    with pytest.raises(StackproofError, match="503"):
        send(refstack.url, b"{}", None, lambda _: True)
    assert len(refstack.seen) == 1
