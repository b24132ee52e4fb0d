"""Nova and Cinder are told where the key manager is exactly where there is one."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest

import devcloud
from devcloud.services.catalog import DEFAULT, apis
from pytest_whitebox.core.configuration import Config

TEMPLATES = Path(devcloud.__file__).parent / "templates"
FILES = ("compute/etc/nova/nova.conf", "controller/etc/nova/nova.conf", "controller/etc/cinder/cinder.conf")


def rendered(name: str, *more: str, tls: bool = False) -> Config:
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, autoescape=False,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    values = {
        "host": SimpleNamespace(mgmt="192.0.2.1"), "controller": "192.0.2.1", "apis": apis((*DEFAULT, *more)),
        "url": lambda port, path="": f"http://192.0.2.1:{port}{path}", "tls": tls, "ca": "/etc/ca.pem",
        "password": defaultdict(lambda: "secret"), "release": "2026.1",
    }  # fmt: skip
    return Config.from_files({name: engine.get_template(name).render(values).encode()})


@pytest.mark.parametrize("name", FILES)
def test_key_manager_is_named_where_there_is_one(name: str) -> None:
    config = rendered(name, "barbican", tls=True)

    assert config.get("key_manager", "backend") == "barbican"
    assert config.get("barbican", "auth_endpoint") == "http://192.0.2.1:5000/v3"
    assert config.get("barbican", "verify_ssl_path") == "/etc/ca.pem"


@pytest.mark.parametrize("name", FILES)
def test_no_key_manager_is_named_where_there_is_none(name: str) -> None:
    assert rendered(name).find("key_manager", "backend") == ()
