"""Callbacks: each change of a job is told to the address that it names, in order, until that has heard it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from .asking import Away, Refusal, post
from .payload import leads_to
from .store import Store

_LOG = logging.getLogger("worker.callbacks")
#: Seconds to the second try, at most between two, and tries before a callback is given up: about a day.
_FIRST, _LONGEST, _TRIES = 2.0, 900.0, 100


class Callbacks:
    """Tells what is due; ``allowed`` are the hosts that it speaks to."""

    def __init__(self, store: Store, allowed: Sequence[str]) -> None:
        self.store, self.allowed = store, tuple(allowed)

    def turn(self, now: float) -> None:
        """Tell what is due once; what is not heard is due again later."""
        for notice in self.store.upkeep.notices(now=now):
            if not leads_to(notice.url, self.allowed):
                _LOG.warning("job %s: its callback is no longer allowed", notice.job)
                self.store.upkeep.told(notice)
                continue
            try:
                post(notice.url, notice.body.encode())
                self.store.upkeep.told(notice)
            except (Away, Refusal) as error:
                if notice.tries + 1 >= _TRIES:
                    _LOG.warning("job %s: its callback is given up: %s", notice.job, error)
                    self.store.upkeep.told(notice)
                else:
                    self.store.upkeep.untold(notice, due=now + min(_LONGEST, _FIRST * 2 ** min(notice.tries, 16)))
