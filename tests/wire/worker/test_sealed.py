"""Credentials that are sealed, from who submits to the cloud: who gets the job, and who sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.doubles.openstack import Openstack, environment, serve
from tests.wire.worker.laboratory import ROOT, Laboratory, asked, running

CANARY = "canary-sealed-8d21"


def submitted(laboratory: Laboratory, url: str, public: str) -> str:
    """Submit a job as a user does, whose openrc file leads to a cloud."""
    words = ["submit", "--url", laboratory.url, "--token-file", str(laboratory.folder / "ann")]
    words += ["--cloud", "mine", "--tempest", "47.0.0", "--guideline", "2020.06", "--seal-to", public]
    known = {**os.environ, **environment(url), "OS_PASSWORD": CANARY}
    done = subprocess.run(
        [sys.executable, "-m", "worker", *words], cwd=ROOT, env=known, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def key(laboratory: Laboratory, name: str) -> str:
    """The public key of a worker."""
    words = [sys.executable, "-m", "worker", "key", "--state", str(laboratory.folder / name)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def test_sealed_job_goes_to_who_has_the_key_and_shows_its_credentials_to_the_cloud_alone(tmp_path: Path) -> None:
    cloud = Openstack(services={"identity": "v3", "compute": "v2.1", "image": "v2"})
    with serve(cloud) as url, running(Laboratory(tmp_path, allowed=urlsplit(url).netloc)) as laboratory:
        laboratory.worker()
        job = submitted(laboratory, url, key(laboratory, "first"))
        laboratory.ended(laboratory.client.submit(asked()))
        assert laboratory.client.job(job)["state"] == "queued"
        laboratory.keeper("first")
        (known,) = laboratory.ended(job)
        told = json.dumps([known, laboratory.client.log(job), laboratory.client.results(job)])
    # The double has no image: it was asked that far, by who got in.
    assert known["sentence"].startswith("the cloud has no public image that a guest could boot from")
    assert [said["auth"]["identity"]["password"]["user"]["password"] for said in cloud.said if "auth" in said] == [
        CANARY
    ]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"jobs.sqlite", "monitor.log", "first.log", "sealing.key"} <= {file.name for file in files}
    assert [file.name for file in files if CANARY.encode() in file.read_bytes()] == []
    assert CANARY not in told
