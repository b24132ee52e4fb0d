"""What is told before anything is built or started: variables, the cloud's answer, the engine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import UnixStreamServer

import pytest

from tests.doubles import certificate, openstack
from tests.doubles.openstack import Openstack
from tests.doubles.serving import serving

FILE = Path(__file__).parents[3] / "tcup" / "tcup.py"


@pytest.fixture
def cloud() -> Iterator[tuple[Openstack, str]]:
    cloud = Openstack()
    with openstack.serve(cloud) as url:
        yield cloud, url


def _tcup(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), "DOCKER_HOST": f"unix://{folder}/no.sock", **variables}
    return subprocess.run(
        [sys.executable, FILE, *words], cwd=folder, env=known, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def _four(url: str) -> dict[str, str]:
    return {"OS_AUTH_URL": url, "OS_USERNAME": "u", "OS_TENANT_NAME": "t", "OS_PASSWORD": "canary-9d1e"}


class _Old(BaseHTTPRequestHandler):
    """An engine of 2019."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"ApiVersion": "1.40", "Version": "19.03"}).encode())

    def address_string(self) -> str:
        return "a socket"

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _old_engine(path: Path) -> Iterator[None]:
    with serving(UnixStreamServer(str(path), _Old)):
        yield


@contextmanager
def _tls_server(folder: Path, days: int) -> Iterator[str]:
    """A server whose certificate holds until in so many days; ``own.pem`` is its authority."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Old)
    server.socket = certificate.shown(folder, days).wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield f"https://127.0.0.1:{server.server_port}/v3"


@pytest.mark.parametrize("name", ["OS_AUTH_URL", "OS_USERNAME", "OS_TENANT_NAME"])
def test_a_missing_variable_is_named_with_the_way_to_set_it(tmp_path: Path, name: str) -> None:
    known = _four("http://127.0.0.1:1/v3")
    del known[name]
    done = _tcup(tmp_path, **known)

    assert done.returncode == 3
    assert done.stderr.startswith(f"tcup: {name} is not set; `export {name}=")
    assert done.stderr.count("\n") == 1


def test_without_a_terminal_no_password_is_asked_for(tmp_path: Path) -> None:
    done = _tcup(tmp_path, **{**_four("http://127.0.0.1:1/v3"), "OS_PASSWORD": ""})

    assert done.returncode == 3
    assert "OS_PASSWORD is not set, and there is no terminal to ask for it" in done.stderr


def test_an_application_credential_without_an_id_is_told(tmp_path: Path) -> None:
    done = _tcup(tmp_path, OS_AUTH_URL="http://127.0.0.1:1/v3", OS_APPLICATION_CREDENTIAL_SECRET="canary-9d1e")
    assert done.stderr.startswith("tcup: OS_APPLICATION_CREDENTIAL_ID is not set; ")


def test_a_cloud_that_lets_nobody_in_is_one_sentence(tmp_path: Path, cloud: tuple[Openstack, str]) -> None:
    known, url = cloud
    known.fail = lambda method, service, path: 401 if path == "auth/tokens" else 0
    done = _tcup(tmp_path, **_four(url))

    assert done.returncode == 3
    assert done.stderr == (
        "tcup: the cloud does not let u of project t in; look at the password, the project and the domains\n"
    )


def test_a_cloud_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = _tcup(tmp_path, **_four(f"http://127.0.0.1:{nobody.getsockname()[1]}/v3"))

    assert done.returncode == 3
    assert "the cloud cannot be reached at http://127.0.0.1:" in done.stderr
    assert "Connection refused" in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_engine_is_one_sentence(tmp_path: Path, cloud: tuple[Openstack, str]) -> None:
    done = _tcup(tmp_path, **_four(cloud[1]))

    assert done.returncode == 3
    assert "no engine answers: " in done.stderr
    assert "install and start Docker or Podman, or set DOCKER_HOST" in done.stderr


def test_an_engine_that_is_too_old_is_one_sentence(tmp_path: Path, cloud: tuple[Openstack, str]) -> None:
    with _old_engine(tmp_path / "old.sock"):
        done = _tcup(tmp_path, **{**_four(cloud[1]), "DOCKER_HOST": f"unix://{tmp_path}/old.sock"})

    assert done.returncode == 3
    assert "is too old (API 1.40); it takes Docker 20.10 or Podman 4" in done.stderr


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (-1, "has expired; have it renewed"),
        (1, "is not trusted: self-signed certificate; name its authority in OS_CACERT"),
    ],
)
def test_a_certificate_that_does_not_hold_is_one_sentence(tmp_path: Path, days: int, sentence: str) -> None:
    trusted = {"OS_CACERT": str(tmp_path / "own.pem")} if days < 0 else {}
    with _tls_server(tmp_path, days) as url:
        done = _tcup(tmp_path, **_four(url), **trusted)

    assert done.returncode == 3
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_address_of_an_index_with_a_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from tcup import tcup

    monkeypatch.setenv("PIP_INDEX_URL", "https://user:canary-9d1e@index.example/simple")
    with pytest.raises(tcup.Trouble, match="PIP_INDEX_URL has a password in it") as caught:
        tcup._indexes()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://user:canary-9d1e@proxy.example:3128", "user:canary-9d1e@proxy.example:3128"]
)
def test_a_proxy_with_a_password_is_not_given_to_a_build(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    from tcup import tcup

    monkeypatch.setenv("NO_PROXY", "localhost,[::1],u:p@x")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert tcup._proxies_to_build()["HTTPS_PROXY"] == "http://proxy.example:3128"
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(tcup.Trouble, match="HTTPS_PROXY has a password in it") as caught:
        tcup._proxies_to_build()
    assert "canary" not in str(caught.value)


def test_another_authority_needs_no_other_image() -> None:
    from tcup import tcup

    files = {"Dockerfile": b"FROM x", "tools/ca.crt": b"one"}
    known = tcup._contents("base", {}, files)
    assert tcup._contents("base", {}, {**files, "tools/ca.crt": b"another"}) == known
    assert tcup._contents("base", {}, {**files, "Dockerfile": b"FROM y"}) != known


def test_misuse_has_a_status_of_its_own(tmp_path: Path) -> None:
    done = _tcup(tmp_path, "--no-uplod")

    assert done.returncode == 4
    assert "tcup: unrecognized arguments: --no-uplod" in done.stderr


@pytest.mark.parametrize("text", ["no json", "{}", '{"cpid": "c", "duration_seconds": 1, "results": []}'])
def test_only_results_are_uploaded(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    done = _tcup(tmp_path, "upload", "file")

    assert done.returncode == 3
    assert "file has no results for Refstack; name the refstack.json of a run" in done.stderr
