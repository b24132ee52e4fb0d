"""A deployer that is a human, or any tool that can make a file or a request: it says when it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from pytest_upgrade.deployers import steps
from pytest_upgrade.phases.ending import seconds
from pytest_whitebox.core.deployers import Emit, Instance, Outcome, Step, StepEvent, Target
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import WaitTimeout, wait_for

_KEYS = frozenset({"file", "port", "timeout"})


class Manual:
    """One step, which ends by ``pytest-upgrade mark end``, a file that appears, or ``POST /end`` on the loopback.

    ``POST /begin/STEP`` and ``POST /end/STEP`` tell of steps in between.
    """

    name = "manual"

    def __init__(self, config: Mapping[str, Any]) -> None:
        steps.refuse_other_keys(config, _KEYS, "leave it out")
        try:
            self._timeout = seconds(str(config.get("timeout", "24h")))
        except ValueError as error:
            raise StackproofError(f"the timeout of the deployer's file is wrong: {error}", hint="mend it") from None
        self._file = Path(config["file"]) if config.get("file") else None
        self._port = int(config["port"]) if config.get("port") else None
        self._aborted = Event()
        self._marked = Target().marked

    def plan(self, target: Target) -> Sequence[Step]:
        """The one step."""
        self._marked = target.marked
        ways = ["`pytest-upgrade mark end`"]
        ways += [f"the file {self._file}"] if self._file else []
        ways += [f"POST http://127.0.0.1:{self._port}/end"] if self._port else []
        return [Step("upgrade", f"upgrade the cloud now; it is done by {' or '.join(ways)}", timeout=self._timeout)]

    def run(self, step: Step, emit: Emit) -> Outcome:
        """Wait until somebody says that it is done."""
        self._aborted.clear()
        done = Event()
        with self._listening(step, emit, done):
            try:
                wait_for(
                    lambda: self._aborted.is_set() or done.is_set() or self._marked() or self._there(),
                    timeout=step.timeout, every=0.2, what="somebody to say that the upgrade is done",
                )  # fmt: skip
            except WaitTimeout as error:
                return Outcome(False, str(error))
        return Outcome(False, "aborted") if self._aborted.is_set() else Outcome(True)

    def abort(self, step: Step, grace: float) -> None:  # noqa: ARG002 -- a human is not killed
        """Wait no longer."""
        self._aborted.set()

    def inventory(self) -> Sequence[Instance]:
        """Nothing is known."""
        return ()

    def release_of(self, instance: Instance) -> frozenset[str]:  # noqa: ARG002
        """Nothing is known."""
        return frozenset()

    def _there(self) -> bool:
        return self._file is not None and self._file.exists()

    @contextmanager
    def _listening(self, step: Step, emit: Emit, done: Event) -> Iterator[None]:
        if self._port is None:
            yield
            return

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                what, _, name = self.path.strip("/").partition("/")
                if what == "end" and not name:
                    done.set()
                elif what in ("begin", "end") and name:
                    emit(StepEvent(step.id, f"{what} {name}", time.time()))
                else:
                    self.send_error(404, "POST /begin/STEP, /end/STEP or /end")
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        try:
            server = ThreadingHTTPServer(("127.0.0.1", self._port), Door)
        except OSError as error:
            hint = "name a free one, or leave it out"
            raise StackproofError(f"port {self._port} cannot be listened at: {error.strerror}", hint=hint) from None
        with server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()
