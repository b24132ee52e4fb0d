"""A run of a job in a process of its own: it takes the job by standard input and tells how it is by lines of JSON.

When its input ends, the worker is gone: it stops what it started, and leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, TextIO

from pytest_whitebox.core import refstack
from pytest_whitebox.core.configuration import Config
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.events import DESCRIPTOR
from pytest_whitebox.core.redaction import Redaction

from . import overrides, own
from .calling import called
from .cleaning import PLUGIN, Cleaning
from .clouds import CLOUDS, CONF, Held, cpid, private
from .credentials import Credentials
from .environment import Environment, Environments, plugins, quiet
from .fetching import listed
from .payload import Payload
from .states import State

#: Where pytest leaves what it has written down, in the folder of its run.
_RUN = Path(".stackproof") / "runs" / "latest"
#: Bytes of a disk with less than which nothing can be done.
_LEAST = 64 * 1024
#: Characters of a reason: the results of all tests that a job may have must go into one request.
_LONGEST_WHY = 300


@dataclass(frozen=True, slots=True)
class Order:
    """A job, and what the worker's keeper has set: where clouds, cache and keys are, and which hosts are allowed."""

    job: str
    payload: Payload
    folder: Path
    clouds: Path
    cache: Path
    keys: Path
    allowed: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @classmethod
    def from_line(cls, line: str) -> Order:
        """What `line` made."""
        known = json.loads(line)
        folder, clouds, cache, keys = (Path(known[name]) for name in ("folder", "clouds", "cache", "keys"))
        allowed, beside = tuple(known["allowed"]), tuple(known["beside"])
        return cls(known["job"], Payload.from_mapping(known["payload"]), folder, clouds, cache, keys, allowed, beside)

    @property
    def line(self) -> str:
        """One line of JSON."""
        known = {name: str(getattr(self, name)) for name in ("job", "folder", "clouds", "cache", "keys")}
        lists = {"allowed": self.allowed, "beside": self.beside}
        return json.dumps({**known, **lists, "payload": self.payload.mapping}) + "\n"


@dataclass
class Run:
    """One run; `do` may be stopped at any time from another thread."""

    order: Order
    out: TextIO
    stopped: Event = field(default_factory=Event)
    results: list[dict[str, Any]] = field(default_factory=list)
    _hide: Redaction = field(default_factory=lambda: Redaction(()))
    _left: str = ""
    _has_begun: bool = False
    _lock: Lock = field(default_factory=Lock)

    def do(self) -> None:
        """Run the job to its end, tell it, and remove its folder."""
        folder = self.order.folder
        try:
            folder.mkdir(mode=0o700, parents=True)
            self._over(**self._done())
        except StackproofError as error:
            self._failed(error.sentence)
        except OSError as error:
            self._failed(f"the worker could not run it: {error.strerror or error}; see its disk")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _failed(self, sentence: str) -> None:
        """It has failed, or is another worker's: before the first test a full disk is no fault of the job."""
        if not self._has_begun and is_full(self.order.folder, self.order.cache):
            self._over(state=State.QUEUED, sentence="the disk of its worker is full", results=[])
        else:
            self._over(state=State.FAILED, sentence=sentence, results=self.results)

    def _over(self, *, sentence: str, **words: Any) -> None:
        self._tell("over", sentence="; ".join(filter(None, (sentence, self._left))), **words)

    def _done(self) -> dict[str, Any]:
        order = self.order
        self._tell("state", state=State.INSTALLING)
        cloud = self._cloud()
        environments = Environments(order.cache, order.beside)
        made = environments.make(order.payload.tempest, order.folder / "venv", self._log, self.stopped)
        words = self._selection()
        conf = cloud.conf(order.folder, overrides.written(order.payload.overrides))
        self._hide = Redaction(Config.from_files({CONF: conf.read_bytes()}).secrets())
        if self.stopped.is_set():
            return {"state": State.CANCELLED, "sentence": "stopped before its first test", "results": []}
        cleaning = self._cleaning(cloud)
        began = time.monotonic()
        try:
            self._has_begun = True
            self._tell("state", state=State.RUNNING)
            plugin = ["-p", PLUGIN] if cleaning else []
            status = self._pytest(made, ["--tempest-config", str(conf), *plugin, *words])
        finally:
            if cleaning:
                self._left = cleaning.restore(self._folder / _RUN, self._log)
        end = _verdict(status, self.stopped.is_set(), len(self.results))
        if order.payload.upload and end["state"] != State.CANCELLED:
            self._tell("log", text=f"results: {self._upload(conf, time.monotonic() - began)}\n")
        return {**end, "results": self.results}

    def _cloud(self) -> Held:
        """The cloud with its tempest.conf: as the worker holds it, or made by asking. Raises `StackproofError`."""
        order = self.order
        if order.payload.sealed is None:
            held = Held.find(order.clouds, order.payload.cloud)
            return held if held.file.name == CONF else self._asked(held)
        request = {"do": "open", "payload": order.payload.mapping, "folder": str(order.keys)}
        credentials = Credentials.from_text(self._own(own.SEALING, request)["text"])
        self._hide = Redaction([credentials.password])
        credentials.check_address(order.allowed)
        file = order.folder / CLOUDS
        private(file, json.dumps(credentials.clouds(order.payload.cloud)).encode())
        return self._asked(Held(order.payload.cloud, file))

    def _asked(self, cloud: Held) -> Held:
        folder = self.order.folder / "asked"
        folder.mkdir(mode=0o700)
        self._own(own.DISCOVERING, {"clouds": str(cloud.file), "name": cloud.name, "folder": str(folder)})
        return Held(cloud.name, folder / CONF, cloud.file)

    def _own(self, module: str, request: dict[str, Any]) -> dict[str, Any]:
        return own.asked(module, request, self.order.cache, self._log, self.stopped)

    def _cleaning(self, cloud: Held) -> Cleaning | None:
        """What cleans the cloud afterwards, if it is known how it is asked, and if it tells what it has."""
        if cloud.clouds is None:
            return None
        made = Cleaning(cloud.clouds, cloud.name, self.order.folder, self.order.cache)
        if made.remember(self._log, self.stopped):
            return made
        self._left = "what its tests leave stays in the cloud, which does not tell what it has; see the log of the job"
        return None

    def _upload(self, conf: Path, seconds: float) -> str:
        """Send what has passed to the Refstack server of the job; returns where it is. Raises `StackproofError`."""
        order = self.order
        order.payload.check_addresses(order.allowed)
        passed = [(one["test"], one["uuid"]) for one in self.results if one["outcome"] == "passed"]
        body = refstack.payload(cpid(conf, order.cache / "cpid.key"), seconds, passed)
        return refstack.upload(order.payload.upload, body, {}).url

    def _selection(self) -> list[str]:
        wanted = self.order.payload.tests
        if wanted.guideline:
            return ["--interop-guideline", wanted.guideline, "--interop-target", wanted.target]
        names = wanted.names or listed(wanted.url, self.order.allowed)
        file = self.order.folder / "tests.txt"
        file.write_text("".join(f"{name}\n" for name in names))
        return ["--tempest-load-list", str(file)]

    def _pytest(self, made: Environment, words: Sequence[str]) -> int:
        folder = self._folder
        folder.mkdir(mode=0o700)
        ours, theirs = os.pipe()
        command = [str(made.python), "-m", "pytest", "-v", *plugins(folder), *words]
        environment = {**quiet(made, folder), DESCRIPTOR: str(theirs)}
        events = Thread(target=self._follow, args=(os.fdopen(ours),))
        events.start()
        deadline = _Deadline(self.order.payload.deadline, self.stopped)
        with deadline:
            status = called(command, environment, self._log, deadline.over, folder, [theirs])
        events.join()
        if deadline.passed:
            seconds = self.order.payload.deadline
            raise StackproofError(f"it took longer than its deadline, {seconds} s", hint="see how far it came")
        return status

    @property
    def _folder(self) -> Path:
        return self.order.folder / "run"

    def _follow(self, events: TextIO) -> None:
        total = 0
        with events:
            for line in events:
                known = json.loads(line)
                if known["event"] == "collected":
                    total = known["number"]
                elif known["event"] == "ended":
                    self.results.append(_result(known, self._hide))
                self._tell("progress", done=len(self.results), total=total)

    def _log(self, line: str) -> None:
        self._tell("log", text=self._hide(line))

    def _tell(self, event: str, **words: Any) -> None:
        with self._lock:
            try:
                self.out.write(json.dumps({"event": event, **words}) + "\n")
                self.out.flush()
            except BrokenPipeError:
                # The worker is gone; what was started is to end, and the folder to go.
                self.stopped.set()


def is_full(*folders: Path) -> bool:
    """True if one of them, or what is there above it, is on a disk that has no room.

    >>> is_full(Path("/proc"))
    True
    """
    found = [next(one for one in (folder, *folder.parents) if one.exists()) for folder in folders]
    return any(shutil.disk_usage(one).free < _LEAST for one in found)


class _Deadline:
    """``over`` is set when a time has passed, or when the run is stopped."""

    def __init__(self, seconds: float, stopped: Event) -> None:
        self.seconds, self.stopped = seconds, stopped
        self.over, self.passed, self._left = Event(), False, Event()
        self._threads = [Thread(target=self._wait), Thread(target=self._hear)]

    def __enter__(self) -> _Deadline:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        for thread in self._threads:
            thread.join()

    def _wait(self) -> None:
        if not self._left.wait(self.seconds):
            self.passed = not self.stopped.is_set()
            self.over.set()

    def _hear(self) -> None:
        while not self._left.is_set():
            if self.stopped.wait(0.2):
                self.over.set()
                return


def _result(known: Mapping[str, Any], hide: Redaction) -> dict[str, Any]:
    file, *names = str(known["test"]).split("::")
    name = ".".join([file.removesuffix(".py").replace("/", "."), *names])
    why = hide(str(known["why"]))[:_LONGEST_WHY]
    return {
        "test": name[:512], "uuid": str(known["uuid"])[:64], "outcome": known["outcome"],
        "seconds": float(known["seconds"]), "why": why,
    }  # fmt: skip


def _verdict(status: int, stopped: bool, number: int) -> dict[str, Any]:
    """How a job has ended by pytest's exit status."""
    if stopped:
        return {"state": State.CANCELLED, "sentence": "stopped"}
    if status == 0 and number:
        return {"state": State.PASSED, "sentence": ""}
    words = {
        1: "tests failed", 2: "pytest was interrupted", 3: "pytest has failed itself", 4: "pytest refused the run",
        5: "no test was found",
    }  # fmt: skip
    told = words.get(status, f"pytest ended with {status}") if status else "no test ran"
    return {"state": State.FAILED, "sentence": f"{told}; see the log of the job"}


def main() -> int:
    """Do what comes by standard input."""
    run = Run(Order.from_line(sys.stdin.readline()), sys.stdout)
    Thread(target=_listen, args=(run.stopped,), daemon=True).start()
    run.do()
    return 0


def _listen(stopped: Event) -> None:
    """A line, or the end of the input, is for stopping."""
    sys.stdin.readline()
    stopped.set()


if __name__ == "__main__":
    sys.exit(main())
