"""A worker: takes jobs from a Gearman server, has each run in a slot, and tells the monitor how it is."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any

from pytest_whitebox.core.errors import StackproofError

from .asking import Asking, Away, Refusal
from .gearing import Taker, answer
from .looping import Looping
from .payload import Payload, Refused, job_id
from .place import Place
from .runner import End, News, Runner, Telling
from .states import State

_LOG = logging.getLogger("worker.node")
_FULL = "make room below --state and --cache, and start it again"
#: The monitor's answer to a host that it does not know.
_UNKNOWN = 405


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two reports of a job, between two tries, and until a monitor that is away is given up.

    A job that is cancelled hears of it with the answer to its next report.
    """

    report: float = 2.0
    again: float = 1.0
    claim: float = 30.0
    end: float = 900.0


@dataclass
class Node:
    """``slots`` jobs at the same time, those that are sealed to its ``keys`` among them.

    Addresses in jobs may lead to the hosts of ``allowed`` only.
    """

    place: Place
    monitor: Asking
    runner: Runner
    name: str
    slots: int = 1
    allowed: Sequence[str] = ()
    pace: Pace = field(default_factory=Pace)
    keys: Sequence[str] = ()
    _wrong: StackproofError | None = None
    _drained: Event = field(default_factory=Event)
    _leaving: Event = field(default_factory=Event)
    _running: list[Telling] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def run(self) -> None:
        """Take jobs until `drain`; returns when the last one has ended.

        Raises `StackproofError` if the monitor does not know this host, or if no job can be run here: others are to
        have them.
        """
        self._taker = Taker(self.place, self.name, self.keys)
        threads = [Thread(target=self._slot, args=(number,), name=f"slot {number}") for number in range(self.slots)]
        for thread in threads:
            thread.start()
        self._drained.wait()
        self._taker.end()
        for thread in threads:
            thread.join()
        self._taker.shutdown()
        if self._wrong:
            raise self._wrong

    def drain(self) -> None:
        """Take no more jobs, and end those that run as if nothing was; said again, they are handed back."""
        if self._drained.is_set():
            self._leaving.set()
            with self._lock:
                for telling in self._running:
                    telling.stop.set()
        self._drained.set()

    def _leave(self, why: StackproofError) -> None:
        """Take no more jobs: each that came here would only be given back."""
        if not self._drained.is_set():
            self._wrong = why
            self.drain()

    def _slot(self, number: int) -> None:
        while (taken := self._taker.take()) is not None:
            try:
                self._deal_with(taken, number)
            except Exception:  # noqa: BLE001 -- whatever it is, the slot is there for the next job
                _LOG.exception("slot %s goes on after an error of its own", number)

    def _deal_with(self, taken: Any, number: int) -> None:
        try:
            known = json.loads(taken.arguments)
            job, payload = job_id(known.get("test_id")), Payload.from_mapping(known.get("payload"))
        except (Refused, ValueError, AttributeError, RecursionError):
            # What a stranger gave to the server may be anything, so nothing of it is said.
            _LOG.warning("what came from the Gearman server is no job")
            answer(taken, done=True)
            return
        held = _Held(self.monitor, self.pace, job, payload, str(number))
        try:
            held.claim(self._drained)
        except Refusal as error:
            _LOG.info("job %s is not for us: %s", job, error)
            answer(taken, done=error.code != _UNKNOWN)
            if error.code == _UNKNOWN:
                self._leave(error)
            return
        except Away as error:
            _LOG.warning("job %s cannot be had: %s", job, error.sentence)
            answer(taken, done=False)
            return
        # From here on the lease holds the job, and the Gearman server has done its part.
        answer(taken, done=True)
        self._do(held)

    def _do(self, held: _Held) -> None:
        telling = Telling()
        with self._lock:
            self._running.append(telling)
            if self._leaving.is_set():
                telling.stop.set()
        try:
            with Looping(f"job {held.job}", lambda: held.beat(telling), self.pace.report):
                end = self._end_of(held, telling)
        finally:
            with self._lock:
                self._running.remove(telling)
        held.beat(telling)
        if self._leaving.is_set() and not held.stopped and telling.stop.is_set():
            end = End(State.QUEUED, "its worker ends")
        elif end.state is State.QUEUED:
            self._leave(StackproofError(f"job {held.job} was given back: {end.sentence}", hint=_FULL))
        held.finish(end, telling.news())

    def _end_of(self, held: _Held, telling: Telling) -> End:
        try:
            held.payload.check_addresses(self.allowed)
            end = self.runner.run(held.job, held.payload, telling)
        except StackproofError as error:
            return End(State.FAILED, error.sentence)
        except Exception as error:  # noqa: BLE001 -- the job has an end, whatever it is
            _LOG.exception("job %s", held.job)
            return End(State.FAILED, f"its worker could not run it: {type(error).__name__}; see the worker's log")
        return held.stopped_end(end)


@dataclass
class _Held:
    """A job that a slot has: the conversation with the monitor about it."""

    monitor: Asking
    pace: Pace
    job: str
    payload: Payload
    slot: str
    lease: str = field(default="", repr=False)
    stopped: str = ""
    lost: bool = False

    def claim(self, giving_up: Event) -> None:
        """Have the job; raises `Refusal` if it is not to be had, `Away` if nobody answers in time."""
        said = self._insist({"state": State.CLAIMED, "slot": self.slot}, self.pace.claim, giving_up)
        self.lease = str(said["lease"])

    def beat(self, telling: Telling) -> None:
        """Tell how far it is, and hear whether it is to go on."""
        if self.lost:
            return
        news = telling.news()
        status = {"state": news.state, "lease": self.lease, "done": news.done, "total": news.total, "log": news.log}
        try:
            # A short state is told, too: it is where the time went, or where it ended.
            for state in news.passed[1:]:
                self.monitor.post(f"/jobs/{self.job}/progress", {"state": state, "lease": self.lease})
            stop = str(self.monitor.post(f"/jobs/{self.job}/progress", status)["stop"])
        except Away as error:
            _LOG.warning("job %s goes on: %s", self.job, error.sentence)
            telling.log(news.log)
            return
        except Refusal as error:
            _LOG.warning("job %s is stopped: %s", self.job, error)
            self.lost, stop = True, "lost"
        if stop and not self.stopped:
            self.stopped = stop
            telling.stop.set()

    def stopped_end(self, end: End) -> End:
        """How a run has ended that was told to stop; one that had ended before that has ended as it did."""
        if self.stopped == "cancelled":
            return End(State.CANCELLED, end.sentence, end.results)
        if self.stopped == "deadline":
            return End(State.FAILED, f"it took longer than its deadline, {self.payload.deadline} s", end.results)
        return end

    def finish(self, end: End, news: News) -> None:
        """Tell how it has ended, until the monitor has heard it or the job is another's."""
        if self.lost:
            return
        results = [
            {"test": one.test, "uuid": one.uuid, "outcome": one.outcome, "seconds": one.seconds, "why": one.why}
            for one in end.results
        ]
        status = {
            "state": end.state, "lease": self.lease, "done": news.done, "total": news.total, "log": news.log,
            "sentence": end.sentence[:2000], "results": results,
        }  # fmt: skip
        try:
            self._insist(status, self.pace.end, Event())
        except (Away, Refusal) as error:
            _LOG.warning("job %s ended as %s, and the monitor does not count it: %s", self.job, end.state, error)

    def _insist(self, status: dict[str, Any], patience: float, giving_up: Event) -> dict[str, Any]:
        """Report a change until it is heard."""
        body = {"test_id": self.job, "payload": self.payload.mapping, "status": status}
        tries = max(1, int(patience / self.pace.again))
        for left in range(tries, 0, -1):
            try:
                return dict(self.monitor.post("/update-test-status/", body))
            except Away:
                if left == 1 or giving_up.wait(self.pace.again):
                    raise
        raise AssertionError("a try either answers or raises")
