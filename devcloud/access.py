"""How one gets in: SSH keys for the hosts, and clouds.yaml and ssh_config for clients."""

from __future__ import annotations

import os

from devcloud.host import Host, folder_of
from devcloud.state import State, write_atomically
from devcloud.topology import Topology
from pytest_whitebox.core.command import run

#: The projects that stand beside the admin's, each with a user per role.
TENANTS = ("alpha", "beta")
ROLES = ("member", "reader")


def user_name(tenant: str, role: str) -> str:
    """Name of a project's user: ``alpha`` is its member, ``alpha-reader`` its reader."""
    return tenant if role == "member" else f"{tenant}-{role}"


def keys(state: State) -> None:
    """Make the key that opens the hosts, if it is missing."""
    if not state.ssh_key.exists():
        _keygen(str(state.ssh_key), "devcloud")


def install_keys(state: State, host: Host) -> None:
    """Give a host its own key, kept for its life, and let the cloud's key in."""
    own = folder_of(state, host.name) / "ssh_host_ed25519_key"
    if not own.exists():
        _keygen(str(own), host.name)
    public = state.ssh_key.with_suffix(".pub").read_text()
    if not host.path("/root/.ssh/authorized_keys").exists():
        host.run(["mkdir", "-p", "-m", "700", "/root/.ssh"])
        host.write("/root/.ssh/authorized_keys", public, mode=0o600)
    if not host.path("/etc/ssh/ssh_host_ed25519_key").exists():
        host.write("/etc/ssh/ssh_host_ed25519_key", own.read_text(), mode=0o600)


def write(state: State, topology: Topology) -> None:
    """Write clouds.yaml, ssh_config and known_hosts."""
    import yaml

    known_hosts = state.path / "known_hosts"
    lines = []
    for plan in topology.hosts:
        public = (folder_of(state, plan.name) / "ssh_host_ed25519_key.pub").read_text().split()[:2]
        lines.append(f"{plan.name},{plan.mgmt} {' '.join(public)}\n")
    write_atomically(known_hosts, "".join(lines))
    blocks = [
        f"Host {plan.name} {plan.mgmt}\n    HostName {plan.mgmt}\n    User root\n    IdentityFile {state.ssh_key}\n"
        f"    IdentitiesOnly yes\n    UserKnownHostsFile {known_hosts}\n    StrictHostKeyChecking yes\n"
        for plan in topology.hosts
    ]
    write_atomically(state.ssh_config, "\n".join(blocks))
    text = "# Written by `devcloud up`.\n" + yaml.safe_dump({"clouds": clouds(state, topology)}, sort_keys=False)
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


def clouds(state: State, topology: Topology) -> dict[str, dict[str, object]]:
    """The entries of clouds.yaml: the admin, and each project's member and reader."""
    secrets = state.secrets()
    entries = {"devcloud": _entry(topology, "admin", secrets["admin"], "admin")}
    for tenant in TENANTS:
        for role in ROLES:
            name = user_name(tenant, role)
            entries[f"devcloud-{name}"] = _entry(topology, name, secrets["user"], tenant)
    return entries


def _entry(topology: Topology, user: str, password: str, project: str) -> dict[str, object]:
    auth = {
        "auth_url": f"http://{topology.controller.mgmt}:5000/v3",
        "username": user,
        "password": password,
        "project_name": project,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    return {"auth": auth, "region_name": "RegionOne", "identity_api_version": "3", "interface": "public"}


def _keygen(file: str, comment: str) -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file])
