"""Steps that are commands: each runs in a session of its own, its lines are told, and it can be ended by force."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from pytest_whitebox.core.deployers.deployer import Outcome, Step
from pytest_whitebox.core.wait import WaitTimeout, wait_for


class Programs:
    """The commands that run now, by their steps."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = Lock()

    def run(
        self, step: Step, command: Sequence[str], line: Callable[[str], object], environment: Mapping[str, str]
    ) -> Outcome:
        """Run a step's command and tell each line that it writes, which together are its output."""
        lines = []
        try:
            process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=dict(environment), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return Outcome(False, f"`{command[0]}` cannot be started: {error.strerror}")
        with self._lock:
            self._running[step.id] = process
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        with process.stdout as output:
            for written in output:
                lines.append(written)
                line(written.decode(errors="replace").rstrip())
        code = process.wait()
        with self._lock:
            self._running.pop(step.id, None)
        last = next((one for one in reversed(lines) if one.strip()), b"").decode(errors="replace").strip()
        said = f"{'ended by signal' if code < 0 else 'exited with'} {abs(code)}{f': {last}' if last else ''}"
        return Outcome(code == 0, "" if code == 0 else said, b"".join(lines))

    def abort(self, step: Step, grace: float) -> None:
        """Ask a step's command and all that it has started to end, then kill them."""
        with self._lock:
            process = self._running.get(step.id)
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            wait_for(lambda: process.poll() is not None, timeout=grace, every=0.1, what=f"step {step.id} to end")
        except WaitTimeout:
            os.killpg(process.pid, signal.SIGKILL)
