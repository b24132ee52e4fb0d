"""Credentials in a job: only for whose key they were sealed, only for that job, and nowhere told."""

from __future__ import annotations

import base64
import io
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.core.errors import StackproofError
from worker import cli
from worker.credentials import Credentials
from worker.payload import Payload, Sealed, Wanted
from worker.running import Order, Run
from worker.sealing import KEY, opened, public_key, seal

CANARY = "canary-3b7e"
KNOWN = {
    "auth_url": "https://keystone.example/v3",
    "username": "ann",
    "password": CANARY,
    "project_name": "demo",
    "project_domain_id": "default",
    "user_domain_name": "Default",
}
JOB = Payload.from_mapping({"cloud": "mine", "tempest": "47.0.0", "tests": {"names": ["a.b"]}})


@pytest.fixture
def sealed(tmp_path: Path) -> Payload:
    return replace(JOB, sealed=seal(JOB, Credentials.from_mapping(KNOWN).text, public_key(tmp_path)))


def test_key_is_made_once_and_told_by_its_public_half(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["key", "--state", str(tmp_path / "state")]
    assert [cli.main(words), cli.main(words)] == [0, 0]
    first, again = capsys.readouterr().out.splitlines()
    assert (first, len(base64.b64decode(first))) == (again, 32)
    key = tmp_path / "state" / KEY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    assert cli.main(words) == 3
    assert capsys.readouterr().err == f"worker: {key} can be read by others; `chmod 600 {key}`\n"


def test_what_is_sealed_comes_through_the_queue_and_opens(sealed: Payload, tmp_path: Path) -> None:
    arrived = Payload.from_text(sealed.text)
    assert arrived == sealed
    assert Credentials.from_text(opened(arrived, tmp_path)) == Credentials.from_mapping(KNOWN)
    assert CANARY not in sealed.text + repr(sealed)


@pytest.mark.parametrize("what", ["tests", "upload", "box", "key"])
def test_it_opens_for_that_job_and_by_that_key_alone(sealed: Payload, tmp_path: Path, what: str) -> None:
    known, folder = sealed.sealed, tmp_path
    assert known
    if what == "tests":
        sealed = replace(sealed, tests=Wanted(names=("c.d",)))
    elif what == "upload":
        sealed = replace(sealed, upload="https://elsewhere.example/")
    elif what == "box":
        box = bytearray(base64.b64decode(known.box))
        box[-1] ^= 1
        sealed = replace(sealed, sealed=Sealed(known.to, base64.b64encode(box).decode()))
    else:
        folder = tmp_path / "other"
        public_key(folder)
    with pytest.raises(StackproofError, match="were not sealed for it, or to another key"):
        opened(sealed, folder)


def test_worker_without_a_key_says_so(sealed: Payload, tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="cannot be read: No such file or directory"):
        opened(sealed, tmp_path / "nowhere")


@pytest.mark.parametrize("public", ["", "no base64", base64.b64encode(b"short").decode()])
def test_what_is_no_key_is_told(public: str) -> None:
    with pytest.raises(StackproofError, match="that is no public key of a worker"):
        seal(JOB, "x", public)


@pytest.mark.parametrize(
    "change",
    [{"password": ""}, {"auth_url": "http://a\nb"}, {"username": 1}, {"token": "x"}, {"project_name": None}],
)
def test_what_is_no_credentials_is_refused_and_not_said(change: dict[str, Any]) -> None:
    with pytest.raises(StackproofError, match=r"what was sealed is (none|no credentials)") as caught:
        Credentials.from_mapping({**KNOWN, **change})
    assert CANARY not in caught.value.sentence


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_what_is_no_text_of_credentials_is_refused(text: str) -> None:
    with pytest.raises(StackproofError, match="what was sealed is no credentials"):
        Credentials.from_text(text)


def test_credentials_are_those_of_an_openrc_file() -> None:
    known = {"OS_AUTH_URL": "http://k/v3", "OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_TENANT_NAME": "t"}
    entry = Credentials.from_environ(known).clouds("mine")["clouds"]["mine"]
    domains = {"user_domain_id": "default", "project_domain_id": "default"}
    assert entry == {
        "auth": {"auth_url": "http://k/v3", "username": "u", "password": "p", "project_name": "t", **domains}
    }
    del known["OS_PASSWORD"]
    with pytest.raises(StackproofError, match="OS_PASSWORD is not set"):
        Credentials.from_environ(known)


def test_cloud_that_is_sealed_is_at_an_allowed_host_or_not_asked(sealed: Payload, tmp_path: Path) -> None:
    out = io.StringIO()
    folder = tmp_path / "jobs" / "job"
    Run(Order("job", sealed, folder, tmp_path, tmp_path / "cache", tmp_path, ("elsewhere.example",)), out).do()
    *_, last = map(json.loads, out.getvalue().splitlines())
    assert last["sentence"].startswith("the cloud that was sealed is at a host that is not allowed; have the worker's")
    assert CANARY not in out.getvalue()
    assert not folder.exists()


def test_submit_without_credentials_in_the_environment_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OS_AUTH_URL", "http://k/v3")
    monkeypatch.delenv("OS_USERNAME", raising=False)
    words = ["submit", "--cloud", "mine", "--tempest", "47.0.0", "--guideline", "2020.06", "--seal-to", "x"]
    assert cli.main(words) == 3
    assert "$OS_USERNAME is not set; source the openrc file" in capsys.readouterr().err
