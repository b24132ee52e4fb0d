"""The real server of Refstack takes what we send: results, signed or not, and what is said of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.refstack import annotate, payload, signature, upload

#: The last releases with which its code of 2018 runs.
_PACKAGES = ("refstack==2.1.0", "SQLAlchemy<2", "oslo.db<13")
OPENID = "https://id/me"
NAME, UUID = "tempest.a.B.test_c", "5f1b7a4e-0000-4000-8000-000000000001"
BODY = payload("c0ffee", 3.4, [(NAME, UUID)])


@dataclass(frozen=True)
class Server:
    """Where it answers, and the key that it knows."""

    url: str
    key: Path

    def results(self, id: str) -> dict[str, Any]:
        """What anybody may see of results."""
        with urlopen(f"{self.url}/v1/results/{id}") as answer:
            return dict(json.loads(answer.read()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server, installed from the index for these tests; without an index there is none."""
    folder = tmp_path_factory.mktemp("refstack")
    uv, python = str(Path(sys.executable).with_name("uv")), str(folder / "venv" / "bin" / "python")
    subprocess.run([uv, "venv", "-q", folder / "venv"], check=True)
    done = subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, *_PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"needs the server of Refstack, which cannot be installed: {done.stderr.strip().splitlines()[-1]}")
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
                pytest.fail((folder / "log").read_text())
            yield Server(f"http://127.0.0.1:{port}", key)
        finally:
            process.kill()


def test_results_of_nobody_are_taken_and_seen_by_all(server: Server) -> None:
    done = upload(server.url, BODY, {})

    assert done.url == f"http://ui/#/results/{done.id}"
    found = server.results(done.id)
    assert (found["results"], found["duration_seconds"], found["meta"]) == ([NAME], 3, {})


def test_signed_results_are_their_owners_until_he_shares_them(server: Server) -> None:
    done = upload(server.url, BODY, signature(BODY, server.key))
    with pytest.raises(HTTPError, match="401"):
        server.results(done.id)
    meta = {"guideline": "2020.06.json", "target": "compute", "shared": "true"}
    annotate(server.url, done.id, meta, key=server.key, openid=OPENID)

    assert server.results(done.id)["meta"] == meta


def test_what_is_not_his_is_refused(server: Server) -> None:
    done = upload(server.url, BODY, {})
    with pytest.raises(StackproofError, match=r"did not take target compute of results .*: 40[13] "):
        annotate(server.url, done.id, {"target": "compute"}, key=server.key, openid=OPENID)
    with pytest.raises(StackproofError, match="did not take target compute of results"):
        annotate(server.url, done.id, {"target": "compute"}, key=server.key, openid="https://id/other")
    with pytest.raises(StackproofError, match="400 "):
        upload(server.url, BODY, {**signature(BODY, server.key), "X-Signature": "00"})
    with pytest.raises(StackproofError, match="400 "):
        upload(server.url, b'{"cpid": "c", "duration_seconds": 1, "results": []}', {})
