"""Tasks and their order: what can run side by side does, and each says how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Task:
    """A step with a name; ``work`` returns False if there was nothing to do."""

    name: str
    work: Callable[[], object]
    after: tuple[str, ...] = ()


class Progress(Protocol):
    """Who is told how far a plan has come."""

    def running(self, names: Iterable[str], done: int, of: int) -> None:
        """These tasks are under way now, and so many are done of all."""

    def done(self, name: str, seconds: float) -> None:
        """A task has changed something and took so long."""


class Silence:
    """Nobody is told."""

    def running(self, names: Iterable[str], done: int, of: int) -> None:
        """Pass over it."""

    def done(self, name: str, seconds: float) -> None:
        """Pass over it."""


def perform(
    tasks: Iterable[Task], progress: Progress, *, stop: Callable[[], None] = lambda: None, workers: int = 24
) -> None:
    """Run all tasks in an order that keeps every ``after``.

    The first failure, or Ctrl-C, is raised when all that is under way has ended; ``stop`` is called at the end of all,
    and tells it to.
    """
    known = {task.name: task for task in tasks}
    order = TopologicalSorter({task.name: [name for name in task.after if name in known] for task in known.values()})
    order.prepare()
    finished = 0
    with ThreadPoolExecutor(workers) as pool:
        running: dict[Future[object], tuple[str, float]] = {}
        try:
            while order.is_active():
                for name in order.get_ready():
                    running[pool.submit(known[name].work)] = (name, time.monotonic())
                progress.running([name for name, _ in running.values()], finished, len(known))
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name, began = running.pop(future)
                    if future.result() is not False:
                        progress.done(name, time.monotonic() - began)
                    order.done(name)
                    finished += 1
        finally:
            stop()
            pool.shutdown(cancel_futures=True)
