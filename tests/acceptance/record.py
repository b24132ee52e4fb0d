"""The record of an acceptance run: steps with their seconds and outcomes, kept as a page of the documentation."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from tests.benchmarks.machine import describe

PAGES = Path(__file__).parents[2] / "docs" / "acceptance"


@dataclass
class Step:
    """A step that is under way or over; ``said`` is what is worth knowing about it."""

    name: str
    seconds: float = 0
    outcome: str = "failed"
    said: str = ""


@dataclass
class Record:
    """All steps of one run, in order."""

    name: str
    title: str
    steps: list[Step] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time a step; it has failed if it raises."""
        step = Step(name)
        self.steps.append(step)
        start = time.monotonic()
        try:
            yield step
            step.outcome = "ok"
        except Exception as error:
            step.said = str(error).splitlines()[0]
            raise
        finally:
            step.seconds = time.monotonic() - start
            print(f"{step.seconds:7.1f} s  {step.name}: {step.outcome}  {step.said}", flush=True)

    def carry_out(self, work: Callable[[], object]) -> int:
        """Do the work and write the page, whatever becomes of it; returns the exit code of the command."""
        try:
            work()
        except StackproofError as error:
            print(f"failed: {error.sentence}", file=sys.stderr)
            return 1
        finally:
            if self.steps:
                print(f"written: {self.write()}")
        return 0

    def write(self) -> Path:
        """Write the page of this run and return its path; a second run on the same day replaces it."""
        PAGES.mkdir(parents=True, exist_ok=True)
        page = PAGES / f"{self.began:%Y-%m-%d}-{self.name}.md"
        rows = [f"| {s.name} | {s.seconds:.1f} | {s.outcome} | {s.said.replace('|', '/')} |" for s in self.steps]
        head = [
            f"# {self.began:%Y-%m-%d}: {self.title}",
            "",
            f"Machine: {describe()}; load average at the start: {self.load:.1f}.",
            "",
        ]
        page.write_text("\n".join([*head, "| step | seconds | outcome | |", "|---|---:|---|---|", *rows, ""]))
        return page
