"""The tours of docs/tours, recorded: tcup on a terminal against a real cloud, and a real Refstack server.

Run as root with a devcloud that is up: ``python -m tests.acceptance.tcup_tours``. What is typed is shown as if by hand;
all else comes when it came.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError
from tests.cloud.devcloud import Devcloud
from tests.wire import real_refstack
from tests.wire.tcup.engine import BASE, started
from tests.wire.tcup.terminal import Terminal

TOURS = Path(__file__).parents[2] / "docs" / "tours"
TCUP = Path(__file__).parents[2] / "tcup" / "tcup.py"
#: Rows and columns.
SIZE = (26, 100)
#: Seconds that a key takes, and those that whoever watches has for what has just been printed.
_KEY, _LOOK = 0.05, 1.5
_OUTER = ("SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY")
_TESTS = "--tempest=tempest.api.identity.v3"
_PROMPT = "\n$ "


@dataclass
class Cast:
    """A recording; its clock is the real one, and what typing would have taken."""

    title: str
    lead: float = 0.0
    began: float = field(default_factory=time.monotonic)
    events: list[tuple[float, str, str]] = field(default_factory=list)

    def heard(self, text: str) -> None:
        """Something was printed."""
        self.events.append((round(time.monotonic() - self.began + self.lead, 3), "o", text))

    @property
    def text(self) -> str:
        """All that was printed."""
        return "".join(text for _, _, text in self.events)

    def write(self, file: Path) -> None:
        """In the second form of asciicast."""
        rows, columns = SIZE
        head = {"version": 2, "width": columns, "height": rows, "idle_time_limit": 2, "title": self.title}
        file.write_text("".join(f"{json.dumps(line)}\n" for line in (head, *self.events)))


@dataclass
class Session:
    """A shell on a terminal that is recorded."""

    terminal: Terminal
    cast: Cast

    def type(self, text: str, *, shown: bool = True) -> None:
        """Type a line, key by key."""
        self.cast.lead += _LOOK
        for key in text:
            os.write(self.terminal.near, key.encode())
            if shown:
                self.terminal.until(key, 30)
            self.cast.lead += _KEY
        os.write(self.terminal.near, b"\n")

    def answered(self, prompt: str = _PROMPT) -> None:
        """Wait for the shell's prompt."""
        self.terminal.until(prompt)

    def run(self, line: str, prompt: str = _PROMPT) -> None:
        """Type a line, and wait for the prompt after it."""
        self.type(line)
        self.answered(prompt)


def main() -> int:
    """Record them, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tours", nargs="*", metavar="TOUR", help="run, no-upload or debug (default all)")
    wanted = parser.parse_args().tours
    clouds = yaml.safe_load((Devcloud.from_environment().state / "clouds.yaml").read_text())["clouds"]
    auth: dict[str, str] = clouds["devcloud"]["auth"]
    TOURS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tours-", dir="/var/tmp") as folder,
        started() as engine,
        real_refstack.serving(Path(tempfile.mkdtemp(dir=folder))) as server,
    ):
        Path(folder).chmod(0o755)
        engine.client.tag(BASE, "python", "3.13-slim")
        bin = Path(sys.executable).parent
        env = {
            "PATH": f"{bin}:/usr/bin:/bin", "HOME": folder, "TERM": "xterm-256color", "PS1": "$ ", "LANG": "C.UTF-8",
            "DOCKER_HOST": engine.address, **{name: os.environ[name] for name in _OUTER if name in os.environ},
        }  # fmt: skip
        _build(Path(folder), server.url, env)
        for name, title, tour in _tours(auth, server.url):
            if wanted and name not in wanted:
                continue
            room = Path(tempfile.mkdtemp(dir=folder))
            room.chmod(0o755)
            (room / "tcup.py").symlink_to(TCUP)
            _record(name, title, tour, auth["password"], room, env)
    return 0


def _build(folder: Path, api: str, env: dict[str, str]) -> None:
    """Have an image, so that what is recorded is not the first start."""
    body = folder / "refstack.json"
    body.write_text(json.dumps({"cpid": "c0ffee", "duration_seconds": 7, "results": [{"name": "a.B.test_c"}]}))
    run([sys.executable, str(TCUP), "upload", str(body), "--api", api], env=env, cwd=str(folder), timeout=900)


def _record(
    name: str, title: str, tour: Callable[[Session], None], secret: str, room: Path, env: dict[str, str]
) -> None:
    cast = Cast(title)
    terminal = Terminal(["bash", "--noediting", "--norc", "--noprofile"], room, env, SIZE, cast.heard)
    session = Session(terminal, cast)
    terminal.until("$ ")
    tour(session)
    os.write(terminal.near, b"\x04")
    terminal.end()
    for what, text in (("the password", secret), ("a path of this machine", str(TCUP.parents[1]))):
        if text in cast.text:
            raise StackproofError(f"{what} is in the tour {name}", hint="look at what is typed")
    cast.write(TOURS / f"{name}.cast")
    print(f"written: {TOURS / name}.cast, {cast.events[-1][0]:.0f} s", flush=True)


def _tours(auth: dict[str, str], api: str) -> list[tuple[str, str, Callable[[Session], None]]]:
    def tcup(session: Session, *words: str) -> None:
        four = ("OS_AUTH_URL", "auth_url"), ("OS_USERNAME", "username"), ("OS_TENANT_NAME", "project_name")
        session.run("export " + " ".join(f"{variable}={auth[known]}" for variable, known in four))
        session.type(f"python3 tcup.py {' '.join(words)} -- {_TESTS}")
        session.terminal.until("password of ")
        session.type(auth["password"], shown=False)

    def upload(session: Session) -> None:
        tcup(session, "--api", api)
        session.terminal.until("[y/N] ")
        session.run("y")
        session.run("ls tcup-results/*")

    def no_upload(session: Session) -> None:
        tcup(session, "--no-upload")
        session.answered()
        session.run("head -c 300 tcup-results/*/refstack.json; echo")

    def debug(session: Session) -> None:
        tcup(session, "--debug")
        session.terminal.until("copy them there.")
        session.answered("$ ")
        session.run("id -u; ls /work", "$ ")
        session.run("cd /tmp/tcup && ls", "$ ")
        session.run("exit")

    return [
        ("run", "tcup: a run, and its results uploaded", upload),
        ("no-upload", "tcup --no-upload: results only into a folder", no_upload),
        ("debug", "tcup --debug: a shell where all is prepared", debug),
    ]


if __name__ == "__main__":
    sys.exit(main())
