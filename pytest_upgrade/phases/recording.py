"""What becomes of each test, written into the store; and the wait of those that judge the end of an upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_upgrade.markers import tags_of, waits
from pytest_upgrade.phases.phase import Phase
from pytest_upgrade.results.result import SERVICES, service_in
from pytest_upgrade.smoke import SMOKE

if TYPE_CHECKING:
    from pytest_upgrade.phases.session import Session

#: The name of the property by which a report says what its test is about.
ABOUT = "stackproof_upgrade"
#: How the sentence of a test begins that could not be judged.
INCONCLUSIVE = "inconclusive: "
#: Why the phase has ended, once it has.
ended_key = pytest.StashKey[str]()


def wait_for_end(item: pytest.Item, session: Session) -> None:
    """Wait until the phase has ended, if the test judges that; the first such test waits for all."""
    if session.ending is not None and waits(item) and ended_key not in item.config.stash:
        item.config.stash[ended_key] = session.ending.wait(session.store, session.run.id)


def tell(item: pytest.Item) -> None:
    """Have the reports of a test say which service and tag it is about."""
    tag = next(iter(tags_of(item)), SMOKE if item.get_closest_marker(SMOKE) else "")
    item.user_properties.append((ABOUT, f"{service_of(item)}/{tag}"))


def no_skip(session: Session, item: pytest.Item, report: pytest.TestReport) -> None:
    """Make a failure of the skip of a test that has passed in pre: something that it needs is not there any more."""
    if session.phase is Phase.PRE or not report.skipped or hasattr(report, "wasxfail"):
        return
    before = session.store.outcomes.of(session.run.id, test=item.nodeid, phase=str(Phase.PRE))
    if before and before[-1].outcome == "passed":
        report.outcome = "failed"
        report.longrepr = f"passed in pre of run {session.run.id}, and now: {_reason(report)}"


def note(session: Session, report: pytest.TestReport) -> None:
    """Write down what became of a test, once."""
    about = dict(report.user_properties).get(ABOUT)
    if session.is_worker or about is None or not (report.when == "call" or report.outcome != "passed"):
        return
    from pytest_upgrade.store.values import Outcome

    service, _, tag = str(about).partition("/")
    reason = "" if report.passed else _reason(report)
    word: str = "inconclusive" if INCONCLUSIVE in reason else report.outcome
    word = "error" if report.when != "call" and word == "failed" else word
    outcome = Outcome(
        session.attempt, str(session.phase), report.nodeid, service, tag, word, reason, report.duration
    )  # fmt: skip
    session.store.outcomes.add(session.run.id, outcome)


def status(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """How a test that could not be judged is shown: among the failures, with a word of its own."""
    if report.when == "call" and report.failed and INCONCLUSIVE in _reason(report):
        return "failed", "I", "INCONCLUSIVE"
    return None


def service_of(item: pytest.Item) -> str:
    """The type of the service that a test is about: its parameter, what it requires first, or its folders.

    Suites have one tree by service, so ``tests/suites/block_storage`` says ``block-storage``, and Tempest's
    ``tempest/api/volume`` the same.
    """
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if parameters.get("service") in SERVICES:
        return str(parameters["service"])
    for mark in item.iter_markers("requires"):
        for word in mark.args:
            if isinstance(word, str) and word in SERVICES:
                return word
    return service_in(item.nodeid.partition("::")[0])


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[-1])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr or "")
