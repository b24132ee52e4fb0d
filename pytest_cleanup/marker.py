"""A marker in a cloud that tells others who restores it: a region of Keystone, which it makes for one of them only."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

from pytest_cleanup.errors import ApiError
from pytest_cleanup.refusal import Refused
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transactions import here

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: The id of the first marker; who takes the place of others makes ``stackproof-cleanup-2`` and so on.
REGION = "stackproof-cleanup"
#: Seconds for which it is valid, and between two signs of life.
_VALID, _SIGN = 300, 60
_ID = re.compile(rf"{REGION}(?:-(?P<number>[1-9]\d*))?")
_TOLD = re.compile(r"is being restored by (?P<holder>\S+) until (?P<until>\S+) \((?P<reach>\w+)\)")


def is_marker(region: str) -> bool:
    """True for the id of a region that is a marker.

    >>> [is_marker(id) for id in ("stackproof-cleanup", "stackproof-cleanup-2", "stackproof-cleanup-site", "north")]
    [True, True, False, False]
    """
    return _ID.fullmatch(region) is not None


@dataclass(frozen=True, slots=True)
class _Found:
    """A marker of somebody: the number in its id, and what it says."""

    number: int
    words: str


class Marker:
    """Held while something is restored; `Refused` if somebody else holds one, whose time is not over.

    Ids are unique, so that of all who make the same marker at the same time one succeeds. A marker that was left
    behind is not deleted to make it again, since by then it may be somebody else's: the one with the next number is
    made, and then all are looked at. Of two who hold one at the same time at least one sees the other, and gives way.

    It is advice for all who use this package, and no barrier. Where Keystone lets us make no regions, ``missing``
    says so, and other machines are not kept away. ``reach`` names those that a lock on this machine keeps away: what
    one of them has left has no owner that lives. ``every`` is how many seconds are between two signs of life.
    """

    def __init__(self, view: View, reach: str, every: float = _SIGN) -> None:
        self._view, self._reach, self._every, self._over = view, reach, every, Event()
        self._signs = Thread(target=self._sign, name="marker", daemon=True)
        self._number = 1
        self.missing = ""

    def __enter__(self) -> Marker:
        try:
            self._make()
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
                self._delete(self._number)

    def _make(self) -> None:
        """Make ours, and see that nobody else has one; those whose time is over go."""
        if not self._made(1):
            last = max((one.number for one in self._dead()), default=0)
            if not self._made(last + 1):
                words = f"{self._view.auth_url} is being restored by somebody else"
                raise Refused(words, hint="wait until that has ended")
        try:
            left = self._dead(but=self._number)
        except StackproofError:
            with suppress(ApiError):
                self._delete(self._number)
            raise
        for one in left:
            self._delete(one.number)

    def _made(self, number: int) -> bool:
        """Make the one of this number; False if there is one."""
        body = {"region": {"id": _id(number), "description": self._words()}}
        try:
            self._view.post("identity", "/regions", body)
        except ApiError as error:
            if error.status != 409:
                raise
            return False
        self._number = number
        return True

    def _dead(self, but: int = 0) -> list[_Found]:
        """All that are left behind, but for this number; `Refused` if one of them is not."""
        found = [one for one in self._all() if one.number != but]
        for one in found:
            told = _TOLD.search(one.words)
            if told and told["reach"] != self._reach and datetime.fromisoformat(told["until"]) > self._now():
                hint = f"wait until then; if that is dead for sure, `openstack region delete {_id(one.number)}`"
                words = f"{self._view.auth_url} is being restored by {told['holder']}, at least until {told['until']}"
                raise Refused(words, hint=hint)
        return found

    def _all(self) -> list[_Found]:
        told = self._view.fresh().rows("identity", "/regions", "regions")
        ids = ((_ID.fullmatch(str(region["id"])), region) for region in told)
        return [_Found(int(id["number"] or 1), str(region["description"] or "")) for id, region in ids if id]

    def _delete(self, number: int) -> None:
        self._view.delete("identity", f"/regions/{_id(number)}")

    def _sign(self) -> None:
        """Say again and again that we live; what cannot be said now is said the next time."""
        while not self._over.wait(self._every):
            with suppress(ApiError):
                if self._is_ours():
                    path = f"/regions/{_id(self._number)}"
                    self._view.patch("identity", path, {"region": {"description": self._words()}})

    def _is_ours(self) -> bool:
        """False if we were away for so long that somebody has taken our place."""
        return any(one.number == self._number and f" by {here()} " in one.words for one in self._all())

    def _words(self) -> str:
        until = self._now() + timedelta(seconds=_VALID)
        return f"is being restored by {here()} until {until:%Y-%m-%dT%H:%M:%SZ} ({self._reach})"

    def _now(self) -> datetime:
        """By the cloud's clock, which is the same for all."""
        return datetime.fromtimestamp(time.time() + self._view.clocks.get("identity", 0.0), UTC)


def _id(number: int) -> str:
    return REGION if number == 1 else f"{REGION}-{number}"
