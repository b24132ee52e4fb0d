"""A marker in a cloud that tells others who restores it: a region of Keystone, which it makes for one of them only."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

from pytest_cleanup.errors import ApiError
from pytest_cleanup.refusal import Refused
from pytest_whitebox.core.transactions import here

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: The id of the region: ids are unique, so that of all who make it at the same time one succeeds.
REGION = "stackproof-cleanup"
_PATH = f"/regions/{REGION}"
#: Seconds for which it is valid, and between two signs of life.
_VALID, _SIGN = 300, 60
_TOLD = re.compile(r"is being restored by (?P<holder>\S+) until (?P<until>\S+) \((?P<reach>\w+)\)")


class Marker:
    """Held while something is restored; `Refused` if somebody else holds it, whose time is not over.

    It is advice for all who use this package, and no barrier. Where Keystone lets us make no regions, ``missing``
    says so, and other machines are not kept away. ``reach`` names those that a lock on this machine keeps away: what
    one of them has left has no owner that lives.
    """

    def __init__(self, view: View, reach: str) -> None:
        self._view, self._reach, self._over = view, reach, Event()
        self._signs = Thread(target=self._sign, name="marker", daemon=True)
        self.missing = ""

    def __enter__(self) -> Marker:
        try:
            if not self._made():
                self._take_over()
        except ApiError as error:
            if error.status not in (403, 404, 405):
                raise
            self.missing = f"restores by other machines are not kept away: {error}"
        else:
            self._signs.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self.missing:
            return
        self._signs.join()
        # What cannot be taken away now is over in some minutes.
        with suppress(ApiError):
            if self._is_ours():
                self._view.delete("identity", _PATH)

    def _made(self) -> bool:
        """Make it; False if there is one."""
        try:
            self._view.post("identity", "/regions", {"region": {"id": REGION, "description": self._words()}})
        except ApiError as error:
            if error.status != 409:
                raise
            return False
        return True

    def _take_over(self) -> None:
        """Take the place of one that has left it behind."""
        found = _TOLD.search(self._told())
        if found and found["reach"] != self._reach and datetime.fromisoformat(found["until"]) > self._now():
            hint = f"wait until then; if that is dead for sure, `openstack region delete {REGION}`"
            words = f"{self._view.auth_url} is being restored by {found['holder']}, at least until {found['until']}"
            raise Refused(words, hint=hint)
        self._view.delete("identity", _PATH)
        if not self._made():
            raise Refused(f"{self._view.auth_url} is being restored by somebody else", hint="wait until that has ended")

    def _sign(self) -> None:
        """Say again and again that we live; what cannot be said now is said the next time."""
        while not self._over.wait(_SIGN):
            with suppress(ApiError):
                if self._is_ours():
                    self._view.patch("identity", _PATH, {"region": {"description": self._words()}})

    def _is_ours(self) -> bool:
        """False if we were away for so long that somebody has taken our place."""
        return f" by {here()} " in self._told()

    def _told(self) -> str:
        """What the marker says; empty if there is none."""
        try:
            return str(self._view.get("identity", _PATH)["region"]["description"] or "")
        except ApiError as error:
            if error.absent:
                return ""
            raise

    def _words(self) -> str:
        until = self._now() + timedelta(seconds=_VALID)
        return f"is being restored by {here()} until {until:%Y-%m-%dT%H:%M:%SZ} ({self._reach})"

    def _now(self) -> datetime:
        """By the cloud's clock, which is the same for all."""
        return datetime.fromtimestamp(time.time() + self._view.clocks.get("identity", 0.0), UTC)
