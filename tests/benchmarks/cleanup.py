"""What a restore costs: against an OpenStack on loopback that takes its time, beside `tempest cleanup`."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_whitebox.core.command import run
from tests.benchmarks.figure import Figure
from tests.doubles.openstack import Openstack, environment, serve

_DELAY = 0.05  # seconds for each answer
_RUNS = 3
_SNAPSHOT = 5000
_CLI = [sys.executable, "-m", "pytest_cleanup.cli"]
#: Times as fast as Tempest's that a restore has to be.
_FASTER = 5
#: Percent of requests beyond listings and deletions.
_BEYOND = 15
_TEMPEST_CONF = """
[DEFAULT]
log_file = {folder}/tempest.log
[auth]
admin_username = admin
admin_password = any
admin_project_name = admin
admin_domain_name = Default
use_dynamic_credentials = true
[identity]
uri_v3 = {url}
auth_version = v3
region = north
[identity-feature-enabled]
[service_available]
swift = false
horizon = false
[network-feature-enabled]
api_extensions = router,security-group
[volume-feature-enabled]
backup = false
[volume]
catalog_type = block-storage
"""


def figures() -> Iterator[Figure]:
    """Three hundred leaks of all kinds that both know, of the administrator's own project, which Tempest sees alone."""
    ours, theirs, beyond, left = [], [], [], 0
    for _ in range(_RUNS):
        with _cloud() as (cloud, env, folder):
            run([*_CLI, "snapshot"], timeout=300, env=env, cwd=str(folder))
            there = cloud.ids()
            leaked = leak(cloud)
            cloud.asked.clear()
            ours.append(_timed([*_CLI, "restore", "--scope", "cloud", "--json", "done.json"], env, folder))
            assert cloud.ids() == there
            beyond.append(_beyond(cloud))
        with _cloud() as (cloud, env, folder):
            (folder / "tempest.conf").write_text(_TEMPEST_CONF.format(folder=folder, url=env["OS_AUTH_URL"]))
            tempest = [str(Path(sys.executable).with_name("tempest")), "cleanup", "--config-file", "tempest.conf"]
            run([*tempest, "--init-saved-state"], timeout=300, env=env, cwd=str(folder))
            there = cloud.ids()
            leak(cloud)
            theirs.append(_timed(tempest, env, folder))
            left = len(cloud.ids() - there)
    note = f"{leaked} leaks, {_DELAY * 1000:.0f} ms for each answer"
    yield Figure("`pytest-cleanup restore`", "s", tuple(ours), note=note)
    yield Figure("`tempest cleanup` of the same", "s", tuple(theirs), note=f"{left} of them left")
    share = tuple(100 * mine / other for mine, other in zip(ours, theirs, strict=True))
    yield Figure("the restore, of the time of Tempest", "%", share, 100 / _FASTER)
    yield Figure("requests beyond listings and deletions", "%", tuple(beyond), _BEYOND)
    yield from _of_snapshot()


def leak(cloud: Openstack) -> int:
    """Leave things that hold each other; how many."""
    before = len(cloud.ids())
    mine = {"project_id": "admin-project", "tenant_id": "admin-project"}
    born: dict[str, Any] = {
        "created_at": f"{datetime.now(UTC):%FT%T}.000000",
        "updated_at": None,
        "description": "",
        "metadata": {},
    }
    for number in range(25):
        name = f"leaked-{number}"
        cloud.put("network", "networks", id=f"{name}-net", name=name, **mine)
        cloud.put("network", "subnets", id=f"{name}-subnet", name=name, network_id=f"{name}-net", **mine)
        cloud.put("network", "routers", id=f"{name}-router", name=name, routes=[], **mine)
        for word, owner, device in (("interface", "network:router_interface", f"{name}-router"), ("free", "", "")):
            cloud.put(
                "network", "ports", id=f"{name}-{word}", name=name, network_id=f"{name}-net", device_owner=owner,
                device_id=device, fixed_ips=[{"subnet_id": f"{name}-subnet"}], **mine,
            )  # fmt: skip
        rule = {"id": f"{name}-rule", "security_group_id": f"{name}-group", "direction": "egress", "ethertype": "IPv4"}
        group = {"security_group_rules": [{**rule, **mine}], **mine}
        cloud.put("network", "security-groups", id=f"{name}-group", name=name, **group)
        cloud.put("compute", "servers", id=f"{name}-server", name=name, status="ACTIVE", **mine)
        state = {"name": name, "status": "available", "size": 1, **born}
        cloud.put("block-storage", "volumes", id=f"{name}-volume", links=[], **state)
        cloud.put("block-storage", "snapshots", id=f"{name}-snapshot", volume_id=f"{name}-volume", **state)
        image = {"visibility": "private", "tags": [], "owner": "admin-project"}
        cloud.put("image", "images", id=f"{name}-image", name=name, **image)
        cloud.put("identity", "users", id=f"{name}-user", name=name, domain_id="default")
        cloud.put("identity", "projects", id=f"{name}-project", name=name, domain_id="default")
    return len(cloud.ids()) - before


def _of_snapshot() -> Iterator[Figure]:
    """A snapshot of a cloud that has much, and the memory that it takes."""
    took, memory = [], []
    for _ in range(_RUNS):
        with _cloud() as (cloud, env, folder):
            cloud.delay = 0
            for number in range(_SNAPSHOT):
                word = {"description": "x" * 80, "project_id": f"p-{number % 50}", "network_id": "n", "fixed_ips": []}
                cloud.put("network", "ports", id=f"port-{number}", name=f"port {number}", device_owner="", **word)
            code = "import resource, sys; from pytest_cleanup.cli import main; main(sys.argv[1:]);"
            code += "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
            began = time.perf_counter()
            said = run([sys.executable, "-c", code, "snapshot"], timeout=300, env=env, cwd=str(folder)).stdout
            took.append(time.perf_counter() - began)
            memory.append(float(re.findall(r"peak (\d+)", said)[0]))
            assert len(json.loads((folder / "cloud-snapshot.json").read_text())["resources"]) > _SNAPSHOT
    yield Figure(f"a snapshot of {_SNAPSHOT} resources", "s", tuple(took), 10)
    yield Figure("its memory at most", "MB", tuple(memory), 200)


def _beyond(cloud: Openstack) -> float:
    """The share of requests that neither list what was listed first nor delete."""
    deletions = sum(method == "DELETE" or path.endswith("remove_router_interface") for method, _, path in cloud.asked)
    first = next(number for number, (method, _, _) in enumerate(cloud.asked) if method == "DELETE")
    # The listings before the first deletion, and the same again that prove the end.
    needed = 2 * first + deletions
    return max(0.0, 100 * (len(cloud.asked) - needed) / needed)


def _timed(command: list[str], env: Mapping[str, str], folder: Path) -> float:
    began = time.perf_counter()
    run(command, timeout=600, env=env, cwd=str(folder))
    return time.perf_counter() - began


@contextmanager
def _cloud() -> Iterator[tuple[Openstack, dict[str, str], Path]]:
    cloud = Openstack(delay=_DELAY, slow=0)
    cloud.put("identity", "domains", id="default", name="Default", enabled=True)
    cloud.put("identity", "projects", id="admin-project", name="admin", domain_id="default")
    cloud.put("identity", "users", id="admin-user", name="admin", domain_id="default")
    cloud.put("identity", "roles", id="admin", name="admin")
    with tempfile.TemporaryDirectory() as folder, serve(cloud) as url:
        env = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        own = {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": folder, "TMPDIR": folder}
        yield cloud, {**env, **environment(url), **own}, Path(folder)
