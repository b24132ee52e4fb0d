"""The real server of Refstack, installed from the index for as long as it is wanted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

#: The last releases with which its code of 2018 runs.
_PACKAGES = ("refstack==2.1.0", "SQLAlchemy<2", "oslo.db<13")
OPENID = "https://id/me"


class NotToBeHad(Exception):
    """The index does not answer, or has no such release."""


@dataclass(frozen=True)
class Server:
    """Where it answers, and the key that it knows."""

    url: str
    key: Path

    def results(self, id: str) -> dict[str, Any]:
        """What anybody may see of results."""
        with urlopen(f"{self.url}/v1/results/{id}") as answer:
            return dict(json.loads(answer.read()))


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server, and its database, in a folder that exists."""
    uv, python = str(Path(sys.executable).with_name("uv")), str(folder / "venv" / "bin" / "python")
    subprocess.run([uv, "venv", "-q", folder / "venv"], check=True)
    done = subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, *_PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotToBeHad(done.stderr.strip().splitlines()[-1])
    key = folder / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(key)], check=True)
    words = [str(folder), OPENID, key.with_suffix(".pub").read_text()]
    command = [python, str(Path(__file__).with_name("refstack_server.py")), *words]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port:
                raise AssertionError((folder / "log").read_text())
            yield Server(f"http://127.0.0.1:{port}", key)
        finally:
            process.kill()
