"""A run of pytest as a process: what it prints and what becomes of its tests is told while it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import Any, TextIO

from pytest_whitebox.core.ended import Ended
from pytest_whitebox.core.events import DESCRIPTOR
from pytest_whitebox.core.subunit import Stream
from tcup.inside.job import CLOUD
from tcup.inside.telling import Telling

#: Seconds in which pytest may take back what it made in the cloud, once it is to stop.
GRACE = 120
_JUNIT, _HTML = "junit.xml", "report.html"


def command(arguments: tuple[str, ...]) -> list[str]:
    """The command line that starts the run; there is no secret in it."""
    return [
        sys.executable, "-m", "pytest", "-v", "--os-cloud", CLOUD, "-p", "tcup.inside.watching",
        "-p", "tcup.inside.hosts",
        f"--junit-xml={_JUNIT}", f"--html={_HTML}", "--self-contained-html", *arguments,
    ]  # fmt: skip


def environment(folder: Path, clouds: Path) -> dict[str, str]:
    """What the run has for environment: where the cloud is described, and nothing that describes it."""
    return {
        **os.environ, "HOME": str(folder), "OS_CLIENT_CONFIG_FILE": str(clouds), "PYTHONUNBUFFERED": "1",
        # Texts are not cut short, so that a secret is there in whole, or not at all.
        "CI": "true", "COLUMNS": "200",
    }  # fmt: skip


@dataclass
class Run:
    """One run in ``folder``; `stop` may come from another thread at any time."""

    folder: Path
    telling: Telling
    ended: list[dict[str, Any]] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _stopped: Event = field(default_factory=Event)

    def stop(self) -> None:
        """Have pytest end as with Ctrl-C, and later in any case."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._process:
            self._process.send_signal(signal.SIGINT)
            Thread(target=self._insist, args=(self._process,), daemon=True).start()

    def pytest(self, words: list[str], variables: Mapping[str, str]) -> int:
        """Run it to its end and return its exit status."""
        ours, theirs = os.pipe()
        known = {**variables, DESCRIPTOR: str(theirs)}
        self._process = subprocess.Popen(
            words, cwd=self.folder, env=known, pass_fds=[theirs], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
        os.close(theirs)
        if self._stopped.is_set():
            self._process.send_signal(signal.SIGINT)
        events = Thread(target=self._follow, args=(os.fdopen(ours),), daemon=True)
        events.start()
        for line in self._process.stdout or ():
            self.telling.log(line.rstrip("\n"))
        status = self._process.wait()
        events.join(10)
        return status if status >= 0 else 128 - status

    def results(self) -> str:
        """Tell of all files that the run has left; returns what Refstack would get, empty if that is nothing."""
        for name in (_JUNIT, _HTML):
            self.telling.text(name, self.folder / name)
        lines = [self.telling.hide(json.dumps(test)) for test in self.ended]
        self.telling.file("results.jsonl", "".join(f"{line}\n" for line in lines).encode())
        self.telling.file("results.subunit", _subunit(lines))
        latest = self.folder / ".stackproof" / "runs" / "latest"
        self.telling.text("interop.json", latest / "interop.json")
        payload = latest / "results.json"
        return payload.read_text() if payload.is_file() else ""

    def _follow(self, events: TextIO) -> None:
        with events:
            for line in events:
                known = json.loads(line)
                kind = known.pop("event")
                if kind == "ended":
                    self.ended.append(known)
                self.telling.event(kind, **known)

    def _insist(self, process: subprocess.Popen[str]) -> None:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()


def _subunit(lines: list[str]) -> bytes:
    """The same, of what is redacted already."""
    out = BytesIO()
    stream = Stream(out)
    for known in map(json.loads, lines):
        began = datetime.fromisoformat(known["began"])
        texts = {"reason": known["why"]} if known["why"] else {}
        stream.write(Ended(known["id"], known["test"], known["outcome"], began, known["seconds"], known["why"], texts))
    return out.getvalue()
