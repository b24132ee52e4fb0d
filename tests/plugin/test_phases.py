"""Phases of an upgrade: which tests run, what is refused, what is said, what is written down."""

from __future__ import annotations

import re
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event, Run
from pytest_whitebox.core.wait import wait_for

from .conftest import Run as RunPytest

SUITE = """
    import pytest

    @pytest.mark.rolling
    def test_rolls(): pass

    @pytest.mark.zero_impact(probe="GET compute /servers")
    def test_judges_impact(): pass

    @pytest.mark.zero_downtime(probe="GET compute /servers")
    def test_judges_downtime(): pass

    @pytest.mark.rolling
    @pytest.mark.phase("post")
    def test_only_after(): pass

    def test_unmarked(): pass
"""


@pytest.fixture
def places(pytester: pytest.Pytester, clouds_yaml: Path) -> Places:
    return Places(pytester.path / ".stackproof/upgrades")


@pytest.fixture
def store(places: Places) -> Iterator[Store]:
    with Store.open(places.url) as store:
        yield store


@pytest.fixture
def opened(store: Store) -> Run:
    """An open run of the cloud that does not answer."""
    run = Run("3f9a1c", "20261121T073000Z-3f9a1c", "lab", "127.0.0.1", "north")
    store.add_run(run)
    return run


@pytest.fixture
def phase(run: RunPytest, workers: str, places: Places) -> RunPytest:
    return lambda name, *more: run("--os-cloud", "lab", workers, f"--phase={name}", "-v", *more)


@pytest.mark.parametrize(
    ("name", "ran"),
    [
        ("pre", {"test_rolls", "test_judges_impact"}),
        ("during", {"test_rolls", "test_judges_impact", "test_judges_downtime"}),
        ("post", {"test_rolls", "test_judges_impact", "test_only_after"}),
    ],
)
def test_phase_runs_its_tests_and_deselects_the_others(
    pytester: pytest.Pytester, phase: RunPytest, opened: Run, store: Store, name: str, ran: set[str]
) -> None:
    pytester.makepyfile(test_it=SUITE)
    result = phase(name, *(["--upgrade-for=1s"] if name == "during" else []))

    result.assert_outcomes(passed=len(ran))
    result.stdout.fnmatch_lines([f"upgrade: phase {name} of run 3f9a1c (open since *"])
    result.stdout.no_fnmatch_line("*skipped*")
    assert set(re.findall(r"test_it.py::(\w+)", result.stdout.str())) == ran
    assert {one.test.rpartition("::")[2] for one in store.outcomes.of(opened.id)} == ran
    assert [(one.phase, one.outcome, one.ended is None) for one in store.attempts.of(opened.id)] == [
        (name, "passed", False)
    ]


def test_pre_begins_a_run_and_the_next_phases_go_on_with_it(
    pytester: pytest.Pytester, phase: RunPytest, store: Store
) -> None:
    pytester.makepyfile(test_it=SUITE)
    phase("pre").stdout.fnmatch_lines(["upgrade: phase pre of run ?????? (begins here), in sqlite:*"])
    (run,) = store.runs()
    phase("pre").stdout.fnmatch_lines([f"upgrade: phase pre of run {run.id} (open since *"])
    phase("post").stdout.fnmatch_lines([f"upgrade: phase post of run {run.id} (open since *"])
    assert [one.phase for one in store.attempts.of(run.id)] == ["pre", "pre", "post"]
    assert [(one.id, one.cloud, one.host, one.region) for one in store.runs()] == [
        (run.id, "lab", "127.0.0.1", "north")
    ]


@pytest.mark.parametrize("name", ["during", "post"])
def test_later_phase_without_pre_is_refused(phase: RunPytest, store: Store, name: str) -> None:
    result = phase(name)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --phase={name} without a run: none is open of the cloud lab at 127.0.0.1; begin with --phase=pre *"]
    )
    assert store.runs() == []


def test_two_open_runs_are_refused_until_one_is_named(
    pytester: pytest.Pytester, phase: RunPytest, store: Store, opened: Run
) -> None:
    pytester.makepyfile(test_it=SUITE)
    phase("pre", "--upgrade-run=new").assert_outcomes(passed=2)
    refused = phase("post")

    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["ERROR: 2 runs are open: 3f9a1c of lab and ?????? of lab; name one with *"])
    phase("post", "--upgrade-run=3f9").assert_outcomes(passed=3)


def test_run_of_another_cloud_is_none_of_ours(phase: RunPytest, store: Store, opened: Run) -> None:
    store.set_run(opened.id, host="10.9.9.9")
    phase("post").stderr.fnmatch_lines(["ERROR: --phase=post without a run: *"])


def test_closed_run_and_phase_without_a_cloud_are_refused(
    run: RunPytest, phase: RunPytest, store: Store, opened: Run
) -> None:
    store.set_run(opened.id, closed=1.0)
    phase("post", "--upgrade-run=3f9a1c").stderr.fnmatch_lines(["ERROR: run 3f9a1c is closed, *begin another *"])
    phase("pre", "--upgrade-to=1999.9").stderr.fnmatch_lines(["ERROR: --upgrade-to is wrong: '1999.9' is no release*"])
    run("--phase=pre").stderr.fnmatch_lines(["ERROR: no cloud to upgrade; pass --os-cloud NAME*"])
    run("--os-cloud", "lab", "--phase=sideways").stderr.fnmatch_lines(["*invalid choice: 'sideways' (choose from *"])


def test_phase_that_has_no_test_says_so(pytester: pytest.Pytester, phase: RunPytest, store: Store) -> None:
    pytester.makepyfile("def test_unmarked(): pass")
    result = phase("pre")

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["phase pre has none of the 1 chosen tests: mark those it is for (rolling,*"])


def test_what_is_only_looked_at_begins_no_run(pytester: pytest.Pytester, phase: RunPytest, store: Store) -> None:
    pytester.makepyfile(test_it=SUITE)
    result = phase("post", "--collect-only", "-q")

    assert "test_only_after" in result.stdout.str()
    assert "test_unmarked" not in result.stdout.str()
    assert store.runs() == []


def test_outcomes_are_written_down_with_service_tag_and_reason(
    pytester: pytest.Pytester, phase: RunPytest, store: Store, opened: Run
) -> None:
    pytester.mkpydir("block_storage").joinpath("test_it.py").write_text(
        "import pytest\n"
        "pytestmark = pytest.mark.rolling\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 1 == 2, 'the volume is gone'\n"
        "def test_not_here(): pytest.skip('no volumes here')\n"
        "def test_unclear(): raise ValueError('inconclusive: the token had expired')\n"
        "@pytest.fixture\n"
        "def broken(): raise ValueError('nothing was made')\n"
        "def test_error(broken): pass\n"
    )
    result = phase("post")

    result.assert_outcomes(passed=1, failed=2, skipped=1, errors=1)
    assert [line for line in result.outlines if "INCONCLUSIVE" in line and "test_unclear" in line]
    told = {one.test.rpartition("::")[2]: one for one in store.outcomes.of(opened.id)}
    assert {name: one.outcome for name, one in told.items()} == {
        "test_good": "passed", "test_bad": "failed", "test_not_here": "skipped", "test_unclear": "inconclusive",
        "test_error": "error",
    }  # fmt: skip
    assert {(one.service, one.tag, one.phase) for one in told.values()} == {("block-storage", "rolling", "post")}
    assert "the volume is gone" in told["test_bad"].reason
    assert "no volumes here" in told["test_not_here"].reason


SMOKE = """
    import os, pytest
    pytestmark = pytest.mark.smoke

    def test_one(): pass
    def test_two(): pass
    def test_three(): pass
    @pytest.mark.rolling
    def test_rolls(): pass
"""


def test_smoke_tests_run_in_each_phase_as_far_as_there_is_time(
    pytester: pytest.Pytester, phase: RunPytest, store: Store
) -> None:
    for name in ("image", "compute"):
        pytester.mkpydir(name).joinpath(f"test_{name}.py").write_text(textwrap.dedent(SMOKE))

    phase("pre").assert_outcomes(passed=2)
    (run,) = store.runs()
    assert {one.tag for one in store.outcomes.of(run.id)} == {"rolling"}
    # Nobody knows yet how long a test takes: one of each service.
    phase("pre", "--upgrade-smoke=30s").assert_outcomes(passed=4)
    chosen = {(one.test, one.service) for one in store.outcomes.of(run.id, tag="smoke")}
    assert {service for _, service in chosen} == {"image", "compute"}
    assert len(chosen) == 2
    # What pre has run is compared, though there would be time for more.
    phase("post", "--upgrade-smoke=1h").assert_outcomes(passed=4)
    assert {(one.test, one.service) for one in store.outcomes.of(run.id, tag="smoke", phase="post")} == chosen


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("rolling(1)", "@pytest.mark.rolling: it takes no arguments"),
        ("zero_downtime", "@pytest.mark.zero_downtime: it takes services or probes, as in service="),
        ("zero_impact(probe='GET /servers')", "@pytest.mark.zero_impact: 'GET /servers' is no probe: write METHOD *"),
        (
            "zero_impact(service='GET compute')",
            "@pytest.mark.zero_impact: 'GET compute' is no service: write its type*",
        ),
        ("phase('before')", "@pytest.mark.phase: 'before' is none of pre, during, post"),
        ("phase", "@pytest.mark.phase: it takes the names of phases"),
    ],
)
def test_misused_marker_is_told_in_one_sentence(
    pytester: pytest.Pytester, run: RunPytest, marker: str, told: str
) -> None:
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.{marker}\ndef test_it(): pass\n")
    result = run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(f"*{told}*")


def test_during_ends_when_the_upgrade_does(
    pytester: pytest.Pytester, phase: RunPytest, store: Store, opened: Run
) -> None:
    pytester.makepyfile(test_it=SUITE)

    def upgrade() -> None:
        wait_for(lambda: store.outcomes.of(opened.id), timeout=60, what="the tests that run beside the upgrade")
        store.events.add(opened.id, Event("nova", "end", ok=True))
        ended.append(len(store.outcomes.of(opened.id)))
        assert main(["mark", "end", "--upgrade-runs", str(pytester.path / ".stackproof/upgrades")]) == 0

    ended: list[int] = []
    beside = threading.Thread(target=upgrade)
    beside.start()
    result = phase("during")
    beside.join()

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["upgrade: the phase ends at `pytest-upgrade mark end` or Ctrl-C*"])
    result.stdout.fnmatch_lines(["phase during: the upgrade has ended"])
    # Only what judges nothing had run before.
    assert ended == [1]


def test_during_tells_what_went_wrong_first_and_what_is_still_to_come(
    pytester: pytest.Pytester, phase: RunPytest, opened: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.rolling
        @pytest.mark.parametrize("service", ["compute", "image", "network"])
        def test_rolls(service): assert service == "compute"
        """
    )
    result = phase("during", "--upgrade-for=1s")

    result.stdout.fnmatch_lines(
        [
            "phase during: 2 failed (image 1, network 1), 1 passed",
            "still to come: what is left of the upgrade, and the tests after it",
            "run 3f9a1c: *",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("verdict: *")


def test_a_look_during_an_upgrade_judges_no_end_of_it(
    pytester: pytest.Pytester, phase: RunPytest, opened: Run, store: Store
) -> None:
    pytester.makepyfile(test_it=SUITE)
    phase("during", "--upgrade-look", "--upgrade-for=1s").assert_outcomes(passed=1)
    assert [one.test.rpartition("::")[2] for one in store.outcomes.of(opened.id)] == ["test_rolls"]
    nothing = phase("during", "--upgrade-look", "--upgrade-for=1s", "-m", "zero_downtime")

    assert nothing.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    nothing.stdout.fnmatch_lines(["none of the 1 chosen tests looks at what is now"])


def test_during_ends_when_a_file_appears(
    pytester: pytest.Pytester, phase: RunPytest, store: Store, opened: Run
) -> None:
    pytester.makepyfile(test_it=SUITE)
    file = pytester.path / "upgraded"
    timer = threading.Timer(3, file.touch)
    timer.start()
    result = phase("during", "--upgrade-until=upgraded")
    timer.join()

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["phase during: */upgraded is there"])
    phase("during", "--upgrade-until=upgraded").stderr.fnmatch_lines(
        ["ERROR: the file */upgraded of --upgrade-until is there already; remove it; *"]
    )


def test_during_is_refused_when_the_upgrade_has_ended(phase: RunPytest, store: Store, opened: Run) -> None:
    store.events.add(opened.id, Event("", "end", ok=True))
    phase("during", "--upgrade-for=1s").stderr.fnmatch_lines(
        ["ERROR: the upgrade of run 3f9a1c has ended; go on with --phase=post, *"]
    )


def test_time_of_during_means_nothing_in_another_phase(run: RunPytest, phase: RunPytest, store: Store) -> None:
    phase("pre", "--upgrade-for=30m").stderr.fnmatch_lines(
        ["ERROR: --upgrade-for is for --phase=during; leave it out, or choose that phase"]
    )
    run("--upgrade-until=x").stderr.fnmatch_lines(["ERROR: --upgrade-until is for --phase=during; *"])
    phase("post", "--upgrade-look").stderr.fnmatch_lines(["ERROR: --upgrade-look is for --phase=during; *"])
    phase("during", "--upgrade-for=soon").stderr.fnmatch_lines(["ERROR: --upgrade-for is wrong: 'soon' is no time: *"])
    assert store.runs() == []
