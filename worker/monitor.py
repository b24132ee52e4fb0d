"""The monitor hands waiting jobs to a Gearman server, again if that lost them, and takes jobs from silent workers."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

from .gearing import Submitter, Unreachable
from .store import Store

_LOG = logging.getLogger("worker.monitor")
#: How many jobs the server is asked about in one look.
_ASKED = 20


class Monitor:
    """`begin` once, then `turn` again and again: each does all that is due, and may be called at any time."""

    def __init__(self, store: Store, submitter: Submitter, clock: Callable[[], float] = time.time) -> None:
        self.store, self.submitter, self.clock = store, submitter, clock
        self._losses = submitter.losses
        # Seconds after which the server is asked whether it still has a job: who waits for it waits no longer for a
        # server that loses than for a worker that is lost.
        self._doubt = store.rules.lease / 3
        self._handed: dict[str, tuple[bytes, float]] = {}

    def begin(self) -> None:
        """Take up what an earlier monitor left: what it knew of the server is gone, and no worker is to blame."""
        self.store.upkeep.prolong(now=self.clock())
        self.store.upkeep.forget_dispatched()

    def turn(self) -> None:
        """Do what is due."""
        now = self.clock()
        for job, state in self.store.upkeep.expire(now=now):
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
                self._handed[job] = (self.submitter.submit(job, text, priority, key), now)
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
        asked = [job for job, (_, at) in self._handed.items() if now - at > self._doubt][:_ASKED]
        waiting = self.store.upkeep.waiting(asked) if asked else set()
        for job in asked:
            handle, _ = self._handed.pop(job)
            if job not in waiting:
                continue
            if self.submitter.knows(handle):
                # To the end of the line: others are asked about first.
                self._handed[job] = (handle, now)
            else:
                _LOG.warning("job %s: the Gearman server has lost it, and gets it again", job)
                self.store.upkeep.set_dispatched([job], dispatched=False)
