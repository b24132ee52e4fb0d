"""Every test of the suites against the cloud that is up, the slow ones too: what held, what it took, what was missing.

Run with a cloud that is up: ``python -m tests.acceptance.suites [PATH …]``, where PATH is a part of the suites.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from lxml import etree

from pytest_whitebox.core.errors import StackproofError
from tests.acceptance.record import Record, Step
from tests.cloud.devcloud import Devcloud

_SUITES = "tests/suites"
_PYTEST = str(Path(sys.executable).with_name("pytest"))


def main() -> int:
    """Run the suites and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=[_SUITES], metavar="PATH", help=f"by default {_SUITES}")
    paths: list[str] = parser.parse_args().paths
    record = Record("suites", "every test of the suites")
    return record.carry_out(lambda: _accept(record, Devcloud.from_environment(), paths))


def _accept(record: Record, devcloud: Devcloud, paths: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "junit.xml"
        with record.step("all of them") as step:
            _pytest(devcloud, [*paths, f"--junit-xml={results}"])
            found = list(steps_of(results.read_bytes())) if results.exists() else []
            if not found:
                raise StackproofError("no test came to an end", hint="pytest says why above")
            step.said = ", ".join(
                f"{count} {word}" for word in ("ok", "skipped", "failed") if (count := _how_many(found, word))
            )
    record.steps.extend(found)
    if failed := _how_many(found, "failed"):
        raise StackproofError(f"{failed} tests failed", hint="run them by hand and look at their evidence")


def _pytest(devcloud: Devcloud, words: Sequence[str]) -> None:
    """Run pytest in sight of the user; what became of the tests is in its results."""
    said = shlex.split(devcloud("env").stdout)
    variables = dict(word.split("=", 1) for word in said if "=" in word)
    subprocess.run([_PYTEST, "--os-cloud", "devcloud", *words], env={**os.environ, **variables}, check=False)


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
