"""The ledger: whether each write that was accepted came to its end, and each that nobody answered is accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_upgrade.observers.entry import ANSWERS
from pytest_upgrade.observers.entry import Word as Said
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.verdicts.downtime import Window
from pytest_upgrade.verdicts.samples import Line
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan, within
from pytest_upgrade.verdicts.verdict import Finding, Word

#: What no service may do, and how it is told.
_WRONG = {
    Said.DUPLICATE: "made more than once by one request",
    Said.UNTOLD: "there, though the answer was that it would not be",
    Said.VANISHED: "accepted, and not there",
    Said.ERROR: "accepted, and ended in an error",
    Said.STUCK: "accepted, and did not come to its end",
    Said.UNDEAD: "accepted to be removed, and still there",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One request of the ledger: its answer, and the end that it came to, None if that is not known."""

    lane: Lane
    name: str
    verb: str
    turn: int
    answer: Said
    end: Said | None
    sent: float
    until: float
    text: str
    request_id: str

    @property
    def trouble(self) -> str:
        """What is wrong with it, in words; empty if it is as it should be, or if the lane's samples have told it."""
        if self.end in _WRONG:
            return _WRONG[self.end]
        if self.verb == "remove" and self.answer is Said.REJECTED and not self.turn:
            return "there, and not to be removed"
        if self.verb == "remove" and self.answer in (Said.FAILED, Said.UNKNOWN, Said.UNSENT):
            return f"asked to be removed: {self.answer}"
        return ""

    @property
    def is_open(self) -> bool:
        """True if nobody knows what became of it."""
        return self.end in (None, Said.LEFT) and self.answer not in (Said.UNSENT, Said.REJECTED)

    def __str__(self) -> str:
        said = f": {self.text}" if self.text else ""
        return f"{self.name}{said}, {self.request_id or 'no request id'}"


def deeds(lines: Iterable[Line]) -> list[Deed]:
    """The requests in lines of a ledger, in the order in which they were sent."""
    found: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        found.setdefault((line.observer, line.lane, line.slot, line.verb, line.turn), []).append(line)
    return sorted(filter(None, map(_deed, found.values())), key=lambda one: one.sent)


def judge(known: Sequence[Deed], control: Sequence[Series], window: Window, steps: Sequence[StepSpan]) -> list[Finding]:
    """What is wrong with those of one service that were on their way within the time of the upgrade."""
    during = [one for one in known if one.sent < window[1] and one.until >= window[0]]
    found = list(_together([one for one in during if one.trouble], control, steps))
    left = [one for one in during if one.is_open and not one.trouble]
    if left:
        text = f"what became of {len(left)} requests is not known, the first: {left[0]}"
        found.append(_finding(Word.INCONCLUSIVE, text, left, steps))
    return found


def summary(known: Sequence[Deed]) -> str:
    """In words, what there was, and what became of it."""
    count = {one: sum(deed.answer is one for deed in known) for one in (Said.ACCEPTED, Said.REJECTED, Said.FAILED)}
    open = [deed for deed in known if deed.is_open]
    ended = [deed for deed in known if deed.answer is Said.ACCEPTED and not deed.is_open and deed.end not in _WRONG]
    unknown = [deed for deed in known if deed.answer is Said.UNKNOWN and not deed.is_open]
    honoured = [deed for deed in unknown if deed.end in (Said.THERE, Said.GONE)]
    words = [f"{count[Said.ACCEPTED]} accepted, {len(ended)} of them came to their ends"]
    words += [f"{count[one]} {one}" for one in (Said.REJECTED, Said.FAILED) if count[one]]
    if unknown:
        words.append(f"{len(unknown)} without an answer, {len(honoured)} of them carried out")
    words += [f"{len(open)} not known yet"] if open else []
    wrong = [deed for deed in known if deed.end in _WRONG]
    words += [f"{len(wrong)} WRONG, the first {_WRONG[wrong[0].end]}: {wrong[0]}"] if wrong and wrong[0].end else []
    return "; ".join(words)


def _deed(lines: list[Line]) -> Deed | None:
    answer = next((line for line in lines if line.word in ANSWERS), None)
    if answer is None:
        return None
    # The first end counts: what was there did come to be, also if it could not be removed later.
    end = next((line for line in lines if line.word not in ANSWERS), None)
    return Deed(
        answer.lane, answer.name, answer.verb, answer.turn, answer.word, end.word if end else None, answer.sent,
        end.at if end else answer.at, " ".join(filter(None, (answer.text, end.text if end else ""))), answer.request_id,
    )  # fmt: skip


def _together(wrong: Sequence[Deed], control: Sequence[Series], steps: Sequence[StepSpan]) -> Iterator[Finding]:
    """One finding for all that went wrong in the same way in the same lane."""
    groups: dict[tuple[str, str, bool], list[Deed]] = {}
    for one in wrong:
        ours = one.end not in _WRONG and _own_network(one, control)
        groups.setdefault((one.lane.name, one.trouble, ours), []).append(one)
    for (_, trouble, ours), deeds in groups.items():
        more = ", as did the control lane" if ours else ""
        text = f"{len(deeds)} {trouble}{more}, the first: {deeds[0]}"
        yield _finding(Word.INCONCLUSIVE if ours else Word.FAIL, text, deeds, steps)


def _own_network(one: Deed, control: Sequence[Series]) -> bool:
    """True if the control lane, which asks nothing of the cloud, failed while it was on its way."""
    return any(lane.between(one.sent - 1, one.until + 1).failures for lane in control)


def _finding(word: Word, text: str, deeds: Sequence[Deed], steps: Sequence[StepSpan]) -> Finding:
    begin, until = min(one.sent for one in deeds), max(one.until for one in deeds)
    met = tuple(dict.fromkeys(step for one in deeds for step in within(steps, one.sent, one.until)))
    return Finding("ledger", word, text, deeds[0].lane.name, begin, until, met)
