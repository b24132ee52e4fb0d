"""A whole run: what it leaves, what is uploaded, and that no secret is anywhere."""

from __future__ import annotations

import base64
import json
import subprocess
import tarfile
import urllib.parse
import xml.etree.ElementTree
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tcup import tcup as tcup_py
from tests.doubles.openstack import Openstack
from tests.doubles.refstack import Refstack
from tests.plugin.tempest_run import outcomes
from tests.wire.tcup.cloud import PASSED, PASSWORD, SELECTION
from tests.wire.tcup.conftest import Run, Tcup
from tests.wire.tcup.engine import Engine

TOKEN = "gAAAAABmcanary-0123456789_abcdefghij=="
_UNSAFE = (
    PASSWORD,
    json.dumps(PASSWORD)[1:-1],
    urllib.parse.quote(PASSWORD, safe=""),
    urllib.parse.quote_plus(PASSWORD),
    base64.b64encode(PASSWORD.encode()).decode(),
    TOKEN,
)


@pytest.fixture(scope="module")
def inspected(engine: Engine, cloud: Openstack) -> list[str]:
    """What the machine shows while the run goes on, looked at when the cloud is asked for its catalog.

    The cloud is one that says again what it was told: there the password is in an error of a test.
    """
    seen: list[str] = []

    def look(_: str, __: str, path: str) -> int:
        if path != "auth/catalog":
            return 0
        for one in engine.client.containers():
            about = engine.client.inspect_container(one["Id"])
            seen.append(json.dumps(about))
            seen.append(Path(f"/proc/{about['State']['Pid']}/status").read_text())
        seen.append(subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout)
        pids = subprocess.run(["pgrep", "-f", "tcup.inside|--os-cloud tcup"], capture_output=True, text=True).stdout
        seen.extend(Path(f"/proc/{pid}/environ").read_text() for pid in pids.split())
        return 400

    cloud.fail = look
    cloud.words = " and ".join(_UNSAFE)
    return seen


@pytest.fixture(scope="module")
def run(inspected: list[str], engine: Engine, tcup: Tcup, server: Refstack) -> Run:
    server.first = [503]
    limits = ("--memory", "1g", "--cpus", "1.5", "--pids", "300")
    run = tcup("--api", server.url, *limits, "--", SELECTION, engine=engine)
    run.wait()
    return run


def test_its_exit_status_is_that_of_pytest(run: Run) -> None:
    assert run.wait() == 1, run.said


def test_results_are_there_in_all_forms(run: Run) -> None:
    files = {file.name: file.read_bytes() for file in run.results.iterdir()}
    cases = list(xml.etree.ElementTree.fromstring(files["junit.xml"]).iter("testcase"))
    told = [json.loads(line) for line in files["results.jsonl"].splitlines()]
    stream = outcomes(files["results.subunit"])

    assert len(cases) == 7
    assert sorted(one["outcome"] for one in told) == ["failed"] * 5 + ["passed"] * 2
    assert sorted(stream.values()) == ["failed"] * 5 + ["passed"] * 2
    assert b"test_validate_token" in files["report.html"]
    assert b"5 failed, 2 passed" in files["log.txt"]
    assert json.loads(files["interop.json"])["guideline"] == "2020.06"


def test_what_passed_is_uploaded_and_nothing_else(run: Run, server: Refstack) -> None:
    refused, (path, body, headers) = server.seen

    assert refused[1] == body
    assert path == "/v1/results"
    assert {one["name"] for one in json.loads(body)["results"]} == PASSED
    assert set(json.loads(body)) == {"cpid", "duration_seconds", "results"}
    assert "X-Public-Key" not in headers
    assert json.loads((run.results / "refstack.json").read_text()) == json.loads(body)
    assert "results uploaded: http://ui/#/results/0a6c" in run.said


def test_progress_is_told_while_it_runs(run: Run) -> None:
    assert "tcup: 7 tests\n" in run.said
    assert "tcup: failed: tempest/api/identity/v3/test_catalog.py::IdentityCatalogTest::" in run.said


def test_no_secret_is_in_results_or_output(run: Run) -> None:
    texts = {file.name: file.read_bytes() for file in [*run.results.iterdir(), run.started]}
    assert b"***" in texts["log.txt"]
    assert b"***" in texts["junit.xml"]
    assert _found(texts) == []


def test_no_secret_is_seen_while_it_runs(run: Run, inspected: list[str]) -> None:
    assert any("org.stackproof.tcup.pid" in text for text in inspected)
    assert any("OS_CLIENT_CONFIG_FILE" in text for text in inspected)
    assert _found({str(place): text.encode() for place, text in enumerate(inspected)}) == []


def test_no_secret_is_in_what_the_engine_keeps(run: Run, engine: Engine) -> None:
    kept = {str(path): path.read_bytes() for path in engine.written_down()}
    history = [json.dumps(engine.client.history(one["Id"])) for one in engine.client.images()]
    assert any(path.endswith(("meta.db", "bolt_state.db")) for path in kept)
    assert history
    assert _found({**kept, "history": " ".join(history).encode()}) == []


def test_nothing_is_left(run: Run, nothing_left: Callable[[], None]) -> None:
    nothing_left()


def test_the_container_could_do_little(run: Run, inspected: list[str]) -> None:
    about = json.loads(inspected[0])
    host = about["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert host["Ulimits"] in (None, [])
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (2**30, 1_500_000_000, 300)
    assert about["Config"]["User"] == "65534:65534"
    process = dict(line.split(":\t", 1) for line in inspected[1].splitlines())
    assert process["NoNewPrivs"] == "1"
    assert [process[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == ["0" * 16] * 5


def test_the_image_says_what_it_is_and_has_nothing_to_build_with(run: Run, engine: Engine) -> None:
    # Others may have been made of a release meanwhile.
    ours = [one for one in _images(engine) if one["Labels"]["org.opencontainers.image.source"] == "checkout"]
    about = engine.client.inspect_image(max(ours, key=lambda one: one["Created"])["Id"])
    labels = about["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == tcup_py.VERSION
    (tag,) = (one.rpartition(":")[2] for one in about["RepoTags"])
    assert len(tag) == 16
    assert labels["org.stackproof.tcup.contents"].startswith(tag)

    made = engine.client.create_container(about["Id"])["Id"]
    chunks, _ = engine.client.get_archive(made, "/opt/stackproof/bin")
    with tarfile.open(fileobj=BytesIO(b"".join(chunks))) as archive:
        programs = {Path(name).name for name in archive.getnames()}
    engine.client.remove_container(made)
    assert "python" in programs
    assert {"pip", "pip3", "uv"} & programs == set()


def _images(engine: Engine) -> list[dict[str, Any]]:
    return list(engine.client.images(filters={"label": "org.stackproof.tcup=image"}))


def _found(texts: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(name, secret) for name, data in texts.items() for secret in _UNSAFE if secret.encode() in data]
