"""An upgrade from its first test to its verdict: one pytest process for each phase, the steps between them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_upgrade.phases.phase import Phase
from pytest_upgrade.store.values import Artifact, Event, Run
from pytest_whitebox.core.deployers import Outcome, StepEvent
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.processtree import ProcessTree
from pytest_whitebox.core.wait import WaitTimeout, wait_for

if TYPE_CHECKING:
    from pytest_upgrade.deploying.at_work import AtWork
    from pytest_upgrade.store import Store
    from pytest_whitebox.core.deployers import Deployer, Step, Target

#: What pytest exits with: all passed, and no test at all.
_PASSED, _NONE = 0, 5
_WELL = (_PASSED, _NONE)
#: Seconds for a pytest process to begin its phase.
_START = 300
_FAILED, _INCONCLUSIVE = 1, 2
#: What pytest exits with where the tests have the word.
_JUDGED = {_PASSED, _FAILED, _NONE}


@dataclass
class Running:
    """One upgrade; ``more`` goes to each pytest process, ``grace`` is the time in seconds that an abort gets.

    With a ``run`` that was begun before, what of it was passed and done is not done again.
    """

    store: Store
    deployer: Deployer
    target: Target
    more: Sequence[str]
    environment: Mapping[str, str]
    at_work: AtWork
    grace: float = 30.0
    run: Run | None = None

    def carry_out(self) -> int:
        """Do all of it and return 0 for pass, 1 for fail, 2 for inconclusive."""
        target = replace(self.target, marked=self._marked)
        steps = list(self.deployer.plan(target))
        for step in steps:
            self._say(f"planned: {step.id}: {step.title}")
        if not self._has_passed_pre() and (code := self._before()) != _PASSED:
            self._say(f"pre ended with {code}: nothing is upgraded; `pytest-upgrade sweep` removes what was made")
            return _FAILED
        during = self._begin_during()
        try:
            failed = self._upgrade(steps)
        finally:
            self._event(Event("", "end", ok=None, source=self.deployer.name))
            beside = self._ended(during)
        if failed:
            self._say(f"the upgrade failed at {failed}: run {self._run.id} stays open, with all evidence")
            self._say(f"go on with it by `--upgrade-run {self._run.id}`, once that is put right")
            return _FAILED
        after = self._pytest(Phase.POST)
        self._say(f"during ended with {beside}, post with {after}")
        code = _verdict(beside, after)
        return _INCONCLUSIVE if code == _FAILED and {beside, after} <= _JUDGED and self._is_unsure() else code

    def _is_unsure(self) -> bool:
        """True if what is no pass is no failure either: it could not be judged."""
        last = {(one.test, one.phase): one.outcome for one in self.store.outcomes.of(self._run.id)}
        return "inconclusive" in last.values() and not {"failed", "error"} & set(last.values())

    @property
    def _run(self) -> Run:
        assert self.run is not None  # noqa: S101 -- pre has begun it
        return self.run

    def _has_passed_pre(self) -> bool:
        """True if the run was begun before, and all was well then."""
        attempts = self.store.attempts.of(self.run.id, phase=str(Phase.PRE)) if self.run else []
        return bool(attempts) and attempts[-1].outcome == "passed"

    def _before(self) -> int:
        if self.run is not None:
            return self._pytest(Phase.PRE)
        known = {run.id for run in self.store.runs()}
        code = self._pytest(Phase.PRE, "--upgrade-run=new")
        begun = [run for run in self.store.runs() if run.id not in known]
        if not begun:
            raise StackproofError(
                "pre has begun no run", hint="see what pytest said, and pass arguments that choose tests"
            )
        self.run = begun[-1]
        return code

    def _begin_during(self) -> subprocess.Popen[bytes]:
        """Start what runs beside the upgrade, and see it ready: nothing is upgraded unobserved."""
        self._event(Event("", "begin", source=self.deployer.name))
        before = self._looks()
        # What looks behind the APIs may restart services, which is not for a cloud that is just being upgraded.
        process = self._begun(Phase.DURING, "--upgrade-smoke=0")
        try:
            wait_for(
                lambda: process.poll() is not None or self._looks() > before,
                timeout=_START, every=0.5, what="the phase during to begin",
            )  # fmt: skip
        # Ctrl-C, too: nobody else knows of the process yet, and it would go on observing.
        except BaseException:
            self._interrupt(process)
            raise
        return process

    def _looks(self) -> int:
        return len(self.store.attempts.of(self._run.id, phase=str(Phase.DURING)))

    def _upgrade(self, steps: Sequence[Step]) -> str:
        """Do the steps in turn; returns the one that failed, after which none is begun."""
        done = {event.step for event in self.store.events.of(self._run.id, kind="end", ok=True)}
        for step in steps:
            if step.id in done:
                self._say(f"step {step.id} was done before")
                continue
            ok = self._step(step)
            # What failed is looked at as well: that is the evidence of what it has left.
            if (step.pause or not ok) and (code := self._pytest(Phase.DURING, "--upgrade-look")) not in _WELL:
                self._say(f"the tests after {step.id} ended with {code}")
            if not ok:
                return step.id
        return ""

    def _step(self, step: Step) -> bool:
        host = ",".join(step.hosts)
        self._event(Event(step.id, "begin", step.service, host, text=step.title, source=self.deployer.name))
        self._say(f"step {step.id}: {step.title}")
        began = time.monotonic()
        outcome = self._done(step)
        self._event(
            Event(step.id, "end", step.service, host, ok=outcome.ok, text=outcome.text, source=self.deployer.name)
        )
        if outcome.output:
            artifact = Artifact("during", f"step {step.id}", "text/plain", outcome.output)
            self.store.artifacts.add(self._run.id, artifact)
        word = "is done" if outcome.ok else f"FAILED: {outcome.text}"
        self._say(f"step {step.id} {word} ({time.monotonic() - began:.1f} s)")
        return outcome.ok

    def _done(self, step: Step) -> Outcome:
        """Do a step in a thread of its own; one that hangs is aborted."""
        outcomes: list[Outcome] = []
        thread = threading.Thread(target=lambda: outcomes.append(self._outcome(step)), daemon=True)
        try:
            # Ctrl-C may come as soon as it has begun.
            thread.start()
            thread.join(timeout=step.timeout)
        except KeyboardInterrupt:
            self.deployer.abort(step, self.grace)
            raise
        if not thread.is_alive():
            return outcomes[0]
        self.deployer.abort(step, self.grace)
        thread.join(timeout=self.grace + 10)
        output = outcomes[0].output if outcomes else b""
        return Outcome(False, f"did not end within {step.timeout:g} s and was aborted", output)

    def _outcome(self, step: Step) -> Outcome:
        try:
            return self.deployer.run(step, lambda event: self._task(step, event))
        except Exception as error:  # noqa: BLE001 -- of a deployer of any package
            return Outcome(False, f"{type(error).__name__}: {error}")

    def _task(self, step: Step, event: StepEvent) -> None:
        service = step.service
        if event.pid:
            self.at_work.note(f"step {step.id}", event.pid, run=self._run.id, seconds=step.timeout, leads=True)
            return
        self._event(
            Event(step.id, "task", service, event.host, event.at, event.ok, event.text, source=self.deployer.name)
        )

    def _event(self, event: Event) -> None:
        self.store.events.add(self._run.id, event)

    def _marked(self) -> bool:
        ends = self.store.events.of(self._run.id, step="", kind="end", source="mark")
        return bool(ends)

    def _pytest(self, phase: Phase, *more: str) -> int:
        return self._ended(self._begun(phase, *more))

    def _begun(self, phase: Phase, *more: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self._words(phase, *more), env=dict(self.environment))
        self.at_work.note(f"phase {phase}", process.pid, run=self.run.id if self.run else "")
        return process

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        """What a pytest process exits with; if we are told to end it has time to end as well."""
        try:
            return process.wait()
        except KeyboardInterrupt:
            self._interrupt(process)
            raise

    def _interrupt(self, process: subprocess.Popen[bytes]) -> None:
        """Have a pytest process end as it does after Ctrl-C, which a terminal sends to it as well as to us."""
        tree = ProcessTree.of(process.pid)
        try:
            wait_for(lambda: process.poll() is not None, timeout=1, every=0.1, what="pytest to end by itself")
        except WaitTimeout:
            # What it leaves in order is the observer, which lives until the tests after the upgrade.
            tree.end(signal.SIGINT, self.grace, keeps=True)
        process.wait()

    def _words(self, phase: Phase, *more: str) -> list[str]:
        which = [f"--upgrade-run={self.run.id}"] if self.run is not None else []
        return [sys.executable, "-m", "pytest", f"--phase={phase}", *which, *self.more, *more]

    def _say(self, text: str) -> None:
        print(f"pytest-upgrade: {text}", flush=True)


def _verdict(during: int, post: int) -> int:
    """0 if both passed; what had no test beside the upgrade is no failure, but after it there has to be one.

    >>> _verdict(0, 0), _verdict(5, 0), _verdict(1, 0), _verdict(0, 1), _verdict(0, 5)
    (0, 0, 1, 1, 2)
    """
    if post == _NONE:
        return _INCONCLUSIVE
    return 0 if post == _PASSED and during in _WELL else _FAILED
