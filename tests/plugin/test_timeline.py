"""A test with a probe during an upgrade: what it sees of an observer that is at work, and of one that is not."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

# Loaded before any run within this process, each of which forgets what it was the first to load.
import pytest_upgrade.phases.timeline  # noqa: F401
from pytest_upgrade.configured.places import Places
from pytest_upgrade.observers import clock, outside
from pytest_upgrade.observers.assignment import Assignment
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.left_out import LeftOut
from pytest_upgrade.observers.notebook import Notebook
from pytest_upgrade.observers.observing import SAMPLES
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event, Run
from pytest_upgrade.verdicts.copies import take
from pytest_upgrade.verdicts.samples import Samples
from pytest_whitebox.core.rundirectory import RunDirectory
from pytest_whitebox.core.wait import wait_for
from tests.doubles.scripted import Scripted, response, scripted

from .cloud_on_loopback import Cloud
from .conftest import Run as RunPytest

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "lab", "127.0.0.1", "north")
SUITE = """
    import pytest

    @pytest.mark.zero_downtime(probe="GET compute /servers")
    def test_never_stops_answering(timeline):
        assert not timeline.outages

    @pytest.mark.zero_impact(probe="GET compute /servers")
    def test_never_gets_slower(timeline):
        assert not timeline.slowness
"""


@pytest.fixture
def places(pytester: pytest.Pytester, clouds_yaml: Path) -> Places:
    pytester.makepyfile(test_it=SUITE)
    return Places(pytester.path / ".stackproof/upgrades")


@pytest.fixture
def store(places: Places) -> Iterator[Store]:
    with Store.open(places.url) as store:
        store.add_run(RUN)
        yield store


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted({"/servers": response(200, b'{"servers": []}')}) as server:
        yield server


@pytest.fixture
def observed(server: Scripted, places: Places) -> Iterator[Scripted]:
    """The cloud's API, under the eyes of an observer."""
    lane = Lane("compute", "GET", "/servers", server.url("/servers"), "new", 0.1, contains="servers")
    folder = places.directory(RUN.name).folder()
    outside.start(Assignment(folder, (lane,), longest=120))
    yield server
    outside.stop(folder)


@pytest.fixture
def seen_by_clockwork(places: Places) -> Iterator[None]:
    """The samples of an observer that never misses a slot, now and for minutes to come, whatever else the machine does.

    Its lock is held as an observer holds it; the file is written by an observer's own notebook.
    """
    folder = places.directory(RUN.name).folder()
    lane = Lane("compute", "GET", "/servers", "http://127.0.0.1:9/servers", "new", 0.1, contains="servers")
    notebook, begin = Notebook(folder / SAMPLES, "clockwork"), clock.now() - 10 * clock.SECOND
    number = notebook.lane(lane, begin)
    for slot in range(4000):
        notebook.record(Sample(number, slot, 100, 5000, Result.OK, 200))
    notebook.left_out(LeftOut(replace(lane, path="/flavors"), "403 instead of 200"))
    notebook.close()
    with (folder / outside.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@pytest.fixture
def during(run: RunPytest, workers: str) -> RunPytest:
    return lambda *more: run("--os-cloud", "lab", workers, "--phase=during", "-v", *more)


def test_what_never_failed_passes_and_what_has_no_baseline_is_inconclusive(
    during: RunPytest, store: Store, seen_by_clockwork: None
) -> None:
    result = during("--upgrade-for=2s")

    result.assert_outcomes(passed=1, failed=1)
    assert [line for line in result.outlines if "test_never_stops_answering" in line and "PASSED" in line]
    assert [line for line in result.outlines if "test_never_gets_slower" in line and "INCONCLUSIVE" in line]
    result.stdout.fnmatch_lines(["*inconclusive: baseline: GET compute /servers (new): * were observed before *"])
    result.stdout.fnmatch_lines(
        ["phase during: 1 inconclusive (no service 1), 1 passed", "still to come: *, until which 3 verdicts are open"]
    )
    # A store beside the folder of its runs needs no copy of what is in that.
    assert store.pieces.of(RUN.id) == []


def test_a_store_that_others_share_has_what_was_seen_until_the_phase_ended(
    pytester: pytest.Pytester, during: RunPytest, store: Store, seen_by_clockwork: None
) -> None:
    url = f"sqlite:///{pytester.path}/laboratory.sqlite"
    with Store.open(url) as shared:
        shared.add_run(RUN)
        during("--upgrade-for=2s", "-k", "stops", "--upgrade-store", url).assert_outcomes(passed=1)
        assert take(shared, RUN, RunDirectory(pytester.path / "elsewhere", RUN.name))
    assert store.pieces.of(RUN.id) == []
    assert [len(one) for one in Samples(pytester.path / "elsewhere" / RUN.name).series()] == [4000]


def test_an_outage_fails_the_test_with_its_step_and_the_report_draws_it(
    pytester: pytest.Pytester, during: RunPytest, store: Store, observed: Scripted
) -> None:
    def upgrade() -> None:
        wait_for(lambda: store.attempts.of(RUN.id), timeout=60, what="the phase to begin")
        wait_for(lambda: observed.asked["/servers"] > 20, timeout=60, what="requests")
        for step in ("", "nova"):
            store.events.add(RUN.id, Event(step, "begin"))
        before = observed.asked["/servers"]
        observed.answers["/servers"] = response(503)
        wait_for(lambda: observed.asked["/servers"] > before + 6, timeout=60, what="failures")
        observed.answers["/servers"] = response(200, b'{"servers": []}')
        wait_for(lambda: observed.asked["/servers"] > before + 20, timeout=60, what="good answers")
        for step in ("nova", ""):
            store.events.add(RUN.id, Event(step, "end"))

    upgrading = threading.Thread(target=upgrade, daemon=True)
    upgrading.start()
    result = during("--upgrade-for=120s", "-k", "stops")
    upgrading.join(timeout=60)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E * assert not [[]<outage: GET compute /servers (new): * failed in * (*; unavailable) during nova>[]]"]
    )
    # What fails above it for the same reason, and what nobody can judge before the tests after the upgrade, is no line.
    (verdict,) = [line for line in result.outlines if line.startswith("verdict: ")]
    assert verdict.startswith("verdict: compute zero_downtime: FAIL: ")
    result.stdout.fnmatch_lines(["still to come: the tests after it, until which 1 verdict is open"])
    (report,) = pytester.path.glob(".stackproof/runs/20*/report.html")
    shown = report.read_text()
    assert "Upgrade run 3f9a1c" in shown
    assert '"name":"nova"' in shown
    assert "503, come again later" in shown


def test_a_probe_that_nobody_observes_is_inconclusive(during: RunPytest, store: Store) -> None:
    """The cloud does not answer, so that no observer could be begun."""
    result = during("--upgrade-for=1s", "-k", "stops")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*inconclusive: nobody observes: *"])


def test_the_cloud_of_another_run_is_not_observed(
    run_apart: RunPytest, workers: str, store: Store, cloud_on_loopback: Cloud
) -> None:
    """A run that is named may be that of a cloud which has another address, and another Keystone."""
    store.set_run(RUN.id, host="10.9.9.9", fingerprint="another-keystone")
    named = ("--os-cloud", "lab", "--phase=during", "--upgrade-run=3f9a1c", "--upgrade-for=1s")
    result = run_apart(*named, workers, "-k", "stops")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*inconclusive: nobody observes: run 3f9a1c was begun on another cloud: *"])


def test_another_probe_than_those_observed_is_inconclusive(
    pytester: pytest.Pytester, during: RunPytest, store: Store, observed: Scripted
) -> None:
    pytester.makepyfile(test_it=SUITE.replace("/servers", "/flavors"))
    result = during("--upgrade-for=1s", "-k", "stops")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*inconclusive: not observed in this phase: GET compute /flavors; *"])


def test_a_whole_service_is_judged_by_what_is_observed_and_what_is_not_is_named(
    pytester: pytest.Pytester, during: RunPytest, store: Store, seen_by_clockwork: None
) -> None:
    pytester.makeini("[pytest]\nenable_assertion_pass_hook = true\n")
    pytester.makepyfile(test_it=SUITE.replace('probe="GET compute /servers"', 'service="compute"'))
    during("--upgrade-for=2s", "-k", "stops").assert_outcomes(passed=1)

    (report,) = pytester.path.glob(".stackproof/runs/20*/report.html")
    assert "left out: GET compute /flavors (new): 403 instead of 200" in report.read_text()


def test_a_probe_that_was_left_out_is_inconclusive_and_so_is_a_service_that_nobody_observes(
    pytester: pytest.Pytester, during: RunPytest, store: Store, seen_by_clockwork: None
) -> None:
    pytester.makepyfile(test_it=SUITE.replace("/servers", "/flavors"))
    result = during("--upgrade-for=1s", "-k", "stops")
    result.assert_outcomes(errors=1)
    left_out = "(left out: GET compute /flavors (new): 403 instead of 200)"
    result.stdout.fnmatch_lines([f"*inconclusive: not observed in this phase: GET compute /flavors {left_out}; *"])

    pytester.makepyfile(test_it=SUITE.replace('probe="GET compute /servers"', 'service="image"'))
    result = during("--upgrade-for=1s", "-k", "stops")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*inconclusive: not observed in this phase: image; observed are: GET compute /*"])


def test_a_timeline_without_a_probe_says_how_to_write_one(
    pytester: pytest.Pytester, during: RunPytest, store: Store, observed: Scripted
) -> None:
    pytester.makepyfile(
        test_it="import pytest\n@pytest.mark.phase('during')\ndef test_it(timeline): assert not timeline.outages\n"
    )
    result = during("--upgrade-for=1s")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a timeline needs a probe; mark the test: @pytest.mark.zero_downtime(probe=*"])
