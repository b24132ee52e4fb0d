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
    return store.jobs.add(Payload.from_mapping({**ASKED, **more}), submitter="ann", now=0.0)


def running(store: Store, now: float = 1.0, **more: Any) -> tuple[str, str]:
    job = added(store, **more)
    lease = store.leases.claim(job, worker="node", now=now).lease
    store.leases.report(job, lease, State.RUNNING, now=now)
    return job, lease


def test_a_job_goes_its_way(store: Store) -> None:
    job = added(store)
    claim = store.leases.claim(job, worker="node/0", now=1.0)
    assert store.leases.report(job, claim.lease, State.INSTALLING, now=2.0, log="uv\n") == ""
    assert store.leases.report(job, claim.lease, State.RUNNING, now=3.0, done=1, total=2, log="test_a\n") == ""
    found = store.jobs.get(job)
    assert (found.state, found.done, found.total, found.worker, found.attempt) == (State.RUNNING, 1, 2, "node/0", 1)
    store.leases.finish(job, claim.lease, State.PASSED, now=4.0, results=PASSED, log="over\n")
    assert store.jobs.get(job).counts == {"passed": 1, "skipped": 1}
    assert store.jobs.results(job) == PASSED
    states = [change.state for change in store.jobs.changes(job)]
    assert states == ["queued", "claimed", "installing", "running", "passed"]
    text, last = store.jobs.log(job)
    assert (text, store.jobs.log(job, last)) == ("uv\ntest_a\nover\n", ("", last))


def test_it_outlives_the_process(store: Store, tmp_path: Path) -> None:
    job, lease = running(store)
    with Store.open(f"sqlite:///{tmp_path}/jobs.sqlite", RULES) as again:
        again.leases.finish(job, lease, State.FAILED, now=2.0, sentence="one failed")
    assert (store.jobs.get(job).state, store.jobs.get(job).sentence) == (State.FAILED, "one failed")


def test_who_comes_second_has_nothing(store: Store) -> None:
    job = added(store)
    store.leases.claim(job, worker="first", now=1.0)
    with pytest.raises(Conflict, match=f"^job {job} is claimed"):
        store.leases.claim(job, worker="second", now=1.0)
    assert store.jobs.get(job).worker == "first"


def test_payload_that_did_not_come_from_here_is_no_job(store: Store) -> None:
    job = added(store)
    with pytest.raises(Conflict, match="another payload"):
        store.leases.claim(job, worker="node", now=1.0, digest="0" * 64)
    assert store.jobs.get(job).state is State.QUEUED


def test_silent_worker_loses_the_job_and_cannot_count_it(store: Store) -> None:
    job, old = running(store)
    assert store.upkeep.expire(now=31.0) == []
    assert store.upkeep.expire(now=31.1) == [(job, State.QUEUED)]
    new = store.leases.claim(job, worker="other", now=32.0).lease
    for late in (
        lambda: store.leases.finish(job, old, State.FAILED, now=33.0, results=PASSED),
        lambda: store.leases.report(job, old, State.RUNNING, now=33.0),
        lambda: store.leases.hand_back(job, old, now=33.0, text="leaving"),
    ):
        with pytest.raises(Conflict, match="no longer yours"):
            late()
    store.leases.finish(job, new, State.PASSED, now=34.0, results=PASSED)
    with pytest.raises(Conflict):
        store.leases.finish(job, new, State.FAILED, now=35.0, results=PASSED)
    assert (store.jobs.get(job).state, len(store.jobs.results(job))) == (State.PASSED, 2)


def test_a_report_prolongs_the_lease(store: Store) -> None:
    job, lease = running(store)
    store.leases.report(job, lease, State.RUNNING, now=30.0)
    assert store.upkeep.expire(now=59.0) == []


def test_what_kills_workers_is_quarantined(store: Store) -> None:
    job = added(store)
    for death in range(RULES.deaths):
        store.leases.claim(job, worker=f"node{death}", now=100.0 * death)
        store.upkeep.expire(now=100.0 * death + 31)
    assert store.jobs.get(job).state is State.LOST
    assert store.jobs.get(job).sentence == "quarantined: 3 workers were lost with it, the last was node2"


def test_handing_back_is_no_death(store: Store) -> None:
    job = added(store)
    for turn in range(2 * RULES.deaths):
        claim = store.leases.claim(job, worker="node", now=float(turn))
        store.leases.hand_back(job, claim.lease, now=float(turn), text="the worker ends")
    assert (store.jobs.get(job).state, store.jobs.get(job).deaths, store.jobs.get(job).attempt) == (State.QUEUED, 0, 6)


def test_cancel_of_what_waits_is_at_once(store: Store) -> None:
    job = added(store)
    assert store.jobs.cancel(job, now=1.0) is State.CANCELLED
    with pytest.raises(Conflict):
        store.leases.claim(job, worker="node", now=2.0)
    assert store.jobs.cancel(job, now=3.0) is State.CANCELLED


def test_cancel_of_what_runs_reaches_its_worker(store: Store) -> None:
    job, lease = running(store)
    assert store.jobs.cancel(job, now=2.0) is State.RUNNING
    assert store.leases.report(job, lease, State.RUNNING, now=3.0) == CANCELLED
    store.leases.finish(job, lease, State.CANCELLED, now=4.0)
    assert store.jobs.get(job).state is State.CANCELLED


def test_cancelled_job_whose_worker_is_lost_stays_cancelled(store: Store) -> None:
    job, _ = running(store)
    store.jobs.cancel(job, now=2.0)
    assert store.upkeep.expire(now=40.0) == [(job, State.CANCELLED)]


def test_job_without_an_end_is_stopped(store: Store) -> None:
    job, lease = running(store)
    store.upkeep.stop_overdue(now=111.0)
    assert store.leases.report(job, lease, State.RUNNING, now=111.0) == ""
    store.upkeep.stop_overdue(now=111.1)
    assert store.leases.report(job, lease, State.RUNNING, now=111.2) == DEADLINE


def test_only_what_waits_is_dispatched_and_what_comes_back_is_again(store: Store) -> None:
    first, second = added(store, priority="high"), added(store)
    waiting = {(job, priority) for job, priority, _ in store.upkeep.undispatched()}
    assert waiting == {(first, "high"), (second, "normal")}
    store.upkeep.set_dispatched([first, second])
    assert store.upkeep.undispatched() == []
    claim = store.leases.claim(first, worker="node", now=1.0)
    assert store.upkeep.waiting([first, second]) == {second}
    store.upkeep.forget_dispatched()
    assert [job for job, *_ in store.upkeep.undispatched()] == [second]
    store.leases.hand_back(first, claim.lease, now=2.0, text="")
    assert {job for job, *_ in store.upkeep.undispatched()} == {first, second}


def test_monitor_that_was_away_takes_no_job_from_anybody(store: Store) -> None:
    job, lease = running(store)
    store.upkeep.prolong(now=1000.0)
    assert store.upkeep.expire(now=1000.0) == []
    store.leases.finish(job, lease, State.PASSED, now=1001.0)


def test_callback_hears_all_in_order(store: Store) -> None:
    job, lease = running(store, callback="https://watch.example/")
    store.leases.finish(job, lease, State.PASSED, now=2.0)
    heard: list[str] = []
    while due := store.upkeep.notices(now=3.0):
        (notice,) = due
        if notice.tries == 0 and not heard:
            store.upkeep.untold(notice, due=2.5)
            (again,) = store.upkeep.notices(now=3.0)
            assert (again.id, again.tries) == (notice.id, 1)
        heard.append(notice.body)
        store.upkeep.told(notice)
    assert ['"state": "queued"' in heard[0], '"state": "passed"' in heard[-1], len(heard)] == [True, True, 4]


def test_notice_is_not_told_before_its_time(store: Store) -> None:
    added(store, callback="https://watch.example/")
    (notice,) = store.upkeep.notices(now=1.0)
    store.upkeep.untold(notice, due=60.0)
    assert store.upkeep.notices(now=59.0) == []


def test_log_ends_somewhere(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.store.rows.LONGEST_LOG", 10)
    job, lease = running(store)
    for _ in range(5):
        store.leases.report(job, lease, State.RUNNING, now=2.0, log="1234")
    assert store.jobs.log(job)[0] == "12341234"


def test_lease_is_not_written_down(store: Store, tmp_path: Path) -> None:
    _, lease = running(store)
    assert lease.encode() not in (tmp_path / "jobs.sqlite").read_bytes()
    assert lease.encode() not in (tmp_path / "jobs.sqlite-wal").read_bytes()


def test_unknown_job_is_told(store: Store) -> None:
    for ask in (store.jobs.get, store.jobs.changes, store.jobs.log, store.jobs.results):
        with pytest.raises(UnknownJob):
            ask("nobody")


def test_jobs_are_listed_and_counted(store: Store) -> None:
    first, _ = running(store)
    second = store.jobs.add(Payload.from_mapping(ASKED), submitter="bob", now=5.0)
    assert [job.id for job in store.jobs.newest()] == [second, first]
    assert [job.id for job in store.jobs.newest(state="running")] == [first]
    assert [job.id for job in store.jobs.newest(submitter="bob")] == [second]
    assert store.jobs.counts() == {**dict.fromkeys(map(str, State), 0), "queued": 1, "running": 1}


def test_store_of_a_newer_stackproof_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    with monkeypatch.context() as patched:
        patched.setattr("worker.store.tables.VERSION", 99)
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
        free = self.store.jobs.get(job).state is State.QUEUED
        try:
            self.claims.append((job, self.store.leases.claim(job, worker="node", now=self.now)))
            assert free
        except Conflict:
            assert not free

    @rule(data=st.data(), state=st.sampled_from([*sorted(LEASED), *sorted(ENDS)]))
    def say(self, data: st.DataObject, state: State) -> None:
        if not self.claims:
            return
        job, claim = data.draw(st.sampled_from(self.claims))
        found = self.store.jobs.get(job)
        holds = found.state in LEASED and claim.attempt == found.attempt
        try:
            if state in LEASED:
                self.store.leases.report(job, claim.lease, state, now=self.now)
            else:
                self.store.leases.finish(job, claim.lease, state, now=self.now, results=PASSED)
                self.counted[job] += 1
            assert holds
        except Conflict:
            assert not holds

    @rule(seconds=st.sampled_from([1.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.store.upkeep.expire(now=self.now)

    @rule(which=st.integers(0, 1))
    def cancel(self, which: int) -> None:
        self.store.jobs.cancel(self.jobs[which], now=self.now)

    @invariant()
    def ends_stay(self) -> None:
        for job in getattr(self, "jobs", ()):
            state = self.store.jobs.get(job).state
            assert self.ends.setdefault(job, state) == state if state in FINAL else job not in self.ends
            assert self.counted[job] <= 1
            assert len(self.store.jobs.results(job)) == 2 * self.counted[job]
            assert sum(change.state in FINAL for change in self.store.jobs.changes(job)) == (state in FINAL)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


def test_whatever_workers_do_an_end_counts_once() -> None:
    run_state_machine_as_test(Life, settings=settings(max_examples=20, stateful_step_count=20, deadline=None))
