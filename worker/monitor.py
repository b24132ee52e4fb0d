"""The monitor hands waiting jobs to a Gearman server, again if that lost them, and takes jobs from silent workers."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .gearing import Submitter, Unreachable
from .store import Store

_LOG = logging.getLogger("worker.monitor")
#: How many jobs the server is asked about in one look.
_ASKED = 20


@dataclass(frozen=True, slots=True)
class _Handed:
    """What a server was given or asked about last, and whether somebody had taken it by then."""

    handle: bytes
    at: float
    is_taken: bool = False


class Monitor:
    """`begin` once, then `turn` again and again: each does all that is due, and may be called at any time."""

    def __init__(self, store: Store, submitter: Submitter, clock: Callable[[], float] = time.time) -> None:
        self.store, self.submitter, self.clock = store, submitter, clock
        self._losses = submitter.losses
        # Seconds after which the server is asked whether it still has a job: who waits for it waits no longer for a
        # server that loses than for a worker that is lost.
        self._doubt = store.rules.lease / 3
        # When silence was looked for last; longer ago than that, and nobody could tell anything.
        self._looked, self._away = clock(), store.rules.lease / 2
        # Whether what silence leads to could not be written down: then what workers said could not be, either.
        self._is_mute = False
        self._handed: dict[str, _Handed] = {}
        # Jobs that the server has twice: who has taken the first says nothing.
        self._again: set[str] = set()

    def begin(self) -> None:
        """Take up what an earlier monitor left: what it knew of the server is gone, and no worker is to blame."""
        self.store.upkeep.prolong(now=self.clock())
        self.store.upkeep.forget_dispatched()

    def turn(self) -> None:
        """Do what is due."""
        now = self.clock()
        if self._is_mute or now - self._looked > self._away:
            _LOG.warning("nothing could be written down for %.0f s: all workers have a whole lease", now - self._looked)
            self.store.upkeep.prolong(now=now)
        self._is_mute = True
        expired = self.store.upkeep.expire(now=now)
        self._looked, self._is_mute = now, False
        for job, state in expired:
            _LOG.warning("job %s: its worker is silent, it is %s", job, state)
        self.store.upkeep.stop_overdue(now=now)
        try:
            self._look_after(now)
            self._hand_out(now)
        except Unreachable as error:
            _LOG.warning("%s", error.sentence)

    def _hand_out(self, now: float) -> None:
        if not self.submitter.is_connected:
            return
        handed: list[str] = []
        try:
            for job, priority, payload in self.store.upkeep.undispatched():
                text = f'{{"test_id": "{job}", "payload": {payload}}}'
                key = json.loads(payload).get("sealed", {}).get("to", "")
                unique = f"{job}/{secrets.token_hex(4)}" if job in self._again else job
                self._handed[job] = _Handed(self.submitter.submit(unique, text, priority, key), now)
                self._again.discard(job)
                handed.append(job)
        finally:
            self.store.upkeep.set_dispatched(handed)

    def _look_after(self, now: float) -> None:
        """See that the server has what it was given."""
        if self.submitter.losses != self._losses:
            self._losses = self.submitter.losses
            self._handed.clear()
            self.store.upkeep.forget_dispatched()
            return
        asked = [job for job, handed in self._handed.items() if now - handed.at > self._doubt][:_ASKED]
        waiting = self.store.upkeep.waiting(asked) if asked else set()
        for job in asked:
            handed = self._handed.pop(job)
            if job not in waiting:
                continue
            standing = self.submitter.standing(handed.handle)
            if not standing.is_there:
                _LOG.warning("job %s: the Gearman server has lost it, and gets it again", job)
            elif standing.is_taken and handed.is_taken:
                # A worker asks for it here as soon as it has taken it; this one cannot, or does not want to.
                _LOG.warning("job %s: who has taken it from the Gearman server says nothing, which gets it again", job)
                self._again.add(job)
            else:
                # To the end of the line: others are asked about first.
                self._handed[job] = replace(handed, at=now, is_taken=standing.is_taken)
                continue
            self.store.upkeep.set_dispatched([job], dispatched=False)
