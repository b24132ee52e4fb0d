"""One deletion on its way: what was asked, what was answered, what can still be tried."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from pytest_cleanup.errors import ApiError
from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.plan import Deletion
from pytest_cleanup.resource import Key, Resource
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: Called before each step of a ladder, with what the last attempt said: the moment to save evidence.
Witness = Callable[[Resource, Step, str], None]
#: More steps, for what no API gets rid of.
LastResort = Callable[[Resource], Iterable[Step]]

_TRIES = 3  # of what may be in the way for a moment only
_AWAY = (0, 502, 503, 504)
#: How often an API that is away is asked again; each time is waited for twice as long as the one before.
TRIES_OF_AWAY = 6
_WORD = re.compile(r"[\w-]+")


def away(error: StackproofError) -> bool:
    """True if it was not the API itself that answered."""
    return isinstance(error, ApiError) and error.status in _AWAY


class State(Enum):
    """How far a deletion is."""

    #: For others to be gone.
    WAITS = auto()
    #: For an answer.
    ASKED = auto()
    #: To be seen gone.
    LINGERS = auto()
    #: A moment, before it is tried again.
    PAUSES = auto()
    GONE = auto()
    STAYS = auto()


@dataclass(frozen=True, slots=True)
class Failure:
    """What did not go: what was said about it, what was tried, and what holds it."""

    resource: Resource
    words: str
    steps: tuple[str, ...] = ()
    blockers: tuple[Resource, ...] = ()

    def lines(self) -> Iterator[str]:
        """A sentence, and what holds it."""
        tried = f"; tried: {', '.join(self.steps)}" if self.steps else ""
        yield f"{self.resource} stays: {self.words}{tried}"
        yield from (f"    held by {blocker}" for blocker in self.blockers)

    def as_json(self) -> dict[str, Any]:
        """Itself as JSON's types."""
        told = {"resource": self.resource.as_json(), "words": self.words, "steps": list(self.steps)}
        return {**told, "blockers": [one.as_json() for one in self.blockers]}


@dataclass(slots=True)
class Case:
    """A deletion and its ladder; each call of `attempt` does the next that can be done."""

    deletion: Deletion
    kind: Kind
    state: State = State.WAITS
    due: float = 0.0
    words: str = ""
    asked: bool = False
    taken: list[str] = field(default_factory=list)
    _tries: int = 0
    _climbs: bool = False
    _steps: Iterator[Step] | None = None

    @property
    def resource(self) -> Resource:
        """What is deleted."""
        return self.deletion.resource

    @property
    def pauses(self) -> int:
        """How many times the usual pause it waits before it is tried again."""
        return 1 << max(0, self._tries - 1)

    @property
    def over(self) -> bool:
        """True if nothing more happens."""
        return self.state in (State.GONE, State.STAYS)

    def attempt(self, view: View, witness: Witness | None, last_resort: LastResort | None) -> State:
        """Take the next step if the last attempt failed for good, then ask for the deletion."""
        self.asked = True
        if self._climbs and not self._climb(view, witness, last_resort):
            return State.STAYS
        try:
            for kept in self.deletion.spares:
                self.kind.spare(view, self.resource, kept)
            self.kind.delete(view, self.resource)
        except StackproofError as error:
            self.words = str(error)
            return self._after(error)
        return State.LINGERS if self.kind.lingers else State.GONE

    def fails(self, words: str) -> None:
        """What was asked was accepted, and did not happen: the next attempt takes the next step."""
        self.words, self._climbs, self._tries = words, True, 0

    def _after(self, error: StackproofError) -> State:
        self._tries += 1
        if away(error):
            # No step helps with an API that is away.
            return State.PAUSES if self._tries < TRIES_OF_AWAY else State.STAYS
        passing = isinstance(error, ApiError) and (error.held or error.status == 500)
        if passing and self._tries < _TRIES and not self._obvious():
            return State.PAUSES
        self.fails(str(error))
        return State.PAUSES

    def _obvious(self) -> bool:
        """True if the resource tells by itself that a step is needed."""
        return any(step.applies is not None and step.applies(self.resource) for step in self.kind.ladder)

    def _climb(self, view: View, witness: Witness | None, last_resort: LastResort | None) -> bool:
        """Take the next step that can be taken; False if there is none."""
        if self._steps is None:
            self._steps = self._ladder(last_resort)
        for step in self._steps:
            if witness is not None:
                witness(self.resource, step, self.words)
            self.taken.append(step.name)
            try:
                step.act(view, self.resource)
            except StackproofError as error:
                self.taken[-1] += f" ({error})"
            else:
                self._climbs = False
                return True
        return False

    def _ladder(self, last_resort: LastResort | None) -> Iterator[Step]:
        yield from (step for step in self.kind.ladder if step.applies is None or step.applies(self.resource))
        if last_resort is not None:
            yield from last_resort(self.resource)

    def failure(self, there: Mapping[Key, Resource], others: Iterable[Key]) -> Failure:
        """What to tell of it: ``there`` is what is left, ``others`` are those that it waited for in vain."""
        named = set(_WORD.findall(self.words)) - {self.resource.id}
        blockers = [*others, *(key for key in there if key.id in named)]
        if not blockers:
            blockers = [one.key for one in there.values() if any(ref.key == self.resource.key for ref in one.refs)]
        found = tuple(there[key] for key in dict.fromkeys(blockers) if key in there)
        return Failure(self.resource, self.words, tuple(self.taken), found)
