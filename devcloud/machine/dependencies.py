"""The distribution's packages that devcloud needs."""

from __future__ import annotations

import shutil
from collections import ChainMap
from collections.abc import Iterable, Mapping
from pathlib import Path

from devcloud.hosts.namespace import HOST_PATH
from pytest_whitebox.core.command import run

#: Package: a program or a file of it that devcloud uses. The names are the same in Debian 12 and Ubuntu 24.04.
PACKAGES = {
    "mariadb-server": "mariadbd-safe",
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "memcached": "memcached",
    "haproxy": "haproxy",
    "libvirt-daemon": "libvirtd",
    "libvirt-daemon-driver-qemu": "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so",
    "libvirt-clients": "virsh",
    "libvirt-dev": "/usr/include/libvirt/libvirt.h",
    "qemu-system-x86": "qemu-system-x86_64",
    "qemu-utils": "qemu-img",
    "ovmf": "/usr/share/OVMF/OVMF_CODE_4M.fd",
    "swtpm": "swtpm",
    "swtpm-tools": "swtpm_setup",
    "openvswitch-switch": "ovs-vswitchd",
    "ovn-central": "ovn-northd",
    "ovn-host": "ovn-controller",
    "ovn-common": "ovn-nbctl",
    "busybox-static": "busybox",
    "dropbear-bin": "dropbear",
    "runit": "runsvdir",
    "openssh-server": "sshd",
    "openssh-client": "ssh-keygen",
    "iproute2": "ip",
    "iptables": "iptables",
    "ipset": "ipset",
    "ethtool": "ethtool",
    "conntrack": "conntrack",
    "util-linux": "unshare",
    "e2fsprogs": "mkfs.ext4",
    "zstd": "zstd",
    "gcc": "gcc",
    "libc6-dev": "/usr/include/stdio.h",
    "pkgconf": "pkg-config",
    "python3-dev": "/usr/bin/python3-config",
    "liberasurecode-dev": "/usr/include/liberasurecode/erasurecode.h",
}


#: The same for a project that is there only if it is asked for.
EXTRAS: Mapping[str, Mapping[str, str]] = {"designate": {"bind9": "named"}}


def needed(projects: Iterable[str]) -> dict[str, str]:
    """What a cloud with these projects needs.

    >>> {"bind9", "runit"} - set(needed(["nova"])), {"bind9", "runit"} - set(needed(["nova", "designate"]))
    ({'bind9'}, set())
    """
    more = [EXTRAS[project] for project in projects if project in EXTRAS]
    return {**PACKAGES, **ChainMap(*map(dict, more))}


def missing_programs(projects: Iterable[str]) -> dict[str, str]:
    """What is not on this machine: package, and the program or file that was looked for."""
    return {
        package: wanted
        for package, wanted in needed(projects).items()
        if not (Path(wanted).exists() if wanted.startswith("/") else shutil.which(wanted, path=HOST_PATH))
    }


def half_installed(projects: Iterable[str]) -> list[str]:
    """Packages that an interrupted installation left unfinished."""
    form = "${Package} ${db:Status-Status}\\n"
    statuses = run(["dpkg-query", "-W", "-f", form, *needed(projects)], check=False).stdout
    return unfinished(statuses)


def unfinished(statuses: str) -> list[str]:
    """Packages that are neither installed nor absent, from lines of "package status".

    >>> unfinished("gcc installed\\nmemcached half-configured\\nrunit not-installed\\n")
    ['memcached']
    """
    pairs = (line.split() for line in statuses.splitlines() if line.strip())
    return [package for package, status in pairs if status.startswith(("half-", "unpacked", "triggers-"))]
