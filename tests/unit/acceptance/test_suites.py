"""The page of the suites: what became of each test one after the other, and with workers."""

from __future__ import annotations

from tests.acceptance.record import Step
from tests.acceptance.suites import compared, steps_of

JUNIT = b"""
<testsuites><testsuite>
  <testcase classname="tests.suites.dns.test_zone" name="test_it" time="2.5"/>
  <testcase classname="tests.suites.dns.test_zone" name="test_it" time="0.5"><error message="undo: no"/></testcase>
  <testcase classname="tests.suites.dns.test_zone" name="test_other[a]" time="1"><skipped message="needs b"/></testcase>
</testsuite></testsuites>
"""


def test_each_test_is_a_step_and_a_failed_teardown_fails_it() -> None:
    assert [*steps_of(JUNIT)] == [
        Step("dns/test_zone::test_it", 3.0, "failed", "undo: no"),
        Step("dns/test_zone::test_other[a]", 1.0, "skipped", "needs b"),
    ]


def test_same_end_with_workers_is_told_with_its_seconds() -> None:
    assert compared([Step("a", 2, "skipped", "needs b")], [Step("a", 3, "skipped", "needs b")]) == [
        Step("a", 2, "skipped", "with workers 3.0 s; needs b")
    ]


def test_another_end_with_workers_is_no_success() -> None:
    one = [Step("a", 2, "ok"), Step("b", 2, "ok"), Step("c", 2, "failed", "no"), Step("d", 2, "ok")]
    other = [Step("b", 1, "failed", "oh"), Step("c", 1, "ok"), Step("a", 1, "skipped", "busy"), Step("e", 1, "ok")]
    assert [(step.name, step.outcome) for step in compared(one, other)] == [
        ("a", "differs"), ("b", "failed"), ("c", "failed"), ("d", "differs"), ("e", "differs"),
    ]  # fmt: skip
    assert [step.said.partition("; ")[2] for step in compared(one, other)] == [
        "ok and then skipped: busy", "ok and then failed: oh", "failed and then ok: no", "ok and then missing: ",
        "missing and then ok: ",
    ]  # fmt: skip
