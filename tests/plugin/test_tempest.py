"""Tests of Tempest as tests of pytest: by our own small plugin of Tempest, which needs no cloud."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import CANARY, Run
from .tempest_run import outcomes, read_tests, tempest_run

SAMPLE = "sample_tempest_plugin"
OUTCOMES = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_raises": "failed",
    "test_cleanup_fails": "failed",
    "test_expects": "failed",
    "test_unexpectedly_passes": "failed",
    "test_expected_to_fail": "xfailed",
}
CONF = "[oslo_concurrency]\nlock_path = locks\n[auth]\nuse_dynamic_credentials = false\n"
CONFTEST = """
import os
import pytest

def note(*words):
    with open(os.environ["SAMPLE_NOTES"], "a") as file:
        print(os.getpid(), *words, file=file)

@pytest.fixture(scope="session", autouse=True)
def whole_session():
    note("session")
    yield
    note("session ends")

@pytest.fixture(autouse=True)
def each_test(request):
    note("fixture", type(request.instance).__name__, request.cls.__name__, request.node.name)
"""
Tempest = Callable[..., pytest.RunResult]


@dataclass(frozen=True)
class Whole:
    """A run of all tests of the sample: where it ran, and what it said."""

    folder: Path
    lines: list[str]

    @property
    def notes(self) -> list[list[str]]:
        """What was called, in order: the process, and words."""
        return [line.split(" ") for line in (self.folder / "notes").read_text().splitlines()]

    def told(self, word: str) -> set[str]:
        """The names of the tests of which -rA says a word."""
        found = (re.match(rf"{word} \S+?::(\S+)", line) for line in self.lines)
        return {match[1].rpartition("::")[2] for match in found if match}

    def says(self, *patterns: str) -> None:
        """Fail unless there are such lines, in any order."""
        pytest.LineMatcher(self.lines).fnmatch_lines_random(patterns)


@pytest.fixture(scope="module", params=["-n0", "-n2"])
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tempest_sample: Path, cache_of_all: str
) -> Whole:
    """All tests of the sample, run once by so many workers."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "etc").mkdir()
    (folder / "etc" / "tempest.conf").write_text(CONF)
    (folder / "conftest.py").write_text(CONFTEST)
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("OS_", "WHITEBOX_", "PYTEST_"))}
    env = {**clean, "PYTHONPATH": str(tempest_sample), "COLUMNS": "200", "SAMPLE_NOTES": str(folder / "notes")}
    words = [
        f"--tempest={SAMPLE}",
        "--tempest-exclude=test_secrets|test_waiting",
        "-rA",
        "--junitxml=junit.xml",
        "--html=report.html",
        request.param,
        "-o",
        cache_of_all,
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    (folder / "said").write_text(done.stdout + done.stderr)
    return Whole(folder, done.stdout.splitlines())


@pytest.fixture
def tempest(
    pytester: pytest.Pytester, run_apart: Run, monkeypatch: pytest.MonkeyPatch, tempest_sample: Path, cache_of_all: str
) -> Tempest:
    """``tempest(*arguments)``: pytest where there is a tempest.conf for no cloud, and the sample plugin."""
    monkeypatch.setenv("PYTHONPATH", str(tempest_sample))
    monkeypatch.setenv("COLUMNS", "200")
    (pytester.mkdir("etc") / "tempest.conf").write_text(CONF)
    return lambda *words: run_apart("-o", cache_of_all, *words)


def test_each_outcome_is_what_it_was(whole: Whole) -> None:
    for word in ("passed", "failed", "xfailed"):
        names = {name for name, outcome in OUTCOMES.items() if outcome == word}
        assert names <= whole.told({"xfailed": "XFAIL"}.get(word, word.upper()))
    whole.says(
        "=*5 failed, 6 passed, 4 skipped, 1 xfailed, 3 errors in*",
        "SKIPPED *sample_tempest_plugin/tests/test_outcomes.py:*not on a Sunday",
        "SKIPPED *Skipped until bug: https://launchpad.net/bugs/1234567 is resolved.",
    )


def test_tempest_run_says_the_same(whole: Whole, tmp_path: Path, tempest_sample: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "tempest.conf").write_text(CONF)
    env = {"PYTHONPATH": str(tempest_sample)}
    theirs = tempest_run(tmp_path, "--serial", "--regex", f"{SAMPLE}.tests.test_outcomes", env=env)

    found = {name.rpartition(".")[2]: word for name, word in theirs.items()}
    assert found == {**OUTCOMES, "test_skips": "skipped", "test_skipped_for_a_bug": "skipped"}
    assert whole.lines


def test_a_failure_is_told_as_pytest_tells_it(whole: Whole) -> None:
    whole.says(
        "*RuntimeError: the first cannot be removed", "*RuntimeError: the second cannot be removed",
        "*_ Outcomes.test_expects _*", "*1 != 2*",
        '>       self.assertEqual("ACTIVE", thing["status"])', "*MismatchError*'ACTIVE' != 'ERROR'",
        "*console call*", "the guest said boo",
    )  # fmt: skip
    assert [line for line in whole.lines if "testtools/runtest.py" in line] == []


def test_what_is_logged_has_no_secrets(whole: Whole) -> None:
    written = [file for file in whole.folder.rglob("*") if file.is_file()]

    whole.says("*answer: {'user': {'password': '[*][*][*]', 'name': 'kept'}}")
    assert {"junit.xml", "report.html", "said"} <= {file.name for file in written}
    assert [file for file in written if CANARY.encode() in file.read_bytes()] == []


def test_subunit_and_junit_have_the_names_of_tempest(whole: Whole) -> None:
    passes = "test_passes[id-5f1b7a4e-0000-4000-8000-000000000001,sample,smoke]"
    scenario = "test_upload[id-5f1b7a4e-0000-4000-8000-000000000003](raw)"
    (stream,) = (whole.folder / ".stackproof" / "runs").glob("*Z-*/results.subunit")
    theirs = read_tests(stream.read_bytes())
    cases = xml.etree.ElementTree.parse(whole.folder / "junit.xml").iter("testcase")
    junit = {(case.get("classname"), case.get("name")) for case in cases}

    assert {f"{SAMPLE}.tests.test_outcomes.Outcomes.{passes}", f"{SAMPLE}.tests.test_scenarios.Formats.{scenario}"} <= {
        test["id"] for test in theirs
    }
    assert {f"{one}.{name}" for one, name in junit} == {test["id"] for test in theirs}
    assert len(theirs) == 18
    failed = next(test for test in theirs if "test_fails" in test["id"])
    assert "MismatchError" in failed["details"]["traceback"].as_text()
    assert "answer: {'user'" in failed["details"]["pythonlogging:''"].as_text()
    whole.says("tempest: results as subunit: *results.subunit")


def test_the_stream_tells_the_outcomes_that_tempest_run_has(whole: Whole) -> None:
    (stream,) = (whole.folder / ".stackproof" / "runs").glob("*Z-*/results.subunit")
    found = {
        name.rpartition(".")[2]: word for name, word in outcomes(stream.read_bytes()).items() if "Outcomes" in name
    }

    assert found == {**OUTCOMES, "test_skips": "skipped", "test_skipped_for_a_bug": "skipped"}


def test_what_befalls_a_class_is_told_of_each_of_its_tests(whole: Whole) -> None:
    whole.says(
        "ERROR *::Failing::test_first*the class cannot be set up",
        "ERROR *::Failing::test_second*the class cannot be set up",
        "ERROR *::Leaving::test_passes*the class leaves a server*",
        "SKIPPED [[]2[]] sample_tempest_plugin/tests/test_classes.py:*needs a service that nobody has",
    )


def test_a_class_is_set_up_once(whole: Whole) -> None:
    notes = [" ".join(words[1:]) for words in whole.notes]

    assert notes.count("setup Outcomes") == notes.count("cleanup Outcomes") == 1
    assert notes.index("setup Outcomes") < notes.index("test passes") < notes.index("cleanup Outcomes")
    assert "test goes on" in notes
    assert "test never" not in notes
    assert notes.count("cleanup Failing") == 1


def test_a_class_that_is_interrupted_while_it_is_set_up_is_torn_down(
    tempest: Tempest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = pytester.path / "notes"
    monkeypatch.setenv("SAMPLE_NOTES", str(notes))
    monkeypatch.setenv("SAMPLE_INTERRUPTED", "yes")

    interrupted = tempest(f"--tempest={SAMPLE}.*Failing")

    assert interrupted.ret == pytest.ExitCode.INTERRUPTED
    assert notes.read_text().count("cleanup Failing") == 1


@pytest.mark.parametrize(
    ("workers", "told"),
    [("-n0", "after that: RuntimeError: the class cannot be torn down*"), ("-n2", "*received keyboard-interrupt*")],
)
def test_an_interrupt_ends_the_run_even_if_the_class_cannot_be_torn_down(
    tempest: Tempest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: str, told: str
) -> None:
    notes = pytester.path / "notes"
    monkeypatch.setenv("SAMPLE_NOTES", str(notes))
    monkeypatch.setenv("SAMPLE_INTERRUPTED", "yes")
    monkeypatch.setenv("SAMPLE_STUCK", CANARY)

    interrupted = tempest(f"--tempest={SAMPLE}.*Failing", workers)

    assert interrupted.ret == pytest.ExitCode.INTERRUPTED
    interrupted.stdout.fnmatch_lines([told])
    assert CANARY not in interrupted.stdout.str()
    assert notes.read_text().count("end Failing") == 1


def test_fixtures_of_a_conftest_are_set_up_before_the_class(whole: Whole) -> None:
    (process,) = {words[0] for words in whole.notes if words[1:] == ["setup", "Outcomes"]}
    notes = [" ".join(words[1:]) for words in whole.notes if words[0] == process]
    fixture = "fixture Outcomes Outcomes test_passes"

    assert notes[0] == "session"
    assert notes[-1] == "session ends"
    assert notes.index("setup Outcomes") < notes.index(fixture) < notes.index("test passes")


def test_serial_tests_are_alone(whole: Whole) -> None:
    notes = whole.notes
    begins = [place for place, words in enumerate(notes) if words[1:] == ["serial", "begins"]]

    assert len(begins) == 2
    assert [notes[place + 1] for place in begins] == [[notes[place][0], "serial", "ends"] for place in begins]


def test_load_tests_makes_the_tests(whole: Whole) -> None:
    assert {"test_upload(qcow2)", "test_upload(raw)"} <= whole.told("PASSED")


def test_attributes_are_markers_and_names_are_words(tempest: Tempest) -> None:
    tempest("--tempest", "-m", "sample", "--co", "-q").stdout.fnmatch_lines(["*::Outcomes::test_passes", "1/*"])
    tempest("--tempest", "-k", "5f1b7a4e-0000-4000-8000-000000000002", "--co", "-q").stdout.fnmatch_lines("*test_fails")
    full = f"{SAMPLE}.tests.test_outcomes.Outcomes.test_skips"
    tempest("--tempest", "-k", full, "--co", "-q").stdout.fnmatch_lines(["*::test_skips", "1/*"])


def test_a_test_is_named_as_pytest_names_it(tempest: Tempest, workers: str) -> None:
    named = f"{SAMPLE}/tests/test_outcomes.py::Outcomes::test_passes"

    tempest("--tempest", named, workers).assert_outcomes(passed=1)


@pytest.mark.parametrize("dist", ["load", "loadgroup"])
def test_groups_keep_classes_together(
    tempest: Tempest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, dist: str
) -> None:
    notes = pytester.path / "notes"
    monkeypatch.setenv("SAMPLE_NOTES", str(notes))
    tempest(f"--tempest={SAMPLE}.*Outcomes", "-n2", "--dist", dist, "--maxschedchunk=1").assert_outcomes(
        passed=1, failed=5, skipped=2, xfailed=1, errors=0
    )

    assert notes.read_text().count("setup Outcomes") == (1 if dist == "loadgroup" else 2)


def test_last_failed_first_failure_and_other_tests(tempest: Tempest, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_own="def test_own(): assert 0\ndef test_other(): pass")
    tempest(f"--tempest={SAMPLE}.tests.test_outcomes", "test_own.py", "-p", "cacheprovider").assert_outcomes(
        passed=2, failed=6, skipped=2, xfailed=1
    )

    tempest(f"--tempest={SAMPLE}.tests.test_outcomes", "test_own.py", "--lf").assert_outcomes(failed=6, deselected=5)
    tempest(f"--tempest={SAMPLE}.tests.test_outcomes", "-x").assert_outcomes(failed=1)


def test_the_debugger_comes_before_the_cleanups(
    tempest: Tempest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = pytester.path / "notes"
    monkeypatch.setenv("SAMPLE_NOTES", str(notes))
    pytester.makepyfile(
        silent="""
        import pdb

        class Pdb(pdb.Pdb):
            def interaction(self, *_):
                print("cleaned up:", "cleanup fails" in open("notes").read())
    """
    )
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}:{pytester.path}")
    result = tempest(f"--tempest={SAMPLE}.*Outcomes.test_fails", "--pdb", "--pdbcls=silent:Pdb")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines("cleaned up: False")
    assert "cleanup fails" in notes.read_text()
