"""A cloud is the one of the clouds.yaml that it was chosen from, whatever the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import named
from tests.doubles.openstack import Openstack, environment, serve

AUTH = ("auth_url", "username", "password", "project_name", "user_domain_id", "project_domain_id")


def test_cloud_of_a_file_that_only_we_know_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE", raising=False)
    with serve(Openstack()) as url:
        auth = {name: environment(url)[f"OS_{name.upper()}"] for name in AUTH}
        file = tmp_path / "elsewhere.yaml"
        file.write_text(yaml.safe_dump({"clouds": {"lab": {"auth": auth, "region_name": "north"}}}))
        with Cloud.connect(named("lab", "a test", file)) as cloud:
            assert cloud.connection.config.get_auth_args()["auth_url"] == url
