"""Every test of the suites against the cloud that is up, the slow ones too: what held, what it took, what was missing.

Run with a cloud that is up and that nobody else uses: ``python -m tests.acceptance.suites [PATH …]``, where PATH is a
part of the suites. They run one after the other and then with two workers and with four, each test must come to the
same end in all of these, and what two workers gain is a figure. Slow tests run once.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from lxml import etree

from pytest_whitebox.core.errors import StackproofError
from tests.acceptance.record import Record, Step
from tests.benchmarks import sheet, side_by_side
from tests.benchmarks.chronicle import stays_of
from tests.benchmarks.side_by_side import Run
from tests.cloud.devcloud import Devcloud

_SUITES = "tests/suites"
_DIFFERS = "differs"
_PYTEST = str(Path(sys.executable).with_name("pytest"))


def main() -> int:
    """Run the suites and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=[_SUITES], metavar="PATH", help=f"by default {_SUITES}")
    parser.add_argument("--workers", type=int, nargs="*", default=[2, 4], metavar="N", help="of further runs; 0: none")
    parser.add_argument("--page", default="suites", metavar="NAME", help="what the page is called, by default suites")
    options = parser.parse_args()
    workers = [number for number in options.workers if number]
    record = Record(options.page, f"every test of {' and '.join(options.paths)}")
    return record.carry_out(lambda: _accept(record, Devcloud.from_environment(), options.paths, workers))


def _accept(record: Record, devcloud: Devcloud, paths: Sequence[str], workers: Sequence[int]) -> None:
    if workers:
        quick = [*paths, "-m", "not slow"]
        alone, found = _run(record, devcloud, "one after the other", quick)
        for number in workers:
            spread = ["-n", str(number), "--dist", "loadfile"]
            both, other = _run(record, devcloud, f"with {number} workers", [*quick, *spread])
            found = compared(found, other, number)
            if number == workers[0]:
                sheet.write("the suites, side by side", side_by_side.figures(alone, both, number))
        slow = [*paths, "-m", "slow", "-n", str(workers[0]), "--dist", "loadfile"]
        found += _run(record, devcloud, f"slow ones, with {workers[0]} workers", slow)[1]
    else:
        _, found = _run(record, devcloud, "one after the other", paths)
    record.steps.extend(found)
    if failed := _how_many(found, "failed"):
        raise StackproofError(f"{failed} tests failed", hint="run them by hand and look at their evidence")
    if different := _how_many(found, _DIFFERS):
        raise StackproofError(f"{different} tests have another end with workers", hint="see what they wait for")


def _run(record: Record, devcloud: Devcloud, name: str, words: Sequence[str]) -> tuple[Run, list[Step]]:
    with tempfile.TemporaryDirectory() as folder, record.step(name) as step:
        results, chronicle = Path(folder) / "junit.xml", Path(folder) / "chronicle"
        began = time.monotonic()
        words = [*words, f"--junit-xml={results}", "-p", "tests.benchmarks.chronicle"]
        status = run_pytest(devcloud, words, CHRONICLE=str(chronicle))
        taken = Run(
            time.monotonic() - began, stays_of(chronicle.read_text().splitlines() if chronicle.exists() else [])
        )
        found = list(steps_of(results.read_bytes())) if results.exists() else []
        if not found and status != pytest.ExitCode.NO_TESTS_COLLECTED:
            raise StackproofError("no test came to an end", hint="pytest says why above")
        step.said = ", ".join(
            f"{count} {word}" for word in ("ok", "skipped", "failed") if (count := _how_many(found, word))
        )
    return taken, found


def compared(one: Sequence[Step], other: Sequence[Step], workers: int) -> list[Step]:
    """The steps of one run, each with what another run says of the same test; those of the other alone are the last.

    >>> [step.said for step in compared([Step("a", 2, "ok")], [Step("a", 3, "ok")], 4)]
    ['with 4 workers 3.0 s']
    >>> [step.outcome for step in compared([Step("a", 2, "ok")], [Step("b", 0, "skipped")], 4)]
    ['differs', 'differs']
    """
    there = {step.name: step for step in other}
    known = {step.name for step in one}
    missing = [Step(step.name, 0, "missing") for step in other if step.name not in known]
    return [_beside(step, there.get(step.name, Step(step.name, 0, "missing")), workers) for step in [*one, *missing]]


def _beside(step: Step, other: Step, workers: int) -> Step:
    """A test that failed in either run has failed; one that else came to two ends differs."""
    taken = f"with {workers} workers {other.seconds:.1f} s"
    if step.outcome == other.outcome:
        said = "; ".join(filter(None, (taken, step.said)))
        return Step(step.name, step.seconds, step.outcome, said)
    outcome = "failed" if "failed" in (step.outcome, other.outcome) else _DIFFERS
    said = f"{taken}; {step.outcome} and then {other.outcome}: {step.said or other.said}"
    return Step(step.name, step.seconds, outcome, said)


def run_pytest(devcloud: Devcloud, words: Sequence[str], **variables: str) -> int:
    """Run pytest on the cloud, in sight of the user; returns its exit code."""
    said = shlex.split(devcloud("env").stdout)
    environment = {**os.environ, **dict(word.split("=", 1) for word in said if "=" in word), **variables}
    return subprocess.run([_PYTEST, "--os-cloud", "devcloud", *words], env=environment, check=False).returncode


def steps_of(junit: bytes) -> Iterator[Step]:
    """A step for each test in pytest's JUnit XML, in its order; one that broke apart in teardown is told once.

    >>> [*steps_of(b"<testsuites><testsuite><testcase classname='tests.suites.dns.test_zone' name='test_it' time='2.5'>"
    ...            b"<skipped message='needs a name server'/></testcase></testsuite></testsuites>")]
    [Step(name='dns/test_zone::test_it', seconds=2.5, outcome='skipped', said='needs a name server')]
    """
    seen: dict[str, Step] = {}
    for case in etree.fromstring(junit).iter("testcase"):
        name = f"{case.get('classname', '').removeprefix('tests.suites.').replace('.', '/')}::{case.get('name')}"
        step = seen.setdefault(name, Step(name, outcome="ok"))
        step.seconds += float(case.get("time", "0"))
        for trouble in case:
            if trouble.tag in ("failure", "error", "skipped"):
                step.outcome = "skipped" if trouble.tag == "skipped" else "failed"
                step.said = (trouble.get("message") or "").partition("\n")[0]
    yield from seen.values()


def _how_many(steps: Sequence[Step], outcome: str) -> int:
    return sum(step.outcome == outcome for step in steps)


if __name__ == "__main__":
    sys.exit(main())
