"""What the rules make of samples: examples of each, and what must hold of any."""

from __future__ import annotations

import json
import random
from array import array
from collections.abc import Callable, Iterable
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_upgrade.observers.lane import Connection, Lane
from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.observers.result import Result
from pytest_upgrade.persistent.heartbeat import Heartbeat
from pytest_upgrade.persistent.heartbeat import Outage as GuestOutage
from pytest_upgrade.report.summary import Standing
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Attempt, Event, Outcome, Run
from pytest_upgrade.verdicts import downtime, forms, impact, steps
from pytest_upgrade.verdicts.judging import Case, verdicts, window_of
from pytest_upgrade.verdicts.series import Series, Span
from pytest_upgrade.verdicts.steps import StepSpan
from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import Finding, ServiceVerdict, Word
from pytest_whitebox.core.errors import StackproofError

PERIOD = 0.2
#: The upgrade, after seven minutes; the step of Nova in it.
BEGIN, END = 400.0, 800.0
STEPS = [StepSpan("nova", "compute", "ctl1", 500.0, 560.0), StepSpan("glance", "image", "ctl1", 700.0, 720.0)]
PASSED = [Outcome(1, phase, f"t::{phase}", "compute", "rolling", "passed") for phase in ("pre", "post")]

LEFT_OUT = LeftOut(Lane("compute", "GET", "/servers", "http://10.0.0.1:8774/servers", "new", 1.0), "403 instead of 200")

Fails = Callable[[float], bool]


def series(
    fails: Fails = lambda at: False, slower: Callable[[float], float] = lambda at: 1.0, *,
    connection: Connection = "new", until: float = END + 60, begin: float = 0.0, role: str = "probe", seed: int = 1,
    gaps: Iterable[Span] = (), service: str = "compute",
) -> Series:  # fmt: skip
    """Samples of a service that answers in 20 ms, give or take, with a long tail."""
    chance = random.Random(seed)
    lane = Lane(service, "GET", "/", "http://10.0.0.1:8774/", connection, PERIOD, role=role)  # type: ignore[arg-type]
    due = array("d", [begin + slot * PERIOD for slot in range(int((until - begin) / PERIOD))])
    due = array("d", [at for at in due if not any(gap.begin <= at < gap.end for gap in gaps)])
    took = array("f", [slower(at) * chance.lognormvariate(-3.9, 0.2) for at in due])
    result = bytearray(Result.REFUSED if fails(at) else Result.OK for at in due)
    return Series(lane, due, took, array("f", [0.001] * len(due)), result, bytearray(len(due)), tuple(gaps))


def case(*lanes: Series, outcomes: list[Outcome] = PASSED, limits: Thresholds | None = None) -> Case:
    return Case((BEGIN, END), STEPS, lanes, outcomes, limits or Thresholds())


def words(case: Case) -> dict[str, str]:
    return {one.tag: one.word.value for one in verdicts(case)}


def near(at: float, seconds: float) -> Fails:
    return lambda due: at <= due < at + seconds


def test_a_cloud_that_is_as_it_was_passes_with_its_resolution() -> None:
    rolling, uptime, speed = verdicts(case(series(), series(connection="reused", seed=2)))
    assert [one.word for one in (rolling, uptime, speed)] == [Word.PASS] * 3
    assert uptime.resolution == "no outage of 0.4 s or more, failure rate below 0.075 % (95 %, 4000 requests)"
    assert "median up by less than 10 %" in speed.resolution


def test_an_outage_fails_with_its_bounds_and_its_step() -> None:
    _, uptime, speed = verdicts(case(series(near(510.05, 1.0)), series(connection="reused", seed=2)))
    assert (uptime.word, speed.word) == (Word.FAIL, Word.FAIL)
    assert uptime.steps == ("nova",)
    assert uptime.reason == "outage: GET compute / (new): 5 failed in 1.0 s (0.8 to 1.2 s; refused) during nova"


def test_one_failed_request_is_a_failure_unless_it_is_allowed() -> None:
    lonely = series(near(510.05, PERIOD))
    assert words(case(lonely))["zero_downtime"] == "fail"
    assert words(case(lonely, limits=Thresholds.given(["single=1"])))["zero_downtime"] == "pass"


def test_a_single_failure_that_another_lane_saw_too_is_an_outage() -> None:
    both = [series(near(510.05, PERIOD)), series(near(510.05, PERIOD), connection="reused")]
    found = downtime.judge(both, [], (BEGIN, END), STEPS, Thresholds(single=9))
    assert {(one.rule, one.word) for one in found} == {("outage", Word.FAIL)}


def test_single_failures_of_two_lanes_that_are_apart_are_two() -> None:
    """Neither saw what the other did: three slots lie between them."""
    both = [series(near(510.05, PERIOD)), series(near(510.85, PERIOD), connection="reused")]
    found = downtime.judge(both, [], (BEGIN, END), STEPS, Thresholds(single=9))
    assert [(one.rule, one.word) for one in found] == [("single", Word.PASS)] * 2


def test_two_failed_slots_in_a_row_are_an_outage_whatever_single_ones_are_allowed() -> None:
    found = downtime.judge([series(near(510.05, 2 * PERIOD))], [], (BEGIN, END), STEPS, Thresholds(single=9))
    assert [(one.rule, one.word) for one in found] == [("outage", Word.FAIL)]


def test_the_longest_time_unseen_counts_at_the_beginning_too_and_is_told_with_its_bounds() -> None:
    limits = Thresholds.given(["unseen=1"])
    late = downtime.judge([series(begin=BEGIN + 1)], [], (BEGIN, END), STEPS, limits)
    assert [(one.rule, one.at, one.until) for one in late] == [("coverage", BEGIN, BEGIN + 1)]
    early = downtime.judge([series(until=END - 1)], [], (BEGIN, END), STEPS, limits)
    ((at, until),) = [(one.at, one.until) for one in early]
    assert until == pytest.approx(END)
    assert until - at == pytest.approx(1 + PERIOD)


def test_no_lane_is_no_pass() -> None:
    assert [one.word for one in downtime.judge([], [], (BEGIN, END), STEPS, Thresholds())] == [Word.INCONCLUSIVE]
    assert downtime.resolution([], (BEGIN, END)) == "nothing was observed"


def test_a_pass_is_as_fine_as_the_finest_lane() -> None:
    fine, coarse = series(), series(connection="reused")
    coarse = replace(coarse, lane=replace(coarse.lane, period=1.0))
    assert downtime.resolution([coarse, fine], (BEGIN, END)).startswith("no outage of 0.4 s or more, failure rate")
    assert downtime.resolution([fine], (END + 1000, END + 2000)) == "no outage of 0.4 s or more"


@pytest.mark.parametrize(
    ("before", "word"),
    [(lambda at: False, "fail"), (lambda at: at < 200, "fail"), (lambda at: at < 201, "inconclusive")],
)
def test_a_lane_of_which_more_than_half_failed_before_says_nothing_of_the_upgrade(before: Fails, word: str) -> None:
    lane = series(lambda at: before(at) or 510 <= at < 511)
    assert words(case(lane))["zero_downtime"] == word


def test_a_lane_that_nobody_saw_before_the_upgrade_is_judged_all_the_same() -> None:
    assert words(case(series(near(510.05, 1.0), begin=BEGIN)))["zero_downtime"] == "fail"


@pytest.mark.parametrize("result", [Result.EXPIRED, Result.BROKEN])
@pytest.mark.parametrize(("slots", "word"), [(20, "pass"), (21, "inconclusive")])
def test_what_says_nothing_of_the_service_is_not_seen(result: Result, slots: int, word: str) -> None:
    """Of two thousand slots one in a hundred may be so."""
    lane = series()
    for slot in range(slots):
        lane.result[2100 + 50 * slot] = result
    assert words(case(lane))["zero_downtime"] == word


def test_what_the_control_lane_saw_too_is_not_the_clouds() -> None:
    control = series(near(510.0, 1.0), role="control")
    found = verdicts(case(series(near(510.05, 0.6)), control))[1]
    assert (found.word, found.findings[-1].rule) == (Word.INCONCLUSIVE, "network")
    assert words(case(series(near(650.05, 0.6)), control))["zero_downtime"] == "fail"


def test_twenty_slow_seconds_are_no_downtime_and_an_impact() -> None:
    slow = series(slower=lambda at: 3.0 if 510 <= at < 530 else 1.0)
    assert words(case(slow)) == {"rolling": "pass", "zero_downtime": "pass", "zero_impact": "fail"}
    assert verdicts(case(slow))[2].steps == ("nova",)


def test_a_last_window_of_a_few_samples_does_not_judge() -> None:
    """One slow request of eight is no tenth of a window."""
    end = BEGIN + 301.6
    slow = series(slower=lambda at: 9.0 if end - 0.3 <= at < end - 0.1 else 1.0)
    assert words(Case((BEGIN, end), STEPS, [slow], PASSED))["zero_impact"] == "pass"


def test_all_of_it_slower_is_an_impact_by_its_quantiles() -> None:
    found = verdicts(case(series(slower=lambda at: 1.3 if at >= BEGIN else 1.0)))[2]
    assert {one.rule for one in found.findings if one.word is Word.FAIL} >= {"p50", "p95"}


def test_an_upgrade_that_fails_fast_is_not_faster() -> None:
    """A refused request took 0 ms, and counts as longer than any."""
    found = impact.judge([series(near(500.0, 100.0))], (0, BEGIN), (BEGIN, END), STEPS, Thresholds())
    assert {one.rule for one in found if one.word is Word.FAIL} >= {"p95", "slow window"}


@pytest.mark.parametrize(
    ("lane", "tags"),
    [
        (series(begin=BEGIN - 30), ["zero_impact"]),
        (series(until=600.0), ["zero_downtime", "zero_impact"]),
        (series(gaps=[Span(620.0, 680.0, "blind")]), ["zero_downtime", "zero_impact"]),
        (series(gaps=[Span(620.0, 621.0, "blind")]), ["zero_downtime", "zero_impact"]),
        (series(fails=lambda at: True), ["zero_downtime", "zero_impact"]),
        (series(slower=lambda at: 2.0 if 200 <= at < BEGIN else 1.0), ["zero_impact"]),
    ],
    ids=["no baseline", "a killed observer", "a laptop that slept", "a second unseen", "never worked", "noisy before"],
)
def test_what_cannot_be_known_is_inconclusive(lane: Series, tags: list[str]) -> None:
    found = words(case(lane))
    assert {tag for tag, word in found.items() if word == "inconclusive"} == set(tags)
    assert "fail" not in found.values()


@pytest.mark.parametrize(
    ("every", "limits", "word"),
    [(50, "unseen=0.01", "inconclusive"), (200, "unseen=0.01", "pass"), (50, "unseen=0.03", "pass")],
)
def test_too_many_unseen_slots_are_inconclusive_however_far_apart(every: int, limits: str, word: str) -> None:
    """Each hole is of one slot, so that it is their share that decides."""
    holes = [Span(BEGIN + at * PERIOD - 0.01, BEGIN + at * PERIOD + 0.01, "blind") for at in range(5, 2000, every)]
    assert words(case(series(gaps=holes), limits=Thresholds.given([limits])))["zero_downtime"] == word


def test_a_tag_demands_all_that_those_below_it_do() -> None:
    failed = [Outcome(1, "post", "t::post", "compute", "rolling", "failed")]
    assert words(case(series(), outcomes=PASSED + failed)) == dict.fromkeys(
        ("rolling", "zero_downtime", "zero_impact"), "fail"
    )
    assert words(case(series(), outcomes=[])) == dict.fromkeys(
        ("rolling", "zero_downtime", "zero_impact"), "inconclusive"
    )
    assert words(case(series(near(510.05, 1)), outcomes=PASSED))["rolling"] == "pass"


def test_nobody_has_told_when_the_upgrade_was() -> None:
    unknown = Case(None, [], [series()], PASSED)
    assert words(unknown) == {"rolling": "pass", "zero_downtime": "inconclusive", "zero_impact": "inconclusive"}


def test_what_the_tests_of_a_tag_have_said_is_told_by_their_last_outcomes() -> None:
    said = [("pre", "a", "passed"), ("pre", "b", "passed"), ("post", "a", "failed"), ("post", "a", "passed")]
    outcomes = [Outcome(1, phase, f"t::{test}", "compute", "rolling", word) for phase, test, word in said]
    rolling = verdicts(case(series(), outcomes=outcomes))[0]
    assert (rolling.word, [one.text for one in rolling.findings]) == (Word.PASS, ["pre: 2 passed", "post: 1 passed"])
    outcomes += [Outcome(1, "post", "t::b", "compute", "rolling", "skipped")]
    rolling = verdicts(case(series(), outcomes=outcomes))[0]
    assert (rolling.word, rolling.reason) == (Word.INCONCLUSIVE, "tests: post: t::b skipped")
    assert verdicts(case(series(), outcomes=[]))[0].reason == "tests: pre: no test of the service was run"


@pytest.mark.parametrize(
    ("said", "word", "text"),
    [
        ([("pre", "a", "passed"), ("post", "a", "passed"), ("post", "b", "skipped")], "pass", "1 passed"),
        ([("pre", "b", "skipped"), ("pre", "a", "passed"), ("post", "a", "passed")], "pass", "1 passed"),
        ([("pre", "a", "passed"), ("post", "a", "skipped")], "inconclusive", "t::a skipped"),
        ([("pre", "a", "passed"), ("post", "b", "skipped")], "inconclusive", "no test of the service was run"),
    ],
)
def test_a_skipped_test_says_the_same_of_a_verdict_and_of_the_page(
    said: list[tuple[str, str, str]], word: str, text: str
) -> None:
    outcomes = [Outcome(1, phase, f"t::{test}", "compute", "rolling", outcome) for phase, test, outcome in said]
    rolling = verdicts(case(series(), outcomes=outcomes))[0]
    assert (rolling.word.value, rolling.findings[-1].text) == (word, f"post: {text}")
    assert Standing.of("compute", "rolling", outcomes).verdict == word


BEATS = Heartbeat("web", BEGIN - 100, END + 100, 600)
STILL = GuestOutage("stopped", 510.0, 534.0)


@pytest.mark.parametrize(
    ("guest", "word", "reason"),
    [
        (BEATS, "pass", "the guest never stood still for more than 10 s"),
        (replace(BEATS, outages=(STILL,)), "fail", "outage: web: stopped for 24 s during nova"),
        (replace(BEATS, outages=(replace(STILL, start=300.0, end=BEGIN),)), "pass", "the guest never stood still"),
        (replace(BEATS, begin=BEGIN + 11), "inconclusive", "tells nothing of the upgrade until 11 s after its begin"),
        (replace(BEATS, end=END - 11), "inconclusive", "tells nothing of the upgrade in its last 11 s"),
        (replace(BEATS, begin=BEGIN + 10, end=END - 10), "pass", "the guest never stood still"),
        (replace(BEATS, beats=0), "inconclusive", "coverage: web: has written nothing of itself"),
        (replace(BEATS, end=END - 11, outages=(STILL,)), "fail", "outage: web: stopped for 24 s"),
    ],
)
def test_guests_are_judged_where_nobody_observed(guest: Heartbeat, word: str, reason: str) -> None:
    (found,) = verdicts(Case((BEGIN, END), STEPS, [], guests=[guest]))
    assert (found.service, found.tag, found.word.value) == ("guests", "zero_downtime", word)
    assert reason in found.reason


def test_guests_are_judged_beside_the_services_and_only_if_nothing_else_is_wanted() -> None:
    both = replace(case(series()), guests=[BEATS, replace(BEATS, server="db", outages=(STILL,))])
    assert [one.service for one in verdicts(both)] == ["compute"] * 3 + ["guests"]
    assert [one.service for one in verdicts(both, ["compute"])] == ["compute"] * 3
    (found,) = verdicts(both, ["guests"])
    assert (found.reason, found.steps) == ("outage: db: stopped for 24 s during nova", ("nova",))
    (unknown,) = verdicts(replace(both, window=None), ["guests"])
    assert unknown.word is Word.INCONCLUSIVE
    with pytest.raises(StackproofError, match="no lane observes image") as caught:
        verdicts(both, ["image"])
    assert caught.value.hint == "observed are: compute, guests"


def test_each_service_is_judged_by_its_own_lanes_and_tests() -> None:
    failed = Outcome(1, "post", "t::image", "image", "rolling", "failed")
    both = case(series(near(510.05, 1.0)), series(service="image"), outcomes=[*PASSED, failed])
    found = {(one.service, one.tag): one.word.value for one in verdicts(both)}
    assert found == {
        ("compute", "rolling"): "pass", ("compute", "zero_downtime"): "fail", ("compute", "zero_impact"): "fail",
        ("image", "rolling"): "fail", ("image", "zero_downtime"): "fail", ("image", "zero_impact"): "fail",
    }  # fmt: skip
    assert {
        finding.rule for one in verdicts(both, ["image"]) for finding in one.findings if finding.word is Word.FAIL
    } == {"tests"}
    assert [one.service for one in verdicts(both, ["image"])] == ["image"] * 3


def test_a_pass_names_what_of_the_service_was_left_out_and_why() -> None:
    rolling, *others = verdicts(replace(case(series()), left_out=[LEFT_OUT]))
    assert [one.word for one in (rolling, *others)] == [Word.PASS] * 3
    assert all(one.reason.endswith(f"; left out: {LEFT_OUT}") for one in others)


def test_a_service_of_which_all_was_left_out_is_inconclusive_and_says_why() -> None:
    found = {one.tag: one for one in verdicts(replace(case(series(service="image")), left_out=[LEFT_OUT]), ["compute"])}
    assert {one.word for one in (found["zero_downtime"], found["zero_impact"])} == {Word.INCONCLUSIVE}
    assert found["zero_downtime"].reason == f"coverage: no lane observes the service; left out: {LEFT_OUT}"


def test_a_control_lane_is_no_service() -> None:
    control = series(near(650.0, 1.0), role="control", service="control")
    assert {one.service for one in verdicts(case(series(), control))} == {"compute"}
    with pytest.raises(StackproofError, match="no lane observes control"):
        verdicts(case(series(), control), ["control"])


def test_without_marks_the_upgrade_was_as_long_as_somebody_watched_beside_it() -> None:
    run = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north")
    with Store.open("sqlite://") as store:
        store.add_run(run)
        store.attempts.add(run.id, Attempt("pre", began=1.0, ended=99.0))
        assert window_of(store, run) is None
        for began, ended in ((20.0, 30.0), (10.0, 15.0), (5.0, None)):
            store.attempts.add(run.id, Attempt("during", began=began, ended=ended))
        # Of the one that was killed nobody knows how long it watched.
        assert window_of(store, run) == (10.0, 30.0)
        for kind, at in (("begin", 12.0), ("end", 14.0)):
            store.events.add(run.id, Event("", kind, at=at))  # type: ignore[arg-type]
        assert window_of(store, run) == (12.0, 14.0)


def test_a_service_that_is_not_observed_is_refused() -> None:
    with pytest.raises(StackproofError, match="no lane observes image"):
        verdicts(case(series()), ["image"])


@pytest.mark.parametrize("word", ["nonsense=1", "p95=fast"])
def test_thresholds_that_make_no_sense_are_refused(word: str) -> None:
    with pytest.raises(StackproofError):
        Thresholds.given([word])


#: A minute of upgrade, with holes and failures anywhere.
#: Drawn as bytes, which costs a hundredth of a list.
_KINDS = (*[Result.OK] * 12, Result.RESET, None, None, None)
SLOTS = st.binary(min_size=40, max_size=40).map(lambda drawn: [_KINDS[byte % 16] for byte in drawn])
ANY_PACE = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def short(slots: list[Result | None]) -> Series:
    known = [(BEGIN + slot * PERIOD, result) for slot, result in enumerate(slots) if result is not None]
    due = array("d", [at for at, _ in known])
    flat = array("f", [0.01] * len(due))
    return Series(
        series(until=1.0).lane, due, flat, flat, bytearray(result for _, result in known), bytearray(len(due))
    )


def word_of(slots: list[Result | None]) -> Word:
    window = BEGIN, BEGIN + len(slots) * PERIOD
    found = downtime.judge([short(slots)], [], window, [], Thresholds())
    return ServiceVerdict(
        "compute", "zero_downtime", max((one.word for one in found), key=_grave, default=Word.PASS), "", ()
    ).word


def _grave(word: Word) -> int:
    return [Word.PASS, Word.INCONCLUSIVE, Word.FAIL].index(word)


@ANY_PACE
@given(SLOTS)
def test_any_failure_is_a_failure_and_a_pass_has_seen_all(slots: list[Result | None]) -> None:
    word = word_of(slots)
    assert (word is Word.FAIL) == (Result.RESET in slots)
    if word is Word.PASS:
        assert slots.count(None) <= 1


@ANY_PACE
@given(SLOTS, st.integers(0, 39), st.sampled_from([Result.RESET, None]))
def test_seeing_less_or_worse_never_makes_it_better_but_by_hiding_a_failure(
    slots: list[Result | None], at: int, now: Result | None
) -> None:
    if slots[at] is Result.RESET:
        return
    worse = [*slots[:at], now, *slots[at + 1 :]]
    assert _grave(word_of(worse)) >= _grave(word_of(slots))


def test_steps_are_spans_and_the_upgrade_is_from_its_first_mark_to_its_last() -> None:
    events = [
        Event("", "begin", at=1.0), Event("a", "begin", at=2.0), Event("a", "end", at=3.0, ok=True),
        Event("b", "begin", at=4.0), Event("", "end", at=9.0),
    ]  # fmt: skip
    assert steps.upgrade(events) == (1.0, 9.0)
    assert [(one.name, one.end) for one in steps.spans(events)] == [("a", 3.0), ("b", float("inf"))]
    assert steps.upgrade(events[1:4]) == (2.0, 3.0)
    assert steps.upgrade([]) is None


def test_marks_of_the_upgrade_itself_count_more_than_its_steps() -> None:
    events = [
        Event("prepare", "begin", at=1.0), Event("", "begin", at=2.0), Event("prepare", "end", at=3.0),
        Event("tidy", "begin", at=4.0), Event("", "end", at=5.0), Event("tidy", "end", at=6.0),
    ]  # fmt: skip
    assert steps.upgrade(events) == (2.0, 5.0)


@pytest.mark.parametrize(
    ("marks", "window"),
    [
        ("begin@1 end@2 begin@4 end@9", (1.0, 9.0)),
        ("end@1 begin@5 end@9", (5.0, 9.0)),
        ("nova begin@2 nova end@4 end@9", (2.0, 9.0)),
        # Two ends are no upgrade: of the time before the first nobody knows how long it was.
        ("nova end@3 glance end@5 end@9", None),
        ("nova end@3 glance end@5", None),
        ("begin@5 end@5", None),
        ("begin@5 end@3", None),
        ("begin@5", None),
    ],
)
def test_an_upgrade_is_from_its_first_begin_to_its_last_end(marks: str, window: tuple[float, float] | None) -> None:
    events, step = [], ""
    for word in marks.split():
        kind, at, when = word.partition("@")
        if not at:
            step = word
            continue
        events.append(Event(step, kind, at=float(when)))  # type: ignore[arg-type]
        step = ""
    assert steps.upgrade(events) == window


def test_a_step_ends_with_its_own_end_and_not_with_what_it_tells_in_between() -> None:
    events = [
        Event("nova", "begin", at=1.0), Event("nova", "task", at=2.0, text="db sync"),
        Event("nova", "end", at=5.0, ok=True),
    ]  # fmt: skip
    assert [(one.begin, one.end, one.ok) for one in steps.spans(events)] == [(1.0, 5.0, True)]


def test_a_step_is_met_from_its_begin_to_its_end_and_not_after() -> None:
    first, second = StepSpan("a", "", "", 10.0, 20.0), StepSpan("b", "", "", 30.0, 40.0)
    for begin, end, met in (
        (0.0, 9.9, ()), (0.0, 10.0, ("a",)), (20.0, 20.5, ("a",)), (20.1, 29.9, ()), (19.0, 31.0, ("a", "b")),
        (40.0, 50.0, ("b",)), (40.1, 50.0, ()),
    ):  # fmt: skip
        assert steps.within([first, second], begin, end) == met, (begin, end)


def test_the_forms_say_the_same() -> None:
    found = verdicts(case(series(near(510.05, 1.0))))
    document = json.loads(json.dumps(forms.as_json("3f9a1c", found)))
    assert [one["word"] for one in document["verdicts"]] == ["pass", "fail", "fail"]
    assert document["verdicts"][1]["steps"] == ["nova"]
    suite = fromstring(forms.as_junit("3f9a1c", found))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert "| compute | zero_downtime | **fail** |" in forms.as_markdown("3f9a1c", found)


def test_inconclusive_is_told_apart_in_junit() -> None:
    unsure = ServiceVerdict(
        "compute", "rolling", Word.INCONCLUSIVE, "", (Finding("tests", Word.INCONCLUSIVE, "none ran"),)
    )
    failure = fromstring(forms.as_junit("3f9a1c", [unsure])).find("testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("inconclusive", "tests: none ran")
