"""The observer's life: all lanes on their schedules, until somebody ends it or its time is over."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pytest_upgrade.observers import clock
from pytest_upgrade.observers.asking import Asking
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.breaker import Fuse, Heartbeat, Pulse
from pytest_upgrade.observers.connection import RequestFailed
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.login import Token
from pytest_upgrade.observers.notebook import Notebook
from pytest_upgrade.observers.prober import Asks, Prober
from pytest_upgrade.observers.writing import Writing

#: The name of the file of samples in the folder of a run.
SAMPLES = "samples.sqlite"
#: A file beside it if it is a copy from a store: when that was made.
TAKEN = "samples.taken"
#: Seconds from the beginning to the first due instant.
_START = 0.2
#: Seconds for what canaries have made to come to its end when the observer ends.
GRACE = 20.0
#: Threads that wait for names to be resolved, which may all hang.
_RESOLVERS = 16
#: A real-time process that never rests would take the machine with it.
_LONGEST_BURST = 2_000_000


async def observe(assignment: Assignment, ready: Callable[[], None]) -> None:
    """Keep all lanes to their schedules; ends at SIGTERM or after the longest life."""
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A service that hangs holds as many connections as fit into the timeout, on each lane.
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop.set_default_executor(ThreadPoolExecutor(_RESOLVERS))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    loop.call_later(assignment.longest, ending.set)
    tls = assignment.tls
    token = Token(assignment.credentials, tls)
    try:
        await token.renew()
    except (RequestFailed, TimeoutError):
        token.renew_soon()
    notebook = Notebook(assignment.folder / SAMPLES, preferred())
    for one in assignment.left_out:
        notebook.left_out(one)
    keeping = asyncio.create_task(token.keep())
    begins = beginnings(assignment.lanes, clock.now() + int(_START * clock.SECOND))
    pulses: defaultdict[str, Pulse] = defaultdict(Pulse)
    # Names of another life of an observer are never taken again.
    prefix, writings = f"{assignment.prefix}-canary-{uuid.uuid4().hex[:6]}", list[Writing]()
    probers = []
    for lane, begin in zip(assignment.lanes, begins, strict=True):
        id, pulse = notebook.lane(lane, begin), pulses[lane.service]
        if lane.canary is None:
            reads: Asks = Asking(lane, id, token, tls)
            probers.append(Prober(reads, begin, notebook.record, Heartbeat(lane.period, pulse)))
            continue
        writes = Writing(lane, id, token, prefix, notebook.record, ending, tls)
        writings.append(writes)
        probers.append(Prober(writes, begin, notebook.record, Fuse(id, pulse, notebook.record, writes.is_full)))
    gc.freeze()
    ready()
    await asyncio.gather(*(prober.run(ending) for prober in probers))
    await asyncio.gather(*(writes.finish(GRACE) for writes in writings))
    keeping.cancel()
    notebook.close()


def beginnings(lanes: Sequence[Lane], begin: int) -> list[int]:
    """The first instants: lanes of one period are spread over it, so that never all ask at once.

    >>> lanes = [Lane("image", "GET", "/", "http://a/", "new", period=0.2) for _ in range(4)]
    >>> [begin // 1_000_000 for begin in beginnings(lanes, 0)]
    [0, 50, 100, 150]
    """
    found, seen = [], dict.fromkeys((lane.period for lane in lanes), 0)
    for lane in lanes:
        same = sum(other.period == lane.period for other in lanes)
        found.append(begin + int(seen[lane.period] * lane.period / same * clock.SECOND))
        seen[lane.period] += 1
    return found


@contextmanager
def preference() -> Iterator[None]:
    """Be `preferred` until the context ends."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    preferred()
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


def preferred() -> str:
    """Ask the system to run this process before others; returns what it has granted, in words."""
    try:
        resource.setrlimit(resource.RLIMIT_RTTIME, (_LONGEST_BURST, _LONGEST_BURST))
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        return "real-time"
    except (OSError, ValueError):
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
        return "raised"
    except OSError:
        return "not raised: the system refuses it to this user"
