"""Real processes that are ended with all that they began: in their session, in one of their own, left by a parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from pytest_whitebox.core.processtree import Process, ProcessTree, process_of
from pytest_whitebox.core.wait import wait_for

#: Begins a child in its session and one in a session of its own, and tells their numbers.
PARENT = """
import signal, subprocess
children = [subprocess.Popen(["sleep", "600"], start_new_session=own) for own in (False, True)]
print(*(one.pid for one in children), flush=True)
"""
WAITS = "signal.pause()"
DEAF = f"signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)\n{WAITS}"
Begun = Callable[..., tuple[ProcessTree, subprocess.Popen[str], list[Process]]]


@pytest.fixture
def begun() -> Iterator[Begun]:
    """``begun(rest)``: a program that has two children and then does the rest; its tree, itself, and the two."""
    all: list[subprocess.Popen[str]] = []
    descendants: list[Process] = []

    def begin(rest: str, *, leads: bool = True) -> tuple[ProcessTree, subprocess.Popen[str], list[Process]]:
        words = [sys.executable, "-c", PARENT + rest]
        program = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=leads)
        all.append(program)
        assert program.stdout
        children = [found for pid in program.stdout.readline().split() if (found := process_of(int(pid)))]
        assert len(children) == 2
        descendants.extend(children)
        return ProcessTree.of(program.pid), program, children

    yield begin
    for program in all:
        program.kill()
        program.wait()
        assert program.stdout
        program.stdout.close()
    for process in living(descendants):
        os.kill(process.pid, signal.SIGKILL)


def living(processes: list[Process]) -> list[Process]:
    return [one for one in processes if process_of(one.pid) == one]


@pytest.mark.parametrize(("rest", "by"), [(WAITS, signal.SIGTERM), (WAITS, signal.SIGINT), (DEAF, signal.SIGTERM)])
@pytest.mark.parametrize("leads", [True, False])
def test_nothing_is_left_of_a_process_that_is_ended(begun: Begun, rest: str, by: signal.Signals, leads: bool) -> None:
    tree, program, children = begun(rest, leads=leads)
    assert {program.pid, *(one.pid for one in children)} == {one.pid for one in tree.look()}
    tree.end(by, 0.3)
    assert (program.poll() is not None, living(children), tree.look()) == (True, [], frozenset())


def test_process_that_ends_in_time_is_not_killed(begun: Begun) -> None:
    tree, program, _ = begun("import time\nsignal.signal(15, lambda *_: (time.sleep(0.5), exit(7)))\n" + WAITS)
    tree.end(signal.SIGTERM, 20)
    assert program.wait(timeout=20) == 7


def test_what_a_process_keeps_lives_on_unless_it_had_to_be_killed(begun: Begun) -> None:
    tree, program, children = begun("signal.signal(signal.SIGINT, lambda *_: exit(0))\n" + WAITS, leads=False)
    tree.end(signal.SIGINT, 20, keeps=True)
    assert (program.wait(timeout=20), living(children)) == (0, children)
    deaf, program, children = begun(DEAF, leads=False)
    deaf.end(signal.SIGINT, 0.3, keeps=True)
    assert (program.wait(timeout=20), living(children)) == (-signal.SIGKILL, [])


def test_what_a_process_has_left_in_its_session_is_still_of_it(begun: Begun) -> None:
    tree, program, (ours, apart) = begun("")
    program.wait()
    assert tree.look() == {ours}
    tree.end(signal.SIGTERM, 20)
    assert living([ours, apart]) == [apart]


def test_orphan_in_a_session_of_its_own_is_of_it_if_it_was_seen_before(begun: Begun) -> None:
    tree, program, children = begun(WAITS)
    tree.look()
    program.kill()
    program.wait()
    assert tree.look() == set(children)
    tree.end(signal.SIGTERM, 0)
    assert living(children) == []


def test_process_that_has_another_ones_number_is_left_alone(begun: Begun) -> None:
    _, program, children = begun(WAITS)
    before = ProcessTree(Process(program.pid, 1))
    before.end(signal.SIGKILL, 0)
    assert (program.poll(), living(children)) == (None, children)


def test_tree_of_nobody_is_empty(begun: Begun) -> None:
    _, program, _ = begun(WAITS)
    program.kill()
    program.wait()
    gone = ProcessTree.of(program.pid)
    assert gone.look() == frozenset()
    gone.end(signal.SIGKILL, 0)


def test_process_that_has_ended_and_was_not_asked_how_is_none(begun: Begun) -> None:
    _, program, _ = begun("")
    wait_for(lambda: process_of(program.pid) is None, timeout=20, what="it to end")
    assert program.returncode is None
