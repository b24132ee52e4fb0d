"""What the cloud of a run was: ``cloud.json`` in the run directory, for the report and for later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud

_FILE = "cloud.json"
#: Releases by the major version of Nova, and by its highest microversion (rest_api_version_history).
_RELEASES: Mapping[str, str] = {
    "27": "2023.1", "28": "2023.2", "29": "2024.1", "30": "2024.2", "31": "2025.1", "32": "2025.2", "33": "2026.1",
    "2.90": "Xena or Yoga", "2.93": "Zed", "2.95": "2023.1 or 2023.2", "2.96": "2024.1 or 2024.2",
    "2.100": "2025.1 or 2025.2", "2.103": "2026.1",
}  # fmt: skip


def write(cloud: Cloud, run: RunDirectory) -> None:
    """Write down what the cloud's services say of themselves; a failure is written down in its place."""
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    choice = cloud.choice
    facts: dict[str, Any] = {"cloud": cloud.name, "region": cloud.region, "auth host": choice.auth_host}
    try:
        facts |= _told(cloud)
    except (ClientException, SDKException) as error:
        facts["missing"] = str(error)
    file = run.folder() / _FILE
    file.write_text(json.dumps(facts, indent=2) + "\n")


def read(run: RunDirectory) -> Mapping[str, Any] | None:
    """What `write` wrote; None if no test of the run used the cloud."""
    file: Path = run.path / _FILE
    return dict(json.loads(file.read_text())) if file.is_file() else None


def _told(cloud: Cloud) -> dict[str, Any]:
    connection: Any = cloud.connection
    services = [(found.host, found.binary, found.state) for found in connection.compute.services()]
    if "network" in cloud.facts.service_types:
        agents = connection.network.agents()
        services += [(found.host, found.binary, "up" if found.is_alive else "down") for found in agents]
    if "block-storage" in cloud.facts.service_types:
        volume = connection.block_storage.services()
        services += [(found.host.partition("@")[0], found.binary, found.state) for found in volume]
    by_host: dict[str, dict[str, str]] = {}
    for host, binary, state in sorted(services):
        by_host.setdefault(host, {})[binary] = state
    compute = cloud.microversion("compute") or ""
    return {
        "release": _RELEASES.get(_nova(cloud), "") or _RELEASES.get(compute, "not recognized"),
        "compute microversion": compute,
        "services": sorted(cloud.facts.service_types),
        "hosts": by_host,
        "facts": _facts(cloud),
    }


def _facts(cloud: Cloud) -> dict[str, list[str]]:
    """What is known of each host beside its services, with who says so."""
    try:
        hosts = list(cloud.hosts)
    except StackproofError:
        return {}
    return {
        host.name: [f"{fact.name} {fact.value} ({fact.source})" for fact in host.facts if fact.name != "service"]
        for host in hosts
    }


def _nova(cloud: Cloud) -> str:
    """The major version that a running nova-compute tells of itself; empty if it cannot be asked."""
    try:
        host = cloud.hosts.computes[0]
        process = host.service("nova-compute").main
        command = host.run(["cat", f"/proc/{process.pid}/cmdline"]).stdout.split("\0") if process else []
        told = host.run([*command[:2], "--version"]) if command[1:2] and command[1].endswith("nova-compute") else None
    except (StackproofError, IndexError):
        return ""
    return (told.stdout or told.stderr).partition(".")[0].strip() if told else ""
