"""Each test of the suites made to fail on the cloud that is up, by breaking what it looks at while it runs.

Run with a cloud that nobody else uses: ``python -m tests.acceptance.sabotage [PATH …]``, where PATH is a part of the
suites. The page says of each test what was broken and how it saw that. What a cloud lacks is skipped, as always.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from lxml import etree

from pytest_whitebox.core.errors import StackproofError
from tests.acceptance import suites
from tests.acceptance.record import Record, Step
from tests.cloud.devcloud import Devcloud

_PLUGIN = ("-p", "tests.acceptance.sabotage.plugin")


def main() -> int:
    """Break and look; write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=["tests/suites"], metavar="PATH", help="by default tests/suites")
    paths = parser.parse_args().paths
    record = Record("sabotage", "what each test of the suites looks at, broken")
    return record.carry_out(lambda: _accept(record, Devcloud.from_environment(), paths))


def _accept(record: Record, devcloud: Devcloud, paths: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "junit.xml"
        with record.step("all tests, with 2 workers") as step:
            words = [*_PLUGIN, *paths, "-n", "2", "--dist", "loadfile", f"--junit-xml={results}"]
            suites.run_pytest(devcloud, words)
            found = list(steps_of(results.read_bytes())) if results.exists() else []
            step.said = ", ".join(
                f"{sum(one.outcome == word for one in found)} {word}" for word in ("seen", "skipped", "not seen")
            )
    record.steps.extend(found)
    if missed := [step.name for step in found if step.outcome == "not seen"]:
        raise StackproofError(f"{len(missed)} tests have not seen it: {', '.join(missed)}", hint="run them by hand")
    if not any(step.outcome == "seen" for step in found):
        raise StackproofError("no test has seen anything", hint="pytest says why above")


def steps_of(junit: bytes) -> Iterator[Step]:
    """A step for each test in pytest's JUnit XML: seen if its call failed as it had to, which no set-up counts for."""
    for case in etree.fromstring(junit).iter("testcase"):
        name = f"{case.get('classname', '').removeprefix('tests.suites.').replace('.', '/')}::{case.get('name')}"
        told = {one.get("name"): one.get("value", "") for one in case.iter("property")}
        kinds = {(one.tag, one.get("type")): one.get("message") or "" for one in case if one.tag != "properties"}
        step = Step(name, float(case.get("time", "0")), "not seen", told.get("broken", ""))
        if [*kinds] == [("skipped", "pytest.xfail")] and "seen" in told:
            step.outcome, step.said = "seen", f"{step.said} `{told['seen']}`"
        elif [*kinds] == [("skipped", "pytest.skip")]:
            step.outcome, step.said = "skipped", kinds["skipped", "pytest.skip"]
        elif kinds:
            step.said = f"{step.said} {next(iter(kinds.values()))}".partition("\n")[0]
        yield step


if __name__ == "__main__":
    sys.exit(main())
