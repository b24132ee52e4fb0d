"""The monitor by HTTP, as users and testing hosts have it, and strangers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.wire.worker.laboratory import Laboratory, asked
from worker.asking import Asking, Refusal
from worker.client import Client
from worker.payload import MOST_TESTS, Refused
from worker.tokens import Tokens


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A monitor without a Gearman server, which it can do without until somebody is to have a job."""
    made = Laboratory(tmp_path_factory.mktemp("monitor"), leases=("--lease", "600"))
    try:
        made.monitor()
        yield made
    finally:
        made.close()


@pytest.fixture
def host(laboratory: Laboratory) -> Asking:
    return Asking(laboratory.url, (laboratory.folder / "node").read_text())


def status(state: str, **more: Any) -> dict[str, Any]:
    return {"state": state, **more}


def raw(url: str, method: str, body: bytes | None = None, token: str = "") -> tuple[int, Any, dict[str, str]]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read()), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), dict(error.headers)


def test_report_of_a_testing_host_is_accepted(laboratory: Laboratory, host: Asking) -> None:
    job = laboratory.client.submit(asked())
    body = {"test_id": job, "payload": asked(), "status": status("claimed")}
    token = (laboratory.folder / "node").read_text()
    code, said, _ = raw(f"{laboratory.url}/update-test-status/", "POST", json.dumps(body).encode(), token)
    assert (code, said["attempt"], said["seconds"]) == (202, 1, 600)
    told = host.post(f"/jobs/{job}/progress", status("running", lease=said["lease"], done=1, total=3, log="a\n"))
    assert told["stop"] == ""
    known = laboratory.client.job(job)
    assert (known["state"], known["done"], known["total"], known["worker"]) == ("running", 1, 3, "node/0")


def test_report_with_payload_and_id_alone_is_of_a_failure(laboratory: Laboratory, host: Asking) -> None:
    job = laboratory.client.submit(asked())
    host.post("/update-test-status/", {"test_id": job, "payload": asked(), "status": status("claimed")})
    other = Asking(laboratory.url, (laboratory.folder / "other").read_text())
    with pytest.raises(Refusal, match="no job of other"):
        other.post("/update-test-status/", {"test_id": job, "payload": asked()})
    host.post("/update-test-status/", {"test_id": job, "payload": asked()})
    assert laboratory.client.job(job)["sentence"] == "node reports that it failed"


@pytest.mark.parametrize("missing", ["payload", "test_id"])
def test_missing_parameter_is_named(laboratory: Laboratory, missing: str) -> None:
    body = {name: value for name, value in (("payload", asked()), ("test_id", "0" * 36)) if name != missing}
    token = (laboratory.folder / "node").read_text()
    code, said, _ = raw(f"{laboratory.url}/update-test-status/", "POST", json.dumps(body).encode(), token)
    assert (code, said) == (400, {"title": f"{missing} is missing", "parameter": missing})


@pytest.mark.parametrize("token", ["", "guessed", "ann"])
def test_who_is_no_known_testing_host_is_not_heard(laboratory: Laboratory, token: str) -> None:
    known = (laboratory.folder / "ann").read_text() if token == "ann" else token
    for path in ("/update-test-status/", "/jobs/0c8d8f38-3f3e-4c1c-9e0e-0f4f6c1f2a11/progress"):
        code, said, _ = raw(laboratory.url + path, "POST", b"{}", known)
        assert (code, said["title"]) == (405, "no known testing host")


@pytest.mark.parametrize("who", ["", "guessed", "node"])
def test_who_is_no_known_user_sees_nothing(laboratory: Laboratory, who: str) -> None:
    token = (laboratory.folder / "node").read_text() if who == "node" else who
    for method, path in (("GET", "/jobs"), ("POST", "/jobs"), ("GET", "/status"), ("DELETE", f"/jobs/{'0' * 36}")):
        code, _, headers = raw(laboratory.url + path, method, b"{}" if method == "POST" else None, token)
        assert (code, headers["www-authenticate"]) == (401, "Bearer")


def test_secret_in_a_payload_is_refused_and_not_said_again(laboratory: Laboratory) -> None:
    token = (laboratory.folder / "ann").read_text()
    body = json.dumps({**asked(), "os_password": "canary-9c1e"}).encode()
    code, said, _ = raw(f"{laboratory.url}/jobs", "POST", body, token)
    assert (code, said["parameter"]) == (400, "payload")
    assert "canary" not in json.dumps(said) + (laboratory.folder / "monitor.log").read_text()


def test_payload_that_is_not_the_submitted_one_is_no_job(laboratory: Laboratory, host: Asking) -> None:
    job = laboratory.client.submit(asked())
    body = {"test_id": job, "payload": asked(tempest="30.0.0"), "status": status("claimed")}
    with pytest.raises(Refusal, match="another payload"):
        host.post("/update-test-status/", body)


def test_what_is_not_ours_any_more_is_not_counted(laboratory: Laboratory, host: Asking) -> None:
    job = laboratory.client.submit(asked())
    for state in ("running", "passed", "queued", "cancelled"):
        with pytest.raises(Refusal, match="no longer yours") as caught:
            host.post(f"/jobs/{job}/progress", status(state, lease="guessed"))
        assert caught.value.code == 409


def test_user_sees_and_cancels_own_jobs_and_an_administrator_those_of_all(laboratory: Laboratory) -> None:
    tokens = Tokens(laboratory.folder / "tokens.json")
    bob, root = (
        Client(laboratory.url, tokens.make("users", "bob")),
        Client(laboratory.url, tokens.make("admins", "root")),
    )
    job, own = laboratory.client.submit(asked()), bob.submit(asked())
    for ask in (bob.job, bob.cancel, bob.results, bob.log):
        with pytest.raises(Refusal, match="there is no job") as caught:
            ask(job)
        assert caught.value.code == 404
    assert [known["test_id"] for known in bob.jobs()] == [own]
    assert bob.status()["queued"] == 1
    assert laboratory.client.job(job)["state"] == "queued"
    assert {known["test_id"] for known in root.jobs()} >= {job, own}
    assert root.status()["queued"] >= 2
    assert (root.cancel(job), bob.cancel(own)) == ("cancelled", "cancelled")


def test_unknown_job_is_not_found(laboratory: Laboratory) -> None:
    for ask in (laboratory.client.job, laboratory.client.cancel, laboratory.client.results, laboratory.client.log):
        with pytest.raises(Refusal, match="there is no job") as caught:
            ask("0c8d8f38-3f3e-4c1c-9e0e-0f4f6c1f2a11")
        assert caught.value.code == 404


def test_client_refuses_by_itself_what_no_monitor_would_take(laboratory: Laboratory) -> None:
    with pytest.raises(Refused, match="tempest"):
        laboratory.client.submit(asked(tempest="1.0.0"))


def test_body_without_an_end_is_cut_off(laboratory: Laboratory) -> None:
    body = json.dumps({**asked(), "callback": "x" * 9_000_000}).encode()
    code, said, _ = raw(f"{laboratory.url}/jobs", "POST", body, (laboratory.folder / "ann").read_text())
    assert (code, said["title"]) == (413, "body is larger than 8388608 bytes")


def test_large_job_fits(laboratory: Laboratory) -> None:
    names = [f"tempest.api.a.A.test_{number}" for number in range(MOST_TESTS)]
    job = laboratory.client.submit({**asked(), "tests": {"names": names}})
    assert len(laboratory.client.job(job)["payload"]["tests"]["names"]) == MOST_TESTS


def test_token_that_was_taken_away_opens_nothing(laboratory: Laboratory) -> None:
    tokens = Tokens(laboratory.folder / "tokens.json")
    client = Client(laboratory.url, tokens.make("users", "bob"))
    assert client.status()
    tokens.remove("users", "bob")
    with pytest.raises(Refusal, match="no known token"):
        client.status()
