from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devcloud.deployment import config_files
from devcloud.services.catalog import PROJECTS, services
from pytest_whitebox.core.deployments import detect, kinds
from pytest_whitebox.core.deployments.deployment import FALLBACK
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports import LocalTransport, Transport

_MODULE = """
class {name}:
    name = "{name}"
    libvirt_uri = "test:///default"
    def matches(self, transport):
        return {matches}
    def service(self, transport, name):
        raise NotImplementedError
"""


def _install(folder: Path, name: str, target: str, *, matches: bool = True) -> None:
    """A package that registers a kind, as pip would leave it."""
    (folder / f"kind_{name}.py").write_text(_MODULE.format(name=name, matches=matches))
    info = folder / f"kind_{name}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: kind-{name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[stackproof.deployments]\n{name} = {target}\n")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def here() -> Transport:
    return LocalTransport()


def test_our_own_kinds_are_found_and_the_fallback_is_last() -> None:
    names = [kind.name for kind in kinds()]
    assert names[-1] == FALLBACK
    assert "devcloud" in names


def test_a_kind_of_another_package_is_asked_before_the_fallback(packages: Path, here: Transport) -> None:
    _install(packages, "zoo", "kind_zoo:zoo")
    assert detect(here).name == "zoo"


def test_a_kind_that_does_not_fit_is_passed_over(packages: Path, here: Transport) -> None:
    _install(packages, "aaa", "kind_aaa:aaa", matches=False)
    _install(packages, "bbb", "kind_bbb:bbb")
    assert detect(here).name == "bbb"


def test_a_kind_that_cannot_be_loaded_is_named(packages: Path) -> None:
    _install(packages, "broken", "kind_broken:missing")
    with pytest.raises(StackproofError, match=r"kind 'broken' \(kind_broken:missing\) cannot be loaded") as caught:
        kinds()
    assert "reinstall or remove" in caught.value.hint
    assert "kind_broken" in sys.modules


def test_every_oslo_service_of_devcloud_has_configuration_files() -> None:
    others = ("swift", "bind")
    own = [service for service in services(PROJECTS) if service.project in PROJECTS]
    found = {
        service.name: config_files(service) for service in own if not {service.project, service.name} & set(others)
    }
    assert len(found) > 20
    assert {name: files for name, files in found.items() if not files} == {}
    assert found["glance-api"] == ("/etc/glance/glance-api.conf",)
    assert found["keystone-api"] == ("/etc/keystone/keystone.conf",)
    assert found["heat-api-cfn"] == ("/etc/heat/heat.conf",)
