"""The container's entrypoint: reads a job, does it, and ends when the other side does."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.redaction import Redaction
from tcup.inside import run as running
from tcup.inside.job import CLOUD, Job
from tcup.inside.sending import PATIENCE, send
from tcup.inside.telling import Telling

#: In memory; the rest of the container is read only.
FOLDER = Path("/tmp/tcup")  # noqa: S108 -- a file system of the container's own, which nobody else is in
_BROKEN = 3


def main() -> int:
    """Do the job and return the exit status, which is pytest's if it ran."""
    if sys.argv[1:] == ["shell"]:
        return shell()
    first = sys.stdin.readline()
    try:
        job = Job.from_line(first)
        telling = Telling(Redaction(tuple(job.secrets())))
    except StackproofError as error:
        Telling(Redaction(())).event("trouble", sentence=error.sentence)
        return _BROKEN
    try:
        return _Container(job, telling).do()
    except StackproofError as error:
        telling.event("trouble", sentence=error.sentence)
    except OSError as error:
        hint = "give it more, with --memory" if error.errno == 28 else "run it again with --debug"
        telling.event("trouble", sentence=f"in the container: {error.strerror or error}; {hint}")
    return _BROKEN


def shell() -> int:
    """What --debug opens: a shell where all is prepared, and the command that starts the run."""
    known = json.loads((FOLDER / "run.json").read_text())
    print("Everything is prepared and no test runs. This starts the run, with arguments of pytest as you like:\n")
    print(f"    cd {FOLDER} && {shlex.join(known['command'])}\n")
    print("The folder you came from is /work; results lie in the container and go with it, unless you copy them there.")
    sys.stdout.flush()
    program = shutil.which("bash") or "/bin/sh"
    os.chdir("/work")
    return subprocess.run([program], env=known["environment"], check=False).returncode


class _Container:
    """What is there while a job is done; ``commands`` come from the other side, and its end is one."""

    def __init__(self, job: Job, telling: Telling) -> None:
        self.job, self.telling = job, telling
        self.commands: Queue[str] = Queue()
        self.gone = Event()
        self.sent: Queue[dict[str, str]] = Queue()
        FOLDER.mkdir(mode=0o700)
        self.run = running.Run(FOLDER, telling)

    def do(self) -> int:
        """Do the job."""
        Thread(target=self._listen, daemon=True).start()
        os.environ.update(self.job.proxies)
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        if self.job.trusted:
            os.environ.update(_trusting(self.job.trusted))
        if self.job.task == "upload":
            self._send(self.job.body)
            return 0
        words, variables = self._prepared()
        if self.job.task == "debug":
            (FOLDER / "run.json").write_text(json.dumps({"command": words, "environment": variables}))
            self.telling.event("prepared")
            self.gone.wait()
            return 0
        status = self.run.pytest(words, variables)
        body = self.run.results()
        if body:
            self.telling.event("payload", body=json.loads(body))
            if self.job.api and not self.gone.is_set() and self._answer() == "upload":
                self._send(body)
        self.telling.event("over", status=status)
        return status

    def _prepared(self) -> tuple[list[str], dict[str, str]]:
        clouds = self.job.prepare(FOLDER)
        variables = running.environment(FOLDER, clouds)
        if not self.job.tried:
            _try_credentials(clouds)
        return running.command(self.job.pytest), variables

    def _send(self, body: str) -> None:
        key = FOLDER / "identity.pem" if self.job.key else None
        if key:
            key.touch(mode=0o600)
            key.write_text(self.job.key)
        # In a thread, for a server that hangs must not keep waiting who says stop.
        Thread(target=lambda: self.sent.put(self._tried(body, key)), daemon=True).start()
        try:
            words = self.sent.get(timeout=PATIENCE)
        except Empty:
            words = {"event": "unsent", "why": f"{self.job.api} has not answered for {PATIENCE} s; send them later"}
        self.telling.event(**words)

    def _tried(self, body: str, key: Path | None) -> dict[str, str]:
        try:
            return {"event": "uploaded", "url": send(self.job.api, body.encode(), key, self.gone.wait)}
        except StackproofError as error:
            return {"event": "unsent", "why": error.sentence}

    def _answer(self) -> str:
        return self.commands.get()

    def _listen(self) -> None:
        for line in sys.stdin:
            word = line.strip()
            if word == "stop":
                self.run.stop()
                self.sent.put({"event": "unsent", "why": "you have stopped that"})
            else:
                self.commands.put(word)
        self._stop()

    def _stop(self) -> None:
        """Nobody listens any more, or the engine wants the container to end."""
        self.gone.set()
        self.run.stop()
        self.sent.put({"event": "unsent", "why": "nobody listens any more"})
        self.commands.put("leave")


def _trusting(trusted: str) -> Iterator[tuple[str, str]]:
    """Variables by which the authorities of the host are trusted beside those of the image."""
    file = FOLDER / "trusted.pem"
    known = ssl.get_default_verify_paths().cafile
    file.write_text((Path(known).read_text() if known else "") + "\n" + trusted)
    yield from ((name, str(file)) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))


def _try_credentials(clouds: Path) -> None:
    """Ask for a token, so that a wrong password is one sentence and not an error of each test."""
    import openstack
    from keystoneauth1.exceptions import ClientException

    os.environ["OS_CLIENT_CONFIG_FILE"] = str(clouds)
    try:
        openstack.connect(CLOUD).authorize()
    except (ClientException, openstack.exceptions.SDKException) as error:
        said = str(error).partition("\n")[0].rstrip(".")
        raise StackproofError(f"the cloud gives no token: {said}", hint="look at the entry of clouds.yaml") from None


if __name__ == "__main__":
    sys.exit(main())
