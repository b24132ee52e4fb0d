"""How one gets in: SSH keys for the hosts, and clouds.yaml and ssh_config for clients."""

from __future__ import annotations

import os
from pathlib import Path

from devcloud.apis.doors import Doors
from devcloud.hosts.host import Host, folder_of
from devcloud.state import State, write_atomically
from devcloud.topology import COMPUTE, Topology
from pytest_whitebox.core.command import run

#: The projects that stand beside the admin's, each with a user per role.
TENANTS = ("alpha", "beta")
ROLES = ("member", "reader")


def user_name(tenant: str, role: str) -> str:
    """Name of a project's user: ``alpha`` is its member, ``alpha-reader`` its reader."""
    return tenant if role == "member" else f"{tenant}-{role}"


def keys(state: State, topology: Topology) -> None:
    """Make what is missing of the keys: one that opens the hosts, one for migrations, and each host's own."""
    for file, comment in ((state.ssh_key, "devcloud"), (state.migration_key, "migration")):
        if not file.exists():
            _keygen(file, comment)
    for plan in topology.hosts:
        own = _host_key(state, plan.name)
        if not own.exists():
            own.parent.mkdir(exist_ok=True)
            _keygen(own, plan.name)


def install_keys(state: State, host: Host) -> None:
    """Give a host its own key, and let the cloud's key in; compute hosts also let each other in."""
    installed = {"/etc/ssh/ssh_host_ed25519_key": _host_key(state, host.name).read_text()}
    welcome = [state.ssh_key]
    if host.plan.role == COMPUTE:
        welcome.append(state.migration_key)
        installed["/root/.ssh/id_ed25519"] = state.migration_key.read_text()
    installed["/root/.ssh/authorized_keys"] = "".join(key.with_suffix(".pub").read_text() for key in welcome)
    host.path("/root/.ssh").mkdir(mode=0o700, exist_ok=True)
    for path, text in installed.items():
        if not host.path(path).exists():
            host.write(path, text, mode=0o600)


def known_hosts(state: State, topology: Topology) -> str:
    """The keys of all hosts, a line each, as SSH clients want them."""
    lines = []
    for plan in topology.hosts:
        public = _host_key(state, plan.name).with_suffix(".pub").read_text().split()[:2]
        lines.append(f"{plan.name},{plan.mgmt} {' '.join(public)}\n")
    return "".join(lines)


def write(state: State, topology: Topology, doors: Doors) -> None:
    """Write clouds.yaml, ssh_config and known_hosts."""
    import yaml

    known = state.path / "known_hosts"
    write_atomically(known, known_hosts(state, topology))
    blocks = [
        f"Host {plan.name} {plan.mgmt}\n    HostName {plan.mgmt}\n    User root\n    IdentityFile {state.ssh_key}\n"
        f"    IdentitiesOnly yes\n    UserKnownHostsFile {known}\n    StrictHostKeyChecking yes\n"
        for plan in topology.hosts
    ]
    write_atomically(state.ssh_config, "\n".join(blocks))
    text = "# Written by `devcloud up`.\n" + yaml.safe_dump({"clouds": clouds(state, doors)}, sort_keys=False)
    write_atomically(state.clouds_yaml, text, mode=0o600)


def no_proxy(topology: Topology) -> dict[str, str]:
    """The variables that keep clients from asking a proxy for the cloud; none if no proxy is set."""
    if not any(os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")):
        return {}
    address = str(topology.controller.mgmt)
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    words = [word for word in known.split(",") if word and word != address]
    value = ",".join([*words, address])
    return {"no_proxy": value, "NO_PROXY": value}


def clouds(state: State, doors: Doors) -> dict[str, dict[str, object]]:
    """The entries of clouds.yaml: the admin, and each project's member and reader."""
    secrets = state.secrets()
    entries = {"devcloud": _entry(doors, "admin", secrets["admin"], "admin")}
    for tenant in TENANTS:
        for role in ROLES:
            name = user_name(tenant, role)
            entries[f"devcloud-{name}"] = _entry(doors, name, secrets["user"], tenant)
    return entries


def _entry(doors: Doors, user: str, password: str, project: str) -> dict[str, object]:
    auth = {
        "auth_url": doors.url(5000, "/v3"),
        "username": user,
        "password": password,
        "project_name": project,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    entry: dict[str, object] = {
        "auth": auth,
        "region_name": "RegionOne",
        "identity_api_version": "3",
        "interface": "public",
    }
    return entry | ({"cacert": str(doors.ca)} if doors.ca else {})


def _host_key(state: State, name: str) -> Path:
    return folder_of(state, name) / "ssh_host_ed25519_key"


def _keygen(file: Path, comment: str) -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(file)])
