"""What `pytest-upgrade run` has at work on this machine, so that the next one knows what a killed one has left."""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_whitebox.core.processtree import Process, ProcessTree, process_of
from pytest_whitebox.core.wait import WaitTimeout, wait_for

#: Below the folder of all runs: one file for each process.
FOLDER = "at-work"
#: What a run is called among what it has at work.
RUN = "the run itself"
#: Seconds that a pytest process may have left for its tests.
_LONGEST = 86400.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that no later one can be taken for; ``started`` is in clock ticks after this boot of the machine."""

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """That of a process of this machine; None if it has ended.

        >>> Identity.of(os.getpid()).lives
        True
        """
        found = process_of(pid)
        return cls(pid, found.started, _BOOT.read_text().strip()) if found else None

    @property
    def lives(self) -> bool:
        """True as long as it has not ended."""
        return Identity.of(self.pid) == self


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that a run has begun: a step, a phase, or the run itself.

    It leads a session of its own if it ``leads``. ``until`` is when it is taken to hang, in seconds since 1970.
    """

    what: str
    process: Identity
    runner: Identity
    run: str
    cloud: str
    until: float
    leads: bool = False

    def __str__(self) -> str:
        command = _command(self.process.pid)
        return f"{self.what} (process {self.process.pid}{f': {command}' if command else ''})"

    @property
    def is_left(self) -> bool:
        """True if it lives and the run that began it does not."""
        return self.process.lives and not self.runner.lives

    def wait(self) -> bool:
        """Wait for its end; false if it is taken to hang."""
        with suppress(WaitTimeout):
            left = max(0.0, self.until - time.time())
            return wait_for(lambda: not self.process.lives, timeout=left, every=0.2, what=f"{self.what} to end")
        return False

    def end(self, grace: float) -> None:
        """Ask it to end as it should, and end it by force after so many seconds, with all that it began."""
        if self.process.lives:
            tree = ProcessTree(Process(self.process.pid, self.process.started))
            # What a phase leaves in order is the observer, which lives until the tests after the upgrade.
            tree.end(signal.SIGTERM if self.leads else signal.SIGINT, grace, keeps=not self.leads)


@dataclass(frozen=True, slots=True)
class AtWork:
    """The notes of one run's processes; ``cloud`` tells apart what upgrades another one."""

    folder: Path
    cloud: str

    @contextmanager
    def noted(
        self, what: str, pid: int, *, run: str = "", seconds: float = _LONGEST, leads: bool = False
    ) -> Iterator[None]:
        """Have a process known as long as the block lasts."""
        file = self.note(what, pid, run=run, seconds=seconds, leads=leads)
        try:
            yield
        finally:
            if file is not None:
                file.unlink(missing_ok=True)
            self.all()

    def note(
        self, what: str, pid: int, *, run: str = "", seconds: float = _LONGEST, leads: bool = False
    ) -> Path | None:
        """Write a process down, which may take so many ``seconds``, and return where; None if it has ended already."""
        process, runner = Identity.of(pid), Identity.of(os.getpid())
        if process is None or runner is None:
            return None
        worker = Worker(what, process, runner, run, self.cloud, time.time() + seconds, leads)
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._place / f"{pid}.json"
        part = file.with_suffix(f".{secrets.token_hex(3)}")
        part.write_text(json.dumps(asdict(worker)))
        part.replace(file)
        return file

    def all(self, run: str = "") -> list[Worker]:
        """What is at work in this cloud, or for a run; notes of what has ended are removed."""
        found = []
        for file in sorted(self._place.glob("*.json")):
            worker = _read(file)
            if worker is None or not worker.process.lives:
                file.unlink(missing_ok=True)
            elif worker.cloud == self.cloud or (run and worker.run == run):
                found.append(worker)
        return found

    @property
    def _place(self) -> Path:
        return self.folder / FOLDER


def _read(file: Path) -> Worker | None:
    try:
        given = json.loads(file.read_text())
        given["process"], given["runner"] = Identity(**given["process"]), Identity(**given["runner"])
        return Worker(**given)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return " ".join(word.decode(errors="replace") for word in words if word)[:100]
