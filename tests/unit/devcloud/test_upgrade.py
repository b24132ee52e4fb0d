"""Upgrades of a devcloud as values: what is refused, which steps there are, and what is at which release meanwhile."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devcloud.cli import main
from devcloud.cloud import Cloud
from devcloud.machine.packages import RELEASES
from devcloud.services.catalog import DEFAULT, PROJECTS, services
from devcloud.services.runit import run_script
from devcloud.state import Settings, State, Upgrade
from devcloud.upgrade import request
from devcloud.upgrade.deployer import Devcloud
from devcloud.upgrade.migrations import MIGRATIONS
from devcloud.upgrade.planning import Start, plan
from pytest_whitebox.core.deployers import Deployer, Instance, Target
from pytest_whitebox.core.deployers.contract import DeployerContract
from pytest_whitebox.core.errors import StackproofError

ROLLING = Upgrade("2025.2", "rolling")


def cloud(folder: Path, *, workers: int = 2, upgrade: Upgrade = ROLLING, computes: int = 2) -> Cloud:
    settings = Settings("2025.1", PROJECTS, workers=workers, computes=computes, upgrade=upgrade)
    return Cloud(State(folder), settings)


@pytest.mark.parametrize(
    ("settings", "target", "manner", "told"),
    [
        (Settings("2025.2"), "2025.1", None, "the cloud is 2025.2, and OpenStack knows no way back to 2025.1"),
        (Settings("2025.2"), "2025.2", None, "the cloud is 2025.2 already"),
        (Settings("2025.1"), "2024.1", None, "devcloud has no release '2024.1'; choose from 2025.1, 2025.2"),
        (Settings("2025.1"), "2025.2", "rolling", "replaces one instance of each API .*`devcloud up --workers 2`"),
        (Settings("2025.1", upgrade=ROLLING), "2026.1", None, "is being upgraded to 2025.2, and not to 2026.1"),
        (Settings("2025.1", upgrade=ROLLING), "2025.2", "cold", "was begun rolling, and goes on so"),
    ],
)
def test_upgrade_that_cannot_be_is_refused(settings: Settings, target: str, manner: str | None, told: str) -> None:
    with pytest.raises(StackproofError) as caught:
        request.wanted(settings, target, manner)
    assert re.search(told, caught.value.sentence)


def test_manner_is_what_the_cloud_can() -> None:
    assert request.wanted(Settings("2025.1", workers=1), "2025.2", None) == Upgrade("2025.2", "cold")
    assert request.wanted(Settings("2025.1", workers=2), "2026.1", None) == Upgrade("2026.1", "rolling")
    assert request.wanted(Settings("2025.1", workers=2), "2025.2", "cold").manner == "cold"
    half = replace(ROLLING, done=("install",))
    assert request.wanted(Settings("2025.1", upgrade=half), "2025.2", None) == half


def test_every_project_can_be_upgraded() -> None:
    assert set(MIGRATIONS) == set(PROJECTS)


def test_rolling_upgrade_replaces_daemons_one_by_one(tmp_path: Path) -> None:
    steps = plan(cloud(tmp_path), ROLLING, ["nova"])
    assert [one.step.id for one in steps] == [
        "install", "nova/check", "nova/expand", "nova/nova-conductor", "nova/nova-scheduler", "nova/api-a",
        "nova/api-b", "nova/compute1", "nova/compute2", "nova/unpin", "nova/online",
    ]  # fmt: skip
    assert [one.step.id for one in steps if one.step.pause] == ["nova/api-a", "nova/compute1"]
    replaced = [one.action.daemons for one in steps if isinstance(one.action, Start)]
    assert replaced[2:5] == [
        ("nova-api on controller", "nova-metadata on controller"),
        ("nova-api-b on controller", "nova-metadata-b on controller"),
        ("nova-compute on compute1",),
    ]
    assert {one.step.service for one in steps} == {"", "nova"}


@pytest.mark.parametrize("manner", request.MANNERS)
def test_each_daemon_of_the_release_is_moved_and_no_other(tmp_path: Path, manner: str) -> None:
    upgrade = Upgrade("2025.2", manner)
    found = cloud(tmp_path, upgrade=upgrade)
    moved = {name for one in plan(found, upgrade) for name in one.moves}
    programs = {service.on(host.name) for host, service in found.placements() if service.has_release}
    assert moved == programs
    assert "nova-compute on compute2" in programs
    assert not {"mariadb on controller", "bind on controller"} & moved


def test_cold_upgrade_stops_a_service_before_its_schema_changes(tmp_path: Path) -> None:
    upgrade = Upgrade("2025.2", "cold")
    kinds = [(one.step.id, one.step.kind) for one in plan(cloud(tmp_path, workers=1), upgrade, ["keystone", "swift"])]
    assert kinds == [
        ("install", "prepare"), ("keystone/check", "prepare"), ("keystone/stop", "stop"),
        ("keystone/migrate", "database"), ("keystone/start", "start"), ("swift/stop", "stop"), ("swift/start", "start"),
    ]  # fmt: skip
    assert not any(one.step.pause for one in plan(cloud(tmp_path, workers=1), upgrade))


def test_half_upgraded_cloud_knows_the_release_of_each_daemon(tmp_path: Path) -> None:
    half = cloud(tmp_path, upgrade=replace(ROLLING, moved=("nova-api on controller", "nova-compute on compute1")))
    releases = {service.on(host.name): half.release_of(host, service) for host, service in half.placements()}
    assert [name for name, release in releases.items() if release == "2025.2"] == list(half.settings.upgrade.moved)  # type: ignore[union-attr]
    assert half.programs("nova").endswith("env/2025.2/bin")
    assert half.programs("keystone").endswith("env/2025.1/bin")
    assert half.settings.releases == ("2025.1", "2025.2")


def test_upgrade_under_way_is_in_the_state(tmp_path: Path) -> None:
    state, settings = State(tmp_path / "cloud"), Settings(
        "2025.1", ("nova",), upgrade=Upgrade("2026.1", "cold", ("install",), ("nova-api on controller",))
    )  # fmt: skip
    state.create(settings)
    assert state.settings() == settings


def test_cloud_of_a_version_without_upgrades_is_read(tmp_path: Path) -> None:
    state = State(tmp_path / "cloud")
    state.create(Settings())
    (state.path / "devcloud.json").write_text('{"release": "2025.1", "services": ["nova"], "schema": 2}')
    assert state.settings() == Settings("2025.1", ("nova",))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "2025.1"], "the cloud is 2025.1 already"),
        (["--to", "1999.9"], "devcloud has no release '1999.9'"),
        (["--to", "2025.2", "--service", "mule"], "this cloud has no service 'mule'; choose from keystone"),
        (["--to", "2025.2", "--until", "lunch"], "this upgrade has no step 'lunch'"),
    ],
)
def test_command_says_in_one_sentence_what_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    State(tmp_path / "cloud").create(Settings("2025.1", DEFAULT))
    assert main(["upgrade", "--state", str(tmp_path / "cloud"), *words]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"devcloud: {told}")
    assert said.count("\n") == 1


def test_command_shows_the_plan_and_what_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    half = Upgrade("2025.2", "rolling", done=("install", "keystone/check"))
    State(tmp_path / "cloud").create(Settings("2025.1", DEFAULT, workers=2, upgrade=half))
    assert main(["upgrade", "--state", str(tmp_path / "cloud"), "--to", "2025.2", "--plan"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines if line[1:2] == ["done"]] == ["install", "keystone/check"]
    assert "both releases work at once" in " ".join(next(line for line in lines if line[0] == "keystone/api-a"))


class TestDevcloud(DeployerContract):
    @pytest.fixture
    def target(self) -> Target:
        return Target("2025.2", frozenset({"keystone", "nova"}))

    @pytest.fixture
    def config(self, tmp_path: Path) -> dict[str, str]:
        State(tmp_path / "cloud").create(Settings("2025.1", DEFAULT, workers=2))
        return {"state": str(tmp_path / "cloud")}

    @pytest.fixture
    def deployer(self, config: dict[str, str]) -> Deployer:
        return Devcloud(config, program=("echo", "devcloud"))

    @pytest.fixture
    def hanging(self, config: dict[str, str]) -> Deployer:
        return Devcloud(config, program=(sys.executable, "-c", "import signal; signal.pause()"))

    def test_step_is_a_run_of_devcloud_up_to_it(self, deployer: Deployer, target: Target) -> None:
        step = next(step for step in deployer.plan(target) if step.id == "nova/api-a")
        told: list[str] = []
        assert deployer.run(step, lambda event: told.append(event.text)).ok
        _, line = told
        assert line.startswith("devcloud upgrade --state /")
        assert line.endswith(
            "--to 2025.2 --manner rolling --service=keystone --service=nova --until nova/api-a"
        )  # fmt: skip

    def test_inventory_has_every_instance_with_its_own_address(self, deployer: Deployer) -> None:
        found = deployer.inventory()
        assert Instance("nova-api-b", "controller", "http://10.213.77.11:28774") in found
        assert Instance("nova-compute", "compute2") in found
        assert "mariadb" not in {one.service for one in found}

    @pytest.mark.parametrize(
        ("config", "told"),
        [({"maner": "cold"}, "the key 'maner', and only `manner` and `state`"), ({"manner": "hot"}, "no manner 'hot'")],
    )
    def test_file_that_is_wrong_is_told(self, config: dict[str, str], told: str) -> None:
        with pytest.raises(StackproofError, match=told):
            Devcloud(config)

    def test_release_has_to_be_named(self, deployer: Deployer) -> None:
        with pytest.raises(StackproofError, match="pass --upgrade-to"):
            deployer.plan(Target())


def test_what_is_not_of_openstack_is_started_in_the_same_way_in_each_release() -> None:
    # Else the end of an upgrade restarts databases, queue and HAProxy under all that works.
    known = {service.name: service for service in services(PROJECTS)}
    scripts = {
        name: {run_script(service, {"bin": f"/env/{release}/bin", "mgmt": "10.0.0.1"}) for release in RELEASES}
        for name, service in known.items()
    }
    same = {name for name, texts in scripts.items() if len(texts) == 1}
    assert {"mariadb", "rabbitmq", "haproxy", "libvirtd", "ovs-vswitchd", "bind"} <= same
    assert same == {name for name, service in known.items() if not service.has_release}
