"""The page of what tests look at, broken: which of them have seen it."""

from __future__ import annotations

from tests.acceptance.record import Step
from tests.acceptance.sabotage.__main__ import steps_of

BROKEN = "<property name='broken' value='It is gone.'/>"
SEEN = "<property name='seen' value='assert 0'/>"
XFAIL = "<skipped type='pytest.xfail' message=''/>"


def step(told: str, outcome: str) -> Step:
    case = f"<testcase classname='tests.suites.dns.test_zone' name='test_it' time='2.5'>{told}{outcome}</testcase>"
    (found,) = steps_of(f"<testsuites>{case}</testsuites>".encode())
    assert (found.name, found.seconds) == ("dns/test_zone::test_it", 2.5)
    return found


def test_call_that_failed_as_it_had_to_has_seen_it() -> None:
    found = step(f"<properties>{BROKEN}{SEEN}</properties>", XFAIL)
    assert (found.outcome, found.said) == ("seen", "It is gone. `assert 0`")


def test_set_up_that_failed_has_seen_nothing() -> None:
    assert step("", XFAIL).outcome == "not seen"


def test_call_that_passed_has_seen_nothing() -> None:
    assert step(f"<properties>{BROKEN}</properties>", "").outcome == "not seen"
    failed = step(f"<properties>{BROKEN}</properties>", "<failure message='[XPASS(strict)] '/>")
    assert (failed.outcome, failed.said) == ("not seen", "It is gone. [XPASS(strict)] ")


def test_what_the_cloud_lacks_is_skipped() -> None:
    found = step("", "<skipped type='pytest.skip' message='needs b'/>")
    assert (found.outcome, found.said) == ("skipped", "needs b")
