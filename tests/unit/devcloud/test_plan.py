"""Tasks run in an order that keeps what they wait for, and the first failure stops the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError

import pytest

from devcloud.plan import Task, perform


@dataclass
class Heard:
    """What a plan told."""

    names: list[str] = field(default_factory=list)

    def running(self, names: Iterable[str], done: int, of: int) -> None:
        assert done <= of

    def done(self, name: str, seconds: float) -> None:
        assert seconds >= 0
        self.names.append(name)


def test_a_task_runs_after_what_it_waits_for() -> None:
    ran: list[str] = []
    tasks = [
        Task("roof", lambda: ran.append("roof"), ("walls",)),
        Task("walls", lambda: ran.append("walls"), ("floor",)),
        Task("floor", lambda: ran.append("floor"), ("a name that is not in this plan",)),
    ]
    perform(tasks, heard := Heard())
    assert ran == ["floor", "walls", "roof"]
    assert heard.names == ran


def test_tasks_that_need_not_wait_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)
    perform([Task("a", both.wait), Task("b", both.wait)], heard := Heard())
    assert sorted(heard.names) == ["a", "b"]


def test_what_had_nothing_to_do_is_not_told() -> None:
    perform([Task("idle", lambda: False), Task("busy", lambda: None)], heard := Heard())
    assert heard.names == ["busy"]


def test_a_circle_is_refused_before_anything_runs() -> None:
    ran: list[str] = []
    tasks = [Task("first", lambda: ran.append("first")), Task("a", list, ("b",)), Task("b", list, ("a",))]
    with pytest.raises(CycleError):
        perform(tasks, Heard())
    assert ran == []


def test_a_failure_is_raised_and_starts_nothing_more() -> None:
    ran: list[str] = []

    def fail() -> None:
        raise ValueError("no floor")

    tasks = [Task("floor", fail), Task("walls", lambda: ran.append("walls"), ("floor",))]
    with pytest.raises(ValueError, match="no floor"):
        perform(tasks, Heard(), stop=lambda: ran.append("told"))
    assert ran == ["told"]
