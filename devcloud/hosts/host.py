"""A host: a name, addresses, a file system, a service supervisor and an SSH server of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devcloud.hosts import namespace
from devcloud.hosts.namespace import Holder
from devcloud.state import State, write_atomically
from devcloud.topology import COMPUTE, HostPlan
from pytest_whitebox.core.command import Result
from pytest_whitebox.core.wait import wait_for

_INIT = Path(__file__).with_name("host_init.sh")
#: Folders that start empty on a host, however full they are on the machine.
_OWN = (
    "etc/ssh",
    "etc/sv",
    "etc/mysql",
    "etc/openvswitch",
    "etc/libvirt",
    "etc/rabbitmq",
    "home",
    "root",
    "srv",
    "tmp",
    "var/log",
    "var/lib/mysql",
    "var/lib/rabbitmq",
    "var/lib/openvswitch",
    "var/lib/ovn",
    "var/lib/libvirt",
    "var/cache/libvirt",
    "var/tmp",
)


@dataclass(frozen=True, slots=True)
class Host:
    """A host whose power is on."""

    plan: HostPlan
    holder: Holder

    @property
    def name(self) -> str:
        """The host's name."""
        return self.plan.name

    def path(self, path: str) -> Path:
        """A path of the host, as a path on the machine.

        Not for paths through absolute symbolic links: the machine would follow them in its own root.
        """
        return self.holder.root / path.lstrip("/")

    def run(
        self,
        command: Sequence[str],
        *,
        input: str | None = None,
        timeout: float = 60,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run a command on the host as root; a secret goes in ``env`` or ``input``, never in the command."""
        return self.holder.run(command, input=input, timeout=timeout, check=check, env=env)

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        """Put a file on the host, whole or not at all, and make the folders above it."""
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, text, mode=mode)


def find(state: State, plan: HostPlan) -> Host | None:
    """The host, if its power is on and its root is built."""
    holder = namespace.find(plan.name, state.token(plan.name))
    return Host(plan, holder) if holder and (holder.root / "run/service").is_dir() else None


def power_on(state: State, plan: HostPlan) -> Host:
    """Switch a host on, or find it on."""
    found = find(state, plan)
    if found:
        return found
    folder = folder_of(state, plan.name)
    make_folders(folder)
    shared = {state.environments: str(state.environments), state.export: "/srv/export"}
    if plan.role == COMPUTE:
        shared[state.instances] = "/var/lib/nova/instances"
    pairs = " ".join(f"{here}={there}" for here, there in shared.items())
    namespace.start(
        plan.name,
        state.token(plan.name),
        ["sh", str(_INIT)],
        mount=True,
        log=folder / "host.log",
        env={"HOST": plan.name, "FOLDER": str(folder), "STATE": str(state.path), "SHARED": pairs},
    )
    return wait_for(
        lambda: find(state, plan), timeout=15, every=0.02, what=f"host {plan.name}", hint=f"see {folder / 'host.log'}"
    )


def folder_of(state: State, name: str) -> Path:
    """Where the state folder keeps a host; ``upper`` below it has what differs from the machine."""
    return state.hosts / name


def make_folders(folder: Path) -> None:
    """What the host's root is built from; its own folders are there at once or not at all."""
    for part in ("work", "root"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if not (folder / "upper").exists():
        aside = folder / "upper.new"
        shutil.rmtree(aside, ignore_errors=True)
        for own in _OWN:
            _make_own(aside / own)
        (aside / "etc/service").symlink_to("/run/service")
        aside.rename(folder / "upper")


def _make_own(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o1777 if folder.name == "tmp" else 0o755)
    os.setxattr(folder, "trusted.overlay.opaque", b"y")
