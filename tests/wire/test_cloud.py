"""A cloud is the one of the clouds.yaml that it was chosen from, whatever the environment says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import named
from tests.doubles.openstack import Openstack, environment, serve
from tests.doubles.serving import nobody

AUTH = ("auth_url", "username", "password", "project_name", "user_domain_id", "project_domain_id")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cloud that no variable and no usual place leads to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    with serve(Openstack()) as url:
        yield url


def test_cloud_of_a_file_that_only_we_know_of(url: str, tmp_path: Path) -> None:
    with Cloud.connect(named("lab", "a test", lab(tmp_path / "elsewhere.yaml", url))) as cloud:
        assert address(cloud) == url


def test_a_file_that_a_variable_names_has_no_say_beside_the_one_that_was_chosen(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nobody() as port:
        elsewhere = f"http://127.0.0.1:{port}/v3"
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab(tmp_path / "other.yaml", elsewhere)))
        monkeypatch.setenv("OS_AUTH_URL", elsewhere)
        with Cloud.connect(named("lab", "a test", lab(tmp_path / "chosen.yaml", url))) as cloud:
            assert address(cloud) == url


def test_secrets_that_lie_apart_are_found_by_their_variable(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = lab(tmp_path / "chosen.yaml", url, password="")
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(lab(tmp_path / "secure.yaml", url, password="apart")))
    with Cloud.connect(named("lab", "a test", chosen)) as cloud:
        assert cloud.connection.config.get_auth_args()["password"] == "apart"


def lab(file: Path, url: str, password: str = "any") -> Path:
    """A clouds.yaml with one cloud, which is at this address."""
    auth = {name: environment(url)[f"OS_{name.upper()}"] for name in AUTH} | {"password": password}
    file.write_text(yaml.safe_dump({"clouds": {"lab": {"auth": auth, "region_name": "north"}}}))
    return file


def address(cloud: Cloud) -> str:
    """Where the Keystone is that a connection goes to."""
    return str(cloud.connection.config.get_auth_args()["auth_url"])
