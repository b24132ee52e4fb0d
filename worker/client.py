"""The queue for Python: submit jobs, follow them, cancel them, have their results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_whitebox.core.wait import wait_for

from .advice import Advice, advise
from .asking import Asking
from .payload import Payload, job_id
from .states import FINAL, State

#: Seconds between two looks at a job that is followed.
_PACE = 1.0


class Client:
    """A monitor, and who asks: ``token`` is one that its keeper has made for a user.

    ``authority`` is a file with the certificate that the monitor's is signed with, if the system does not know it.
    """

    def __init__(self, url: str, token: str, authority: Path | None = None) -> None:
        self._asking = Asking(url, token, authority)

    def submit(self, payload: Payload | Mapping[str, Any]) -> str:
        """Submit a job and return its id; raises `Refused`, `Refusal` or `Away`."""
        asked = payload if isinstance(payload, Payload) else Payload.from_mapping(dict(payload))
        return str(self._asking.post("/jobs", asked.mapping)["test_id"])

    def job(self, job: str) -> dict[str, Any]:
        """How a job is."""
        return dict(self._asking.get(f"/jobs/{job_id(job)}"))

    def jobs(self, *, state: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """The newest jobs."""
        return list(self._asking.get("/jobs", state=state, limit=limit))

    def cancel(self, job: str) -> State:
        """Cancel a job and return how it is now: its worker has yet to stop it if it has one."""
        return State(self._asking.delete(f"/jobs/{job_id(job)}")["state"])

    def results(self, job: str) -> list[dict[str, Any]]:
        """What became of the tests of a job that has ended."""
        return list(self._asking.get(f"/jobs/{job_id(job)}/results"))

    def log(self, job: str, after: int = 0) -> tuple[str, int]:
        """What the runs of a job printed after a piece, and the number of the last piece."""
        found = self._asking.get(f"/jobs/{job_id(job)}/log", after=after)
        return str(found["text"]), int(found["last"])

    def status(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(self._asking.get("/status"))

    def advice(self, within: float, usual: float = 600.0) -> Advice:
        """How many slots there should be for all jobs to end within so many seconds; see `worker.advice`."""
        ended = [job for state in (State.PASSED, State.FAILED) for job in self.jobs(state=state)]
        return advise(self.status(), ended, within, usual)

    def follow(self, job: str, timeout: float) -> Iterator[tuple[dict[str, Any], str]]:
        """How a job is and what it printed since, each time that one of both is new, until it has ended.

        Raises `WaitTimeout` if nothing is new for ``timeout`` seconds.
        """
        last = 0
        seen: dict[str, Any] = {}
        while True:
            known, text, last = self._next(job, seen, last, timeout)
            yield known, text
            if State(known["state"]) in FINAL and not text:
                return
            seen = known

    def wait(self, job: str, timeout: float) -> dict[str, Any]:
        """The job once it has ended; raises `WaitTimeout` after ``timeout`` seconds."""

        def ended() -> dict[str, Any] | None:
            known = self.job(job)
            return known if State(known["state"]) in FINAL else None

        return wait_for(ended, timeout=timeout, every=_PACE, what=f"job {job} to end", hint="look at its log")

    def _next(self, job: str, seen: Mapping[str, Any], last: int, timeout: float) -> tuple[dict[str, Any], str, int]:
        def news() -> tuple[dict[str, Any], str, int] | None:
            known = self.job(job)
            text, end = self.log(job, last)
            return (known, text, end) if text or known != seen or State(known["state"]) in FINAL else None

        look: Callable[[], tuple[dict[str, Any], str, int] | None] = news
        return wait_for(look, timeout=timeout, every=_PACE, what=f"news of job {job}", hint="see `status`")
