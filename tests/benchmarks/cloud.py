"""What devcloud costs: starts and ends, its memory, boots and moves of a guest, and the loading of a saved cloud."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_whitebox.core.wait import wait_for
from tests.benchmarks.figure import Figure, seconds
from tests.cloud.mover import Mover

_DEVCLOUD = str(Path(sys.executable).with_name("devcloud"))
_UP = 1200
_DOWN = 180


@contextmanager
def own_cloud() -> Iterator[dict[str, str]]:
    """The environment that means a cloud in a folder of its own; the first `up` makes it, and it goes at the end."""
    with tempfile.TemporaryDirectory(prefix="stackproof-bench-", dir="/var/tmp") as folder:
        environment = {**os.environ, "DEVCLOUD_STATE": f"{folder}/cloud"}
        try:
            yield environment
        finally:
            _devcloud(environment, "destroy", timeout=_DOWN)


def up(environment: dict[str, str]) -> Path:
    """Have the cloud up, and return its state folder."""
    _devcloud(environment, "up", "--install", timeout=_UP)
    return Path(environment["DEVCLOUD_STATE"])


def figures(environment: dict[str, str], *, runs: int, cold: int) -> Iterator[Figure]:
    """Warm starts, looks at the memory, boots and moves, and cold starts around them; the cloud is up afterwards."""
    first = _cold(environment)
    down, warm = [], []
    for _ in range(runs):
        down.append(_devcloud(environment, "down", timeout=_DOWN))
        warm.append(_devcloud(environment, "up", timeout=_UP))
    yield Figure("devcloud up, warm", "s", tuple(warm), 90)
    yield Figure("devcloud down", "s", tuple(down), 30)
    again = tuple(_devcloud(environment, "up", timeout=_UP) for _ in range(runs))
    yield Figure("devcloud up, nothing to do", "s", again)
    state = Path(environment["DEVCLOUD_STATE"])
    resident = tuple(_resident(state) / 1e9 for _ in range(runs))
    yield Figure("resident memory of all processes, no guests", "GB", resident, 6)
    clouds = state / "clouds.yaml"
    admin = _admin(clouds)
    yield Figure("boot to ACTIVE", "s", tuple(_boots(admin, runs)), 20, "128 MB guest, one port")
    yield Figure(
        "live migration",
        "s",
        tuple(_moves(clouds, admin, runs)),
        30,
        "128 MB guest, one port, up to ACTIVE on the other host",
    )
    save = _devcloud(environment, "save", "figures", timeout=_UP)
    load = tuple(_devcloud(environment, "load", "figures", timeout=_UP) for _ in range(runs))
    yield Figure("devcloud save", "s", (save,))
    yield Figure("devcloud load", "s", load, 60, "a cloud that is up becomes the saved one")
    yield Figure("devcloud up, cold", "s", (first, *(_cold(environment) for _ in range(cold - 1))), 600)


def _cold(environment: dict[str, str]) -> float:
    """From an empty folder; what pip and uv keep elsewhere on the machine stays."""
    _devcloud(environment, "destroy", timeout=_DOWN)
    return _devcloud(environment, "up", "--install", timeout=_UP)


def _devcloud(environment: dict[str, str], *words: str, timeout: float) -> float:
    return seconds([_DEVCLOUD, *words], timeout=timeout, env=environment)


def _resident(state: Path) -> int:
    """Bytes of every process that lives in a host of the cloud: its mounts name the state folder."""
    pages = 0
    own = Path("/proc/self/ns/net").readlink()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns/net").readlink() != own and str(state) in (process / "mountinfo").read_text():
                pages += int((process / "statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE")


def _admin(clouds: Path) -> Any:
    import openstack
    from openstack.config import OpenStackConfig

    config = OpenStackConfig(config_files=[str(clouds)])
    return openstack.connection.Connection(config=config.get_one(cloud="devcloud"))


def _boots(admin: Any, runs: int) -> Iterator[float]:
    for _ in range(runs):
        began = time.perf_counter()
        with _server(admin):
            yield time.perf_counter() - began


def _moves(clouds: Path, admin: Any, runs: int) -> Iterator[float]:
    with _server(admin) as server:
        mover = Mover.of(clouds, server)
        for _ in range(runs):
            began = time.perf_counter()
            mover.live()
            yield time.perf_counter() - began


@contextmanager
def _server(admin: Any) -> Iterator[str]:
    """The id of a server that is ACTIVE."""
    image = admin.image.find_image("guest", ignore_missing=False)
    flavor = admin.compute.find_flavor("tiny", ignore_missing=False)
    network = admin.network.find_network("shared", ignore_missing=False)
    made = admin.compute.create_server(
        name=f"bench-{uuid.uuid4().hex[:8]}", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
    )
    try:
        wait_for(lambda: admin.compute.get_server(made.id).status == "ACTIVE", timeout=120, every=0.2, what="ACTIVE")
        yield str(made.id)
    finally:
        admin.compute.delete_server(made.id)
        admin.compute.wait_for_delete(made, wait=60)
