"""Hosts with the files of a way of deploying: an SSH server in namespaces of its own, over the root of this machine.

systemd and the engines of containers are stood in for by ``programs``; nova-compute reads its files with oslo.config.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_whitebox.core.deployments import ServiceFacts, UnknownService
from pytest_whitebox.core.transports import Transport

from .conftest import SshServer, program, start_sshd

_PROGRAMS = Path(__file__).with_name("programs")
#: Makes a root of its own over that of the machine, and one more for each container, and starts what runs there.
_BOOT = """
set -eu
folder=$1 sshd=$2 units=$3
shift 3
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder/rw"
layered() {
    mkdir -p "$folder/rw/$1/upper" "$folder/rw/$1/work" "$2"
    cp -a "$folder/$1/." "$folder/rw/$1/upper"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/rw/$1/upper,workdir=$folder/rw/$1/work" "$2"
}
root=$folder/rw/root
layered host "$root"
for place in dev proc sys; do mount --rbind "/$place" "$root/$place"; done
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/sshd" "$root/run/units" "$root/run/systemd/system"
for container; do
    layered "$container" "$root/containers/$container"
    mount --bind "$root/run" "$root/containers/$container/run"
    mount --rbind /dev "$root/containers/$container/dev"
    mount -t proc proc "$root/containers/$container/proc"
    mkdir -p "$root/var/log/kolla/nova" "$root/containers/$container/var/log/kolla/nova"
    mount --bind "$root/var/log/kolla/nova" "$root/containers/$container/var/log/kolla/nova"
done
chroot "$root" runsvdir /run/units &
for unit in $units; do chroot "$root" systemctl define "$unit"; done
# Other users may not read the folder.
cp "$folder/user_key.pub" "$root/run/authorized_keys"
exec chroot "$root" "$sshd" -D -e -f "$folder/sshd_config" -o AuthorizedKeysFile=/run/authorized_keys
"""


@dataclass(frozen=True)
class Kolla:
    """A container of Kolla's images: folders of the host by those inside; ``fresh`` ones are new at each start."""

    mounts: Mapping[str, str]
    fresh: bool = False
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """The files of a host, the units that run there, its containers, and programs of this machine that it lacks."""

    files: Mapping[str, str]
    units: tuple[str, ...]
    containers: Mapping[str, Kolla] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def lay(self, folder: Path) -> None:
        """Write down what lies over the root of this machine."""
        known = {name: {"mounts": dict(one.mounts), "fresh": one.fresh} for name, one in self.containers.items()}
        _write(folder / "host", {**self.files, "/etc/containers.json": json.dumps(known)})
        places = {"systemctl": "usr/bin", "journalctl": "usr/bin", "podman": "usr/bin", "docker": "usr/local/bin"}
        for name, place in places.items() if self.containers else list(places.items())[:2]:
            _install(folder / "host" / place / name, (_PROGRAMS / name.replace("docker", "podman")).read_text())
        daemon = f"#!{sys.executable}\n{(_PROGRAMS / 'nova-compute').read_text()}"
        for root in ("host", *self.containers):
            _install(folder / root / "usr/bin/nova-compute", daemon)
        for name, one in self.containers.items():
            _write(folder / name, one.files)
        for missing in self.absent:
            # What stands in an overlay for a file that was removed.
            os.mknod(folder / "host/usr/bin" / missing, stat.S_IFCHR, os.makedev(0, 0))


class Bare:
    """The kind of a host that has no service, and libvirt at most."""

    name, libvirt_uri = "bare", "test:///default"

    def matches(self, transport: Transport) -> bool:
        return True

    def service(self, transport: Transport, name: str) -> ServiceFacts:
        raise UnknownService(f"there is no {name}", hint="none")

    def libvirt(self, transport: Transport) -> Transport:
        return transport


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        file = root / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if text.startswith("#!"):
            file.chmod(0o755)


def _install(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


@contextmanager
def host_with(layout: Layout, folder: Path) -> Iterator[SshServer]:
    """Run a host with this layout until the end of the context."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for the namespaces of a host")
    layout.lay(folder)
    (folder / "rw").mkdir()
    spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    boot = [*spaces, "sh", "-c", _BOOT, "sh", str(folder), program("sshd"), " ".join(layout.units), *layout.containers]
    server = start_sshd(folder, boot=boot)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait(10)


def report(transport: Transport) -> tuple[str, str, str] | None:
    """Process, value and time that the nova-compute of a host reports, again and again."""
    said = transport.run(["cat", "/run/report"], check=False).stdout.split()
    return (said[0], said[1], said[2]) if len(said) == 3 else None
