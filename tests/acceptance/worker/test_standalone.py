"""The stand-alone worker from an empty folder and environment, to jobs with two Tempests and no network."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.worker import sample
from tests.wire.worker.laboratory import PATIENCE, ROOT, Laboratory, running
from tests.wire.worker.standing import program

#: Seconds for uv and two Tempests from an empty cache, on a machine that others use, too.
COLD = 560.0
#: The first of them takes libraries of two years ago.
RELEASES = ("41.0.0", "47.0.0")
#: Where a host has its compiler, for the older one, and what it may have to be told for its way to the index.
WAY = {"PATH": "/usr/bin:/bin"}
WAY |= {name: os.environ[name] for name in ("SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY") if os.environ.get(name)}


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    conf = tmp_path / "clouds" / "sample" / "tempest.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("[auth]\nuse_dynamic_credentials = false\n[identity]\nuri_v3 = http://keystone.example/v3\n")
    conf.chmod(0o600)
    with running(Laboratory(tmp_path, beside=str(sample.wheel(tmp_path)))) as made:
        yield made


def test_prepared_from_nothing_it_runs_jobs_without_a_network(laboratory: Laboratory, tmp_path: Path) -> None:
    start = program(tmp_path / "alone", **WAY)
    words = ["prepare", "--tempest", ",".join(RELEASES), "--state", str(tmp_path / "alone")]
    words += ["--cache", str(tmp_path / "cache"), "--beside", laboratory.beside]
    done = subprocess.run([*start, *words], capture_output=True, text=True, timeout=COLD, check=False)
    told = [f"Tempest {one} is prepared" for one in RELEASES]
    assert (done.returncode, done.stdout.splitlines()) == (0, told), done.stderr
    assert len(re.findall(r"(?m)^Tempest lists 1[56]\d\d tests$", done.stderr)) == 2
    (uv,) = (one for one in (tmp_path / "cache" / "tools").glob("uv-*") if not one.suffix)
    assert os.access(uv, os.X_OK)
    look = ["doctor", "--state", str(tmp_path / "alone"), "--cache", str(tmp_path / "cache")]
    look += ["--clouds", str(tmp_path / "clouds")]
    said = subprocess.run([*start, *look], capture_output=True, text=True, timeout=60, check=False).stdout
    assert "prepared: 41.0.0, 47.0.0\nok   clouds: sample\n" in said
    assert f"ok   uv: uv {_locked()}" in said

    alone = program(tmp_path / "keys", UV_OFFLINE="1")
    words = [*alone, "key", "--state", str(tmp_path / "alone"), "--cache", str(tmp_path / "cache")]
    made = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (made.returncode, made.stderr, len(made.stdout.strip())) == (0, "", 44)

    worker = laboratory.keeper("first", program(tmp_path / "again", UV_OFFLINE="1"))
    jobs = [laboratory.client.submit(_asked(release)) for release in RELEASES]
    ended = laboratory.ended(*jobs, timeout=COLD)
    assert [(known["state"], known["counts"]) for known in ended] == [("passed", {"passed": 1})] * 2
    for job, release in zip(jobs, RELEASES, strict=True):
        assert f"tempest: {release} with sample" in laboratory.client.log(job)[0]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert list((tmp_path / "again" / "empty").iterdir()) == []


def _locked() -> str:
    """The version of uv in Stackproof's lock."""
    (found,) = re.findall(r"(?m)^uv==(\S+)", (ROOT / "requirements.lock").read_text())
    return str(found)


def _asked(release: str) -> dict[str, object]:
    return {"cloud": "sample", "tempest": release, "tests": {"names": [sample.PASSING]}, "deadline": 300}
