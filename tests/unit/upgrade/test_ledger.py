"""What lines of a ledger say of the requests that were written down in it, and the verdict on them."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from pytest_upgrade.observers.canaries import lanes
from pytest_upgrade.observers.entry import Word as Said
from pytest_upgrade.observers.result import Result
from pytest_upgrade.verdicts import downtime, ledger
from pytest_upgrade.verdicts.judging import Case, verdicts
from pytest_upgrade.verdicts.samples import Line
from pytest_upgrade.verdicts.series import Series
from pytest_upgrade.verdicts.steps import StepSpan
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import Word

(LANE,) = lanes("network", "http://10.0.0.1:9696")
BEGIN, END = 400.0, 800.0
STEPS = [StepSpan("neutron", "network", "ctl1", 500.0, 560.0)]


def lines(told: str, at: float = 510.0, slot: int = 7, text: str = "") -> list[Line]:
    """``make accepted, make there``: a second apart, each turn of a removal after its first."""
    found, turn, verb = [], 0, ""
    for number, word in enumerate(told.split(", ")):
        verb, said = word.split()
        turn += said in ("accepted", "rejected", "failed", "unknown", "unsent")
        found.append(
            Line(LANE, 1, slot, verb, max(0, turn - 2) if verb == "remove" else 0, Said(said), at + number,
                 at + number + 0.5, f"pu-3f9a1c-canary-a1b2c3-{slot}", text, "req-1")
        )  # fmt: skip
    return found


def judged(told: str, at: float = 510.0) -> list[tuple[Word, str]]:
    found = ledger.judge(ledger.deeds(lines(told, at)), [], (BEGIN, END), STEPS)
    return [(one.word, one.text) for one in found]


TAKEN = "remove accepted, remove gone"
WELL = f"make accepted, make there, {TAKEN}"


@pytest.mark.parametrize(
    "told",
    [
        WELL,
        "make unknown, make there, remove accepted, remove gone",
        "make unknown, make absent",
        "make failed, make absent",
        "make rejected, make absent",
        "make unsent",
    ],
)
def test_what_came_to_its_end_is_well_also_if_nobody_had_answered(told: str) -> None:
    """That a request failed is told by the lane's samples; the ledger tells what it has left."""
    assert judged(told) == []


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (f"make accepted, make duplicate, {TAKEN}", "1 made more than once by one request"),
        (f"make failed, make untold, {TAKEN}", "1 there, though the answer was that it would not be"),
        ("make accepted, make vanished", "1 accepted, and not there"),
        (f"make accepted, make error, {TAKEN}", "1 accepted, and ended in an error"),
        ("make accepted, make stuck", "1 accepted, and did not come to its end"),
        ("make accepted, make there, remove accepted, remove undead", "1 accepted to be removed, and still there"),
        ("make accepted, make there, remove rejected, remove absent", "1 there, and not to be removed"),
        ("make accepted, make there, remove failed, remove absent", "1 asked to be removed: failed"),
        ("make accepted, make there, remove unknown, remove gone", "1 asked to be removed: unknown"),
        ("make accepted, make there, remove unsent, remove absent", "1 asked to be removed: unsent"),
    ],
)  # fmt: skip
def test_what_no_service_may_do_fails_with_its_step(told: str, text: str) -> None:
    (finding,) = ledger.judge(ledger.deeds(lines(told)), [], (BEGIN, END), STEPS)
    assert (finding.rule, finding.word, finding.steps) == ("ledger", Word.FAIL, ("neutron",))
    assert finding.text.startswith(f"{text}, the first: pu-3f9a1c-canary-a1b2c3-7, req-1")


@pytest.mark.parametrize(
    "told", ["make accepted", "make unknown", "make accepted, make left", "make unknown, make left"]
)
def test_what_nobody_knows_the_end_of_is_inconclusive(told: str) -> None:
    ((word, text),) = judged(told)
    assert word is Word.INCONCLUSIVE
    assert text.startswith("what became of 1 requests is not known")


def test_a_refused_removal_after_one_that_was_carried_out_unanswered_is_no_other_failure() -> None:
    told = "make accepted, make there, remove unknown, remove absent, remove rejected, remove gone"
    assert judged(told) == [(Word.FAIL, "1 asked to be removed: unknown, the first: pu-3f9a1c-canary-a1b2c3-7, req-1")]


def test_only_what_was_on_its_way_during_the_upgrade_is_judged() -> None:
    wrong = "make accepted, make vanished"
    for at in (BEGIN - 1.5, BEGIN - 0.7, END - 0.1):
        assert judged(wrong, at), at
    for at in (BEGIN - 5, BEGIN - 1.6, END, END + 0.1):
        assert judged(wrong, at) == [], at


def test_what_goes_wrong_in_the_same_way_is_told_once() -> None:
    many = [line for slot in range(5) for line in lines("make accepted, make vanished", 510.0 + slot, slot)]
    (finding,) = ledger.judge(ledger.deeds(many), [], (BEGIN, END), STEPS)
    assert finding.text.startswith("5 accepted, and not there, the first: pu-3f9a1c-canary-a1b2c3-0")
    assert (finding.at, finding.until) == (510.0, 515.5)


@pytest.mark.parametrize(
    ("at", "word", "told"),
    [
        (510.0, Word.FAIL, "unknown, the first"), (511.0, Word.INCONCLUSIVE, "unknown, as did the control lane, the"),
        (514.0, Word.INCONCLUSIVE, "unknown, as did the control lane, the"), (515.0, Word.FAIL, "unknown, the first"),
    ],
)  # fmt: skip
def test_a_removal_that_failed_with_the_control_lane_is_our_own_networks(at: float, word: Word, told: str) -> None:
    """The control lane failed while it was on its way, from 512.0 to 513.5, or no more than a second from that."""
    failed = ledger.deeds(lines("make accepted, make there, remove unknown, remove gone"))
    (finding,) = ledger.judge(failed, [series(Result.TIMEOUT, at)], (BEGIN, END), STEPS)
    assert finding.word is word
    assert told in finding.text


def test_what_is_not_there_any_more_is_no_fault_of_our_own_network() -> None:
    control = series(Result.TIMEOUT, 511.0)
    vanished = ledger.deeds(lines("make accepted, make vanished"))
    assert [one.word for one in ledger.judge(vanished, [control], (BEGIN, END), STEPS)] == [Word.FAIL]


def test_a_removal_that_failed_and_whose_end_nobody_knows_is_told_once() -> None:
    assert [word for word, _ in judged("make accepted, make there, remove failed, remove left")] == [Word.FAIL]


def test_an_end_whose_request_was_not_written_down_is_no_request() -> None:
    """The last half second before an observer was killed is not in the file."""
    _, end = lines("make accepted, make there")
    assert ledger.deeds([end]) == []


def test_a_request_is_told_with_what_was_said_at_its_answer_and_at_its_end() -> None:
    answer, end = lines("make accepted, make error")
    (deed,) = ledger.deeds([replace(answer, text="202 at last", request_id=""), replace(end, text="status error")])
    assert str(deed) == "pu-3f9a1c-canary-a1b2c3-7: 202 at last status error, no request id"
    assert (deed.sent, deed.until) == (510.0, 511.5)


def test_the_ledger_belongs_to_zero_downtime_and_what_is_above() -> None:
    whole = Case(
        (BEGIN, END), STEPS, [series(Result.OK, 0.0)], deeds=ledger.deeds(lines("make accepted, make vanished"))
    )
    words = {one.tag: one.word for one in verdicts(whole)}
    assert (words["rolling"], words["zero_downtime"], words["zero_impact"]) == (Word.INCONCLUSIVE, Word.FAIL, Word.FAIL)
    well = Case((BEGIN, END), STEPS, [series(Result.OK, 0.0)], deeds=ledger.deeds(lines(WELL)))
    assert "; writes: 2 accepted, 2 of them came to their ends" in verdicts(well)[1].resolution
    assert verdicts(well)[1].word is Word.INCONCLUSIVE


def test_the_summary_counts_what_there_was() -> None:
    told = [
        *lines(WELL, slot=1),
        *lines("make unknown, make absent", slot=2),
        *lines("make unknown, make there", slot=3),
    ]
    told += [*lines("make accepted", slot=4), *lines("make accepted, make vanished", slot=5)]
    for slot, word in enumerate(("unknown, make there", "rejected, make absent", "failed, make absent", "unknown"), 6):
        told += lines(f"make {word}", slot=slot)
    assert ledger.summary(ledger.deeds(told)) == (
        "4 accepted, 2 of them came to their ends; 1 rejected; 1 failed; 3 without an answer, 2 of them carried out;"
        " 2 not known yet; 1 WRONG, the first accepted, and not there: pu-3f9a1c-canary-a1b2c3-5, req-1"
    )
    assert ledger.summary(ledger.deeds(lines(WELL))) == "2 accepted, 2 of them came to their ends"


@pytest.mark.parametrize(
    ("at", "word"),
    [
        (598.0, Word.FAIL),
        (599.0, Word.INCONCLUSIVE),
        (603.0, Word.INCONCLUSIVE),
        (609.0, Word.INCONCLUSIVE),
        (610.0, Word.FAIL),
        (615.0, Word.FAIL),
    ],
)
def test_a_failed_write_is_our_own_networks_only_if_the_control_lane_failed_with_it(at: float, word: Word) -> None:
    """Not if that failed at any time until the next write, which is far away."""
    write = series(Result.RESET, 600.0, every=10)
    found = downtime.judge([write], [series(Result.TIMEOUT, at)], (BEGIN, END), STEPS, Thresholds())
    assert [one.word for one in found] == [word]


def test_canaries_are_too_rare_for_quantiles() -> None:
    slow = series(Result.OK, 0.0, every=10)
    slow.took[50:] = array("f", [9.0] * 50)
    rules = {one.rule for one in verdicts(Case((BEGIN, END), STEPS, [slow]))[2].findings}
    assert not rules & {"p50", "p95", "slow window", "noise"}


def series(result: Result, at: float, every: int = 1) -> Series:
    """A lane that answers each second, or more rarely, but for one request."""
    due = array("d", [float(second) for second in range(0, 1000, every)])
    results = bytearray(result if one == at else Result.OK for one in due)
    took = array("f", [0.01] * len(due))
    return Series(LANE, due, took, took, results, bytearray(len(due)))
