"""The cloud of a job: what clouds.yaml says in the container, and what of it is secret."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from tcup.inside.job import Job

FOUR = {"OS_AUTH_URL": "http://k/v3", "OS_USERNAME": "u", "OS_PASSWORD": "secret-1", "OS_TENANT_NAME": "t"}
CLOUDS = """
clouds:
  prod: {auth: {auth_url: "http://k/v3", username: u, project_name: p}, cacert: /etc/own.pem, region_name: north}
  other: {auth: {auth_url: "http://o/v3", username: o, password: secret-of-another}}
"""


def _written(job: Job, folder: Path) -> dict[str, object]:
    file = job.prepare(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    entry: dict[str, object] = json.loads(file.read_text())["clouds"]["tcup"]
    return entry


def test_four_variables_are_enough(tmp_path: Path) -> None:
    entry = _written(Job("run", FOUR), tmp_path)

    assert entry["auth"] == {
        "auth_url": "http://k/v3", "username": "u", "password": "secret-1", "project_name": "t",
        "user_domain_id": "default", "project_domain_id": "default",
    }  # fmt: skip


def test_domains_region_interface_and_certificate_come_along(tmp_path: Path) -> None:
    more = {"OS_USER_DOMAIN_NAME": "ud", "OS_PROJECT_DOMAIN_NAME": "pd", "OS_REGION_NAME": "north",
            "OS_INTERFACE": "internal", "OS_CACERT": "/etc/own.pem"}  # fmt: skip
    entry = _written(Job("run", {**FOUR, **more}, {"/etc/own.pem": "the certificate"}), tmp_path)

    assert (entry["region_name"], entry["interface"]) == ("north", "internal")
    assert Path(str(entry["cacert"])).read_text() == "the certificate"
    assert {"user_domain_id", "project_domain_id"} & set(dict(entry["auth"])) == set()  # type: ignore[call-overload]


def test_an_application_credential_has_no_project(tmp_path: Path) -> None:
    known = {"OS_AUTH_URL": "http://k/v3", "OS_APPLICATION_CREDENTIAL_ID": "i", "OS_PROJECT_NAME": "p"}
    job = Job("run", {**known, "OS_APPLICATION_CREDENTIAL_SECRET": "secret-2"})
    entry = _written(job, tmp_path)

    assert entry["auth_type"] == "v3applicationcredential"
    assert entry["auth"] == {
        "auth_url": "http://k/v3", "application_credential_id": "i", "application_credential_secret": "secret-2",
    }  # fmt: skip
    assert list(job.secrets()) == ["secret-2"]


def test_of_clouds_yaml_only_the_chosen_entry_is_kept(tmp_path: Path) -> None:
    secure = "clouds: {prod: {auth: {password: secret-3}}}"
    files = {"clouds.yaml": CLOUDS, "secure.yaml": secure, "/etc/own.pem": "the certificate"}
    job = Job("run", {"OS_CLOUD": "prod"}, files)
    entry = _written(job, tmp_path)

    assert dict(entry["auth"])["password"] == "secret-3"  # type: ignore[call-overload]
    assert list(job.secrets()) == ["secret-3"]
    assert "secret-of-another" not in "".join(file.read_text() for file in tmp_path.iterdir())


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match=r"clouds\.yaml has no cloud 'prob'"):
        Job("run", {"OS_CLOUD": "prob"}, {"clouds.yaml": CLOUDS}).entry()
    with pytest.raises(StackproofError, match=r"/etc/own.pem is named by clouds.yaml and was not found"):
        Job("run", {"OS_CLOUD": "prod"}, {"clouds.yaml": CLOUDS}).prepare(tmp_path)
    with pytest.raises(StackproofError, match="is no job"):
        Job.from_line('{"task": "run", "unknown": 1}')


def test_passwords_of_proxies_are_secret() -> None:
    proxies = {"HTTP_PROXY": "http://u:p%40ss-1@proxy:3128", "https_proxy": "u:pass-2@proxy", "NO_PROXY": "[::1],u:n@x"}
    job = Job("upload", FOUR, proxies={**proxies, "HTTPS_PROXY": "http://proxy:3128"})
    assert sorted(job.secrets()) == ["p%40ss-1", "p@ss-1", "pass-2", "secret-1"]
    assert "pass-2" not in repr(job)


def test_a_key_is_secret_by_its_lines() -> None:
    job = Job("upload", FOUR, key="-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\n")
    assert list(job.secrets()) == ["secret-1", "MIIEow"]
    assert "MIIEow" not in repr(job)
