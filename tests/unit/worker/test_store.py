"""The life of a job: leases, deaths, ends, and that each end counts once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pytest_whitebox.core.errors import StackproofError
from worker.job import Claim, Conflict, Result, UnknownJob
from worker.payload import Payload
from worker.states import ENDS, FINAL, LEASED, State
from worker.store import CANCELLED, DEADLINE, Rules, Store

RULES = Rules(lease=30.0, deaths=3, slack=10.0)
ASKED: dict[str, Any] = {"cloud": "prod", "tempest": "41.0.0", "tests": {"guideline": "2020.06"}, "deadline": 100}
PASSED = [Result("tempest.a.A.test_a", "0a6c"), Result("tempest.a.A.test_b", outcome="skipped", why="no")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/jobs.sqlite", RULES) as opened:
        yield opened


def added(store: Store, **more: Any) -> str:
    return store.add(Payload.from_mapping({**ASKED, **more}), submitter="ann", now=0.0)


def running(store: Store, now: float = 1.0, **more: Any) -> tuple[str, str]:
    job = added(store, **more)
    lease = store.claim(job, worker="node", now=now).lease
    store.report(job, lease, State.RUNNING, now=now)
    return job, lease


def test_a_job_goes_its_way(store: Store) -> None:
    job = added(store)
    claim = store.claim(job, worker="node/0", now=1.0)
    assert store.report(job, claim.lease, State.INSTALLING, now=2.0, log="uv\n") == ""
    assert store.report(job, claim.lease, State.RUNNING, now=3.0, done=1, total=2, log="test_a\n") == ""
    found = store.job(job)
    assert (found.state, found.done, found.total, found.worker, found.attempt) == (State.RUNNING, 1, 2, "node/0", 1)
    store.finish(job, claim.lease, State.PASSED, now=4.0, results=PASSED, log="over\n")
    assert store.job(job).counts == {"passed": 1, "skipped": 1}
    assert store.results(job) == PASSED
    assert [change.state for change in store.changes(job)] == ["queued", "claimed", "installing", "running", "passed"]
    text, last = store.log(job)
    assert (text, store.log(job, last)) == ("uv\ntest_a\nover\n", ("", last))


def test_it_outlives_the_process(store: Store, tmp_path: Path) -> None:
    job, lease = running(store)
    with Store.open(f"sqlite:///{tmp_path}/jobs.sqlite", RULES) as again:
        again.finish(job, lease, State.FAILED, now=2.0, sentence="one failed")
    assert (store.job(job).state, store.job(job).sentence) == (State.FAILED, "one failed")


def test_who_comes_second_has_nothing(store: Store) -> None:
    job = added(store)
    store.claim(job, worker="first", now=1.0)
    with pytest.raises(Conflict, match=f"^job {job} is claimed"):
        store.claim(job, worker="second", now=1.0)
    assert store.job(job).worker == "first"


def test_payload_that_did_not_come_from_here_is_no_job(store: Store) -> None:
    job = added(store)
    with pytest.raises(Conflict, match="another payload"):
        store.claim(job, worker="node", now=1.0, digest="0" * 64)
    assert store.job(job).state is State.QUEUED


def test_silent_worker_loses_the_job_and_cannot_count_it(store: Store) -> None:
    job, old = running(store)
    assert store.expire(now=31.0) == []
    assert store.expire(now=31.1) == [(job, State.QUEUED)]
    new = store.claim(job, worker="other", now=32.0).lease
    for late in (
        lambda: store.finish(job, old, State.FAILED, now=33.0, results=PASSED),
        lambda: store.report(job, old, State.RUNNING, now=33.0),
        lambda: store.hand_back(job, old, now=33.0, text="leaving"),
    ):
        with pytest.raises(Conflict, match="no longer yours"):
            late()
    store.finish(job, new, State.PASSED, now=34.0, results=PASSED)
    with pytest.raises(Conflict):
        store.finish(job, new, State.FAILED, now=35.0, results=PASSED)
    assert (store.job(job).state, len(store.results(job))) == (State.PASSED, 2)


def test_a_report_prolongs_the_lease(store: Store) -> None:
    job, lease = running(store)
    store.report(job, lease, State.RUNNING, now=30.0)
    assert store.expire(now=59.0) == []


def test_what_kills_workers_is_quarantined(store: Store) -> None:
    job = added(store)
    for death in range(RULES.deaths):
        store.claim(job, worker=f"node{death}", now=100.0 * death)
        store.expire(now=100.0 * death + 31)
    assert store.job(job).state is State.LOST
    assert store.job(job).sentence == "quarantined: 3 workers were lost with it, the last was node2"


def test_handing_back_is_no_death(store: Store) -> None:
    job = added(store)
    for turn in range(2 * RULES.deaths):
        claim = store.claim(job, worker="node", now=float(turn))
        store.hand_back(job, claim.lease, now=float(turn), text="the worker ends")
    assert (store.job(job).state, store.job(job).deaths, store.job(job).attempt) == (State.QUEUED, 0, 6)


def test_cancel_of_what_waits_is_at_once(store: Store) -> None:
    job = added(store)
    assert store.cancel(job, now=1.0) is State.CANCELLED
    with pytest.raises(Conflict):
        store.claim(job, worker="node", now=2.0)
    assert store.cancel(job, now=3.0) is State.CANCELLED


def test_cancel_of_what_runs_reaches_its_worker(store: Store) -> None:
    job, lease = running(store)
    assert store.cancel(job, now=2.0) is State.RUNNING
    assert store.report(job, lease, State.RUNNING, now=3.0) == CANCELLED
    store.finish(job, lease, State.CANCELLED, now=4.0)
    assert store.job(job).state is State.CANCELLED


def test_cancelled_job_whose_worker_is_lost_stays_cancelled(store: Store) -> None:
    job, _ = running(store)
    store.cancel(job, now=2.0)
    assert store.expire(now=40.0) == [(job, State.CANCELLED)]


def test_job_without_an_end_is_stopped(store: Store) -> None:
    job, lease = running(store)
    store.stop_overdue(now=111.0)
    assert store.report(job, lease, State.RUNNING, now=111.0) == ""
    store.stop_overdue(now=111.1)
    assert store.report(job, lease, State.RUNNING, now=111.2) == DEADLINE


def test_only_what_waits_is_dispatched_and_what_comes_back_is_again(store: Store) -> None:
    first, second = added(store, priority="high"), added(store)
    assert {(job, priority) for job, priority, _ in store.undispatched()} == {(first, "high"), (second, "normal")}
    store.set_dispatched([first, second])
    assert store.undispatched() == []
    claim = store.claim(first, worker="node", now=1.0)
    assert store.waiting([first, second]) == {second}
    store.forget_dispatched()
    assert [job for job, *_ in store.undispatched()] == [second]
    store.hand_back(first, claim.lease, now=2.0, text="")
    assert {job for job, *_ in store.undispatched()} == {first, second}


def test_monitor_that_was_away_takes_no_job_from_anybody(store: Store) -> None:
    job, lease = running(store)
    store.prolong(now=1000.0)
    assert store.expire(now=1000.0) == []
    store.finish(job, lease, State.PASSED, now=1001.0)


def test_callback_hears_all_in_order(store: Store) -> None:
    job, lease = running(store, callback="https://watch.example/")
    store.finish(job, lease, State.PASSED, now=2.0)
    heard: list[str] = []
    while due := store.notices(now=3.0):
        (notice,) = due
        if notice.tries == 0 and not heard:
            store.untold(notice, due=2.5)
            (again,) = store.notices(now=3.0)
            assert (again.id, again.tries) == (notice.id, 1)
        heard.append(notice.body)
        store.told(notice)
    assert ['"state": "queued"' in heard[0], '"state": "passed"' in heard[-1], len(heard)] == [True, True, 4]


def test_notice_is_not_told_before_its_time(store: Store) -> None:
    added(store, callback="https://watch.example/")
    (notice,) = store.notices(now=1.0)
    store.untold(notice, due=60.0)
    assert store.notices(now=59.0) == []


def test_log_ends_somewhere(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.store.LONGEST_LOG", 10)
    job, lease = running(store)
    for _ in range(5):
        store.report(job, lease, State.RUNNING, now=2.0, log="1234")
    assert store.log(job)[0] == "12341234"


def test_lease_is_not_written_down(store: Store, tmp_path: Path) -> None:
    _, lease = running(store)
    assert lease.encode() not in (tmp_path / "jobs.sqlite").read_bytes()
    assert lease.encode() not in (tmp_path / "jobs.sqlite-wal").read_bytes()


def test_unknown_job_is_told(store: Store) -> None:
    for ask in (store.job, store.changes, store.log, store.results):
        with pytest.raises(UnknownJob):
            ask("nobody")


def test_jobs_are_listed_and_counted(store: Store) -> None:
    first, _ = running(store)
    second = store.add(Payload.from_mapping(ASKED), submitter="bob", now=5.0)
    assert [job.id for job in store.jobs()] == [second, first]
    assert [job.id for job in store.jobs(state="running")] == [first]
    assert [job.id for job in store.jobs(submitter="bob")] == [second]
    assert store.counts() == {**dict.fromkeys(map(str, State), 0), "queued": 1, "running": 1}


def test_store_of_a_newer_stackproof_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    with monkeypatch.context() as patched:
        patched.setattr("worker.tables.VERSION", 99)
        Store.open(url).close()
    with pytest.raises(StackproofError, match="schema 99"):
        Store.open(url)


class Life(RuleBasedStateMachine):
    """Workers that come, die, lie and repeat themselves; whatever they do, an end counts once and stays."""

    @initialize()
    def begin(self) -> None:
        self.store = Store.open("sqlite://", RULES)
        self.now = 0.0
        self.jobs = [added(self.store) for _ in range(2)]
        self.claims: list[tuple[str, Claim]] = []
        self.ends: dict[str, State] = {}
        self.counted: dict[str, int] = dict.fromkeys(self.jobs, 0)

    @rule(which=st.integers(0, 1))
    def claim(self, which: int) -> None:
        job = self.jobs[which]
        free = self.store.job(job).state is State.QUEUED
        try:
            self.claims.append((job, self.store.claim(job, worker="node", now=self.now)))
            assert free
        except Conflict:
            assert not free

    @rule(data=st.data(), state=st.sampled_from([*sorted(LEASED), *sorted(ENDS)]))
    def say(self, data: st.DataObject, state: State) -> None:
        if not self.claims:
            return
        job, claim = data.draw(st.sampled_from(self.claims))
        found = self.store.job(job)
        holds = found.state in LEASED and claim.attempt == found.attempt
        try:
            if state in LEASED:
                self.store.report(job, claim.lease, state, now=self.now)
            else:
                self.store.finish(job, claim.lease, state, now=self.now, results=PASSED)
                self.counted[job] += 1
            assert holds
        except Conflict:
            assert not holds

    @rule(seconds=st.sampled_from([1.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.store.expire(now=self.now)

    @rule(which=st.integers(0, 1))
    def cancel(self, which: int) -> None:
        self.store.cancel(self.jobs[which], now=self.now)

    @invariant()
    def ends_stay(self) -> None:
        for job in getattr(self, "jobs", ()):
            state = self.store.job(job).state
            assert self.ends.setdefault(job, state) == state if state in FINAL else job not in self.ends
            assert self.counted[job] <= 1
            assert len(self.store.results(job)) == 2 * self.counted[job]
            assert sum(change.state in FINAL for change in self.store.changes(job)) == (state in FINAL)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


def test_whatever_workers_do_an_end_counts_once() -> None:
    run_state_machine_as_test(Life, settings=settings(max_examples=20, stateful_step_count=20, deadline=None))
