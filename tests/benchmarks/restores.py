"""What a restore costs in a real cloud, and what it misses: beside `tempest cleanup`, after the same leaks."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import named
from pytest_whitebox.core.command import run
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.create import Create
from pytest_whitebox.tempest import discovery
from tests.benchmarks.figure import Figure

_NAME = "sp-bench"
#: Rounds of leaks of many kinds, and servers beside them, which take a host's processors and not only a database's.
_ROUNDS, _SERVERS = 25, 5
_RUNS = 2
_CLI = [sys.executable, "-m", "pytest_cleanup.cli"]
_TEMPEST = [str(Path(sys.executable).with_name("tempest")), "cleanup", "--config-file", "tempest.conf"]
_PATIENCE = 1800


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a tool took, in seconds; how many of the leaks it left, and how much of what was there before is gone."""

    leaked: int
    seconds: float
    left: int
    wrong: int


def figures(state: Path) -> Iterator[Figure]:
    """The cloud in ``state`` must be up, and nobody else may use it."""
    config = OpenStackConfig(config_files=[str(state / "clouds.yaml")])
    admin: Any = Connection(config=config.get_one(cloud="devcloud"))
    with _room(admin), tempfile.TemporaryDirectory() as folder:
        _write_conf(state, Path(folder))
        trial = _Trial(admin, state, Path(folder))
        run([*_TEMPEST, "--init-saved-state"], timeout=_PATIENCE, cwd=folder, env=trial.env)
        pairs = [
            (trial.of([*_CLI, "restore", "--scope", "cloud", "--json", "done.json"]), trial.of(_TEMPEST))
            for _ in range(_RUNS)
        ]
    ours, theirs = zip(*pairs, strict=True)
    yield Figure("`pytest-cleanup restore` on devcloud", "s", tuple(one.seconds for one in ours), note=_note(ours))
    yield Figure("`tempest cleanup` of the same", "s", tuple(one.seconds for one in theirs), note=_note(theirs))
    share = tuple(100 * mine.seconds / other.seconds for mine, other in pairs)
    yield Figure("the restore on devcloud, of the time of Tempest", "%", share, 100)


def _note(found: tuple[Cleaned, ...]) -> str:
    leaked, left = max(one.leaked for one in found), max(one.left for one in found)
    return f"{leaked} leaks, {left} of them left, {max(one.wrong for one in found)} wrong deletions"


@dataclass(frozen=True, slots=True)
class _Trial:
    """Leaks, a tool that cleans up after them, and a look at what became of them."""

    admin: Any
    state: Path
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        outer = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        return {**outer, "OS_CLIENT_CONFIG_FILE": str(self.state / "clouds.yaml"), "OS_CLOUD": "devcloud"}

    def of(self, command: list[str]) -> Cleaned:
        """Have the cloud clean, leak, time the command, and clean up what it has left."""
        self._cli("snapshot", "--output", "cloud-snapshot.json")
        leak(self.admin)
        leaked = len(self._report()["appeared"])
        began = time.perf_counter()
        run(command, timeout=_PATIENCE, cwd=str(self.folder), env=self.env)
        taken = time.perf_counter() - began
        found = self._report()
        if found["appeared"]:
            self._cli("restore", "--scope", "cloud")
        return Cleaned(leaked, taken, len(found["appeared"]), len(found["gone"]))

    def _report(self) -> dict[str, list[Any]]:
        said: dict[str, list[Any]] = json.loads(self._cli("report", "--json"))
        return said

    def _cli(self, *words: str) -> str:
        """The tool's own exit code 1 says that something differs, which is what is asked."""
        return run([*_CLI, *words], timeout=_PATIENCE, cwd=str(self.folder), env=self.env, check=False).stdout


def leak(admin: Any) -> None:
    """Leave some three hundred things that hold each other."""
    image = next(image for image in admin.image.images() if image.name == "guest")
    flavor = admin.compute.find_flavor("tiny")
    servers = [
        admin.compute.create_server(name=_NAME, networks="none", image_id=image.id, flavor_id=flavor.id)
        for _ in range(_SERVERS)
    ]
    with ThreadPoolExecutor(2) as pool:  # what an API with one worker has room for
        list(pool.map(lambda number: _leak(admin, f"{_NAME}-{number}", number), range(_ROUNDS)))
    for server in servers:
        admin.compute.wait_for_server(server, wait=600)


def _leak(admin: Any, name: str, number: int) -> None:
    network, storage, identity = admin.network, admin.block_storage, admin.identity
    volume = storage.create_volume(size=1, name=name)
    net = network.create_network(name=name)
    subnet = network.create_subnet(name=name, network_id=net.id, ip_version=4, cidr=f"198.51.{number}.0/28")
    router = network.create_router(name=name)
    network.add_interface_to_router(router, subnet_id=subnet.id)
    network.create_port(name=name, network_id=net.id)
    network.create_security_group(name=name)
    admin.compute.create_keypair(name=name)
    admin.compute.create_server_group(name=name, policy="affinity")
    admin.compute.create_flavor(name=name, ram=64, vcpus=1, disk=1)
    admin.image.create_image(name, data=b"nothing that boots", disk_format="raw", container_format="bare")
    identity.create_user(name=name, domain_id="default")
    identity.create_project(name=name, domain_id="default")
    storage.wait_for_status(volume, "available", failures=["error"], wait=300)
    storage.create_snapshot(name=name, volume_id=volume.id)


@contextmanager
def _room(admin: Any) -> Iterator[None]:
    """No limit of the administrator's own project is in the way."""
    project = admin.current_project_id
    network, storage = admin.network, admin.block_storage
    try:
        admin.compute.update_quota_set(project, cores=-1, ram=-1, instances=-1, key_pairs=-1, server_groups=-1)
        storage.update_quota_set(project, volumes=-1, snapshots=-1, gigabytes=-1)
        network.update_quota(project, network=-1, subnet=-1, router=-1, port=-1, security_group=-1, check_limit=False)
        yield
    finally:
        admin.compute.revert_quota_set(project)
        storage.revert_quota_set(project)
        network.delete_quota(project)


def _write_conf(state: Path, folder: Path) -> None:
    """A tempest.conf that fits, as a run of ours would make it."""
    file = state / "clouds.yaml"
    with Cloud.connect(named("devcloud", "a benchmark", file), state / "ssh_config") as cloud:
        options = discovery.discover(cloud, Create(cloud, Ledger(), _NAME, "guest"), may_make=False)
    conf = folder / "tempest.conf"
    conf.touch(0o600)
    conf.write_text("\n".join(discovery.lines(options)))
