"""A start that is proven: the process is another one, it stays, and the cloud hears of it; and an end that is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pytest_whitebox.core.command import Result
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.processes import Process
from pytest_whitebox.core.wait import WaitTimeout, wait_for

if TYPE_CHECKING:
    from pytest_whitebox.core.services.service import Report, Service

#: How much of a log an error shows, in lines.
_LINES = 30
#: Where a record of oslo.log begins; the lines of a traceback or of a dump belong to the record before them.
_RECORD = re.compile(r"^(?=\d{4}-\d{2}-\d{2} )", re.MULTILINE)


class RestartFailed(StackproofError):
    """A service did not come up again; ``log`` is what it wrote meanwhile."""

    def __init__(self, service: Service, reason: str, log: str) -> None:
        super().__init__(
            f"{service.name} on {service.where} {reason}", hint=f"see {service.facts.log or 'its journal'}"
        )
        self.log = log
        if log.strip():
            self.add_note(f"the end of its log:\n{log}")


def restart(service: Service) -> None:
    """Restart a service and prove it, one instance after the other; raises `RestartFailed`."""
    for one in service.instances:
        before = one.main
        one.wake()
        _come_up(one, before, partial(one.facts.supervisor.restart, one.transport, one.facts.unit), "did not restart")


def start(service: Service) -> None:
    """Start the instances of a service that do not run, and prove it; raises `RestartFailed`."""
    for one in service.instances:
        if not one.status.running:
            act = partial(one.facts.supervisor.start, one.transport, one.facts.unit, one.facts.sockets)
            _come_up(one, None, act, "did not start")


def stop(service: Service) -> None:
    """Stop all instances of a service, and what would start them again; their processes are gone then.

    Raises `StackproofError` if one goes on running.
    """
    for one in service.instances:
        one.wake()
        said = one.facts.supervisor.stop(one.transport, one.facts.unit, one.facts.sockets)
        if one.status.running:
            words = (said.stderr or said.stdout).strip() or "it says nothing"
            raise StackproofError(
                f"{one.name} on {one.where} does not stop: {words}", hint=f"stop {one.facts.unit} there by hand"
            )


def _come_up(service: Service, before: Process | None, act: Callable[[], Result], failed: str) -> None:
    mark = service.log_mark()
    try:
        said = act()
        words = (said.stderr or said.stdout).strip()
        new = wait_for(
            lambda: _other(service.main, before),
            timeout=service.patience.start,
            every=service.patience.every / 2,
            what=f"a new process of {service.name}{f' ({words})' if words else ''}",
        )
        _Watch(service, new).prove(service.contact.report)
    except (WaitTimeout, _Died) as error:
        raise RestartFailed(service, f"{failed}: {error}", excerpt(service.log_since(mark))) from error


def _other(now: Process | None, before: Process | None) -> Process | None:
    return now if now != before else None


class _Died(Exception):
    """The process that was started has ended."""


@dataclass(frozen=True, slots=True)
class _Watch:
    """A process that is to stay."""

    service: Service
    process: Process

    def prove(self, report: Report | None) -> None:
        """Wait for a fresh report, or as long as the process must live without one."""
        patience = self.service.patience
        if report is None:
            settled = time.monotonic() + patience.settle
            wait_for(
                lambda: self.lives() and time.monotonic() >= settled,
                timeout=patience.settle + 30,
                what=f"{self.service.name} to stay",
            )
        else:
            # The old process is gone, so whatever changes from here on comes from the new one.
            seen = _Seen(report)
            wait_for(
                lambda: self.lives() and seen.changed(),
                timeout=patience.report,
                every=patience.every,
                what=f"a fresh report of {self.service.name} to the cloud",
                hint="does it reach the message queue and the API?",
            )

    def lives(self) -> bool:
        """True; raises `_Died` if the process has ended."""
        now = self.service.main
        if now != self.process:
            raise _Died(f"its new process has ended{'' if now is None else ', and was started again'}")
        return True


class _Seen:
    """What a report was at first; while it cannot be had at all, there is no first."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._first = self._asked()

    def changed(self) -> bool:
        """True once it is another one."""
        now = self._asked()
        if isinstance(self._first, Exception):
            self._first = now
        return not isinstance(now, Exception) and now is not None and now != self._first

    def _asked(self) -> object:
        try:
            return self._report()
        except Exception as error:  # noqa: BLE001 -- an API that restarts fails in many ways: no report yet
            return error


def excerpt(text: str) -> str:
    """The end of a log without what is there for debugging, which in OpenStack hides the rest.

    >>> excerpt("2026-11-21 07:54:47.6 7 DEBUG x\\n<xml>\\n2026-11-21 07:54:48.1 7 ERROR nova no such CPU")
    '2026-11-21 07:54:48.1 7 ERROR nova no such CPU'
    """
    records = _RECORD.split(text)
    kept = "".join(record for record in records if " DEBUG " not in record.partition("\n")[0])
    return "\n".join(kept.splitlines()[-_LINES:])
