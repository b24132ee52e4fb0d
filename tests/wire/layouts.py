"""The layouts that hosts of each kind have, as their projects install them; each file says which value it sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .layout import Kolla, Layout


def _unit(command: str, *, enabled: bool = True) -> str:
    return f"[Service]\nExecStart={command}\n{'[Install]' if enabled else ''}\n"


def _reserve(value: str) -> str:
    return f"[DEFAULT]\nreserved_host_memory_mb = {value}\n"


@dataclass(frozen=True)
class Case:
    """A layout, and what is to be found in it: nova-compute's unit, files, log and container, and libvirt."""

    layout: Layout
    unit: str
    files: tuple[str, ...]
    target: str
    log: str = ""
    container: str = ""
    libvirt: str = "libvirtd"
    virsh_in: str = ""


_VIRSH = '#!/bin/sh\necho "$@" in {}\n'
_HOST_LIBVIRT = {
    "/usr/bin/virsh": _VIRSH.format("host"),
    "/usr/lib/systemd/system/libvirtd.service": _unit("/bin/true"),
}
_MODULAR = {
    "/usr/bin/virsh": _VIRSH.format("host"),
    "/usr/lib/systemd/system/virtqemud.service": _unit("/bin/true"),
    **{f"/usr/lib/systemd/system/virtqemud{kind}.socket": "[Socket]\n" for kind in ("", "-ro", "-admin")},
}
_CONFIG = "/var/lib/kolla/config_files"


def _json(*copies: tuple[str, str, bool]) -> str:
    import json

    files = [{"source": source, "dest": dest, "merge": merge} for source, dest, merge in copies]
    return json.dumps({"command": "/usr/bin/nova-compute", "config_files": files})


_KOLLA_UNIT = "kolla-nova_compute-container"
_KOLLA_LOG = {"/etc/kolla/nova-compute/nova.conf": f"{_reserve('1')}log_file = /var/log/kolla/nova/nova-compute.log\n"}
_PUPPET = "/var/lib/config-data/puppet-generated/nova_libvirt"
_EDPM = "/var/lib/openstack/nova"
_EDPM_JSON = _json(
    (f"{_CONFIG}/src/nova-blank.conf", "/etc/nova/nova.conf", False),
    (f"{_CONFIG}/src/*nova*.conf", "/etc/nova/nova.conf.d/", False),
)
_EDPM_FILES = {
    f"{_CONFIG}/nova_compute.json": _EDPM_JSON,
    f"{_EDPM}/01-nova.conf": _reserve("0"),
    f"{_EDPM}/02-nova-host-specific.conf": _reserve("1"),
    f"{_EDPM}/nova-blank.conf": "",
    **_MODULAR,
}
_EDPM_MOUNTS = {f"{_CONFIG}/config.json": f"{_CONFIG}/nova_compute.json", f"{_CONFIG}/src": _EDPM}

CASES: Mapping[str, Case] = {
    "devstack": Case(
        Layout(
            {
                "/etc/systemd/system/devstack@n-cpu.service": _unit(
                    "/usr/bin/nova-compute --config-file /etc/nova/nova-cpu.conf"
                ),
                "/etc/nova/nova.conf": _reserve("0"),
                "/etc/nova/nova.conf.d/early.conf": _reserve("0"),
                "/etc/nova/nova-cpu.conf": _reserve("1"),
                **_HOST_LIBVIRT,
            },
            ("devstack@n-cpu",),
        ),
        "devstack@n-cpu",
        ("/etc/nova/nova.conf.d/early.conf", "/etc/nova/nova-cpu.conf"),
        "/etc/nova/nova-cpu.conf",
    ),
    "rdo": Case(
        Layout(
            {
                "/etc/redhat-release": "CentOS Stream release 9\n",
                "/usr/lib/systemd/system/openstack-nova-compute.service": _unit("/usr/bin/nova-compute"),
                "/usr/share/nova/nova-dist.conf": f"{_reserve('0')}log_file = /var/log/nova/nova-compute.log\n",
                "/etc/nova/nova.conf": _reserve("0"),
                "/etc/nova/nova.conf.d/10-site.conf": _reserve("1"),
                "/var/log/nova/.keep": "",
                **_MODULAR,
            },
            ("openstack-nova-compute",),
        ),
        "openstack-nova-compute",
        ("/usr/share/nova/nova-dist.conf", "/etc/nova/nova.conf", "/etc/nova/nova.conf.d/10-site.conf"),
        "/etc/nova/nova.conf.d/10-site.conf",
        "/var/log/nova/nova-compute.log",
        libvirt="virtqemud",
    ),
    "debian": Case(
        Layout(
            {
                "/usr/lib/systemd/system/nova-compute.service": _unit("/etc/init.d/nova-compute systemd-start"),
                "/etc/init.d/nova-compute": "#!/bin/sh\nexec /usr/bin/nova-compute --config-file=/etc/nova/nova.conf "
                "--config-file=/etc/nova/nova-compute.conf --log-file=/var/log/nova/nova-compute.log\n",
                "/etc/nova/nova.conf": _reserve("0"),
                "/etc/nova/nova.conf.d/early.conf": _reserve("0"),
                "/etc/nova/nova-compute.conf": f"{_reserve('1')}compute_driver = libvirt.LibvirtDriver\n",
                "/var/log/nova/.keep": "",
                **_HOST_LIBVIRT,
            },
            ("nova-compute",),
        ),
        "nova-compute",
        ("/etc/nova/nova.conf.d/early.conf", "/etc/nova/nova.conf", "/etc/nova/nova-compute.conf"),
        "/etc/nova/nova-compute.conf",
        "/var/log/nova/nova-compute.log",
    ),
    "kolla": Case(
        Layout(
            {
                f"/etc/systemd/system/{_KOLLA_UNIT}.service": _unit("/usr/local/bin/docker start -a nova_compute"),
                "/etc/systemd/system/kolla-nova_libvirt-container.service": _unit(
                    "/usr/local/bin/docker start -a nova_libvirt"
                ),
                "/etc/kolla/nova-compute/config.json": _json(
                    (f"{_CONFIG}/nova.conf", "/etc/nova/nova.conf", False)
                ),
                "/etc/kolla/nova-libvirt/config.json": '{"command": "sleep infinity", "config_files": []}',
                **_KOLLA_LOG,
            },
            (_KOLLA_UNIT, "kolla-nova_libvirt-container"),
            {
                "nova_compute": Kolla({_CONFIG: "/etc/kolla/nova-compute"}),
                "nova_libvirt": Kolla(
                    {_CONFIG: "/etc/kolla/nova-libvirt"}, files={"/usr/bin/virsh": _VIRSH.format("nova_libvirt")}
                ),
            },
        ),
        _KOLLA_UNIT,
        ("/etc/kolla/nova-compute/nova.conf",),
        "/etc/kolla/nova-compute/nova.conf",
        "/var/log/kolla/nova/nova-compute.log",
        "nova_compute",
        "kolla-nova_libvirt-container",
        "nova_libvirt",
    ),
    "kolla before units": Case(
        Layout(
            {
                "/etc/systemd/system/boot.service": _unit("/usr/local/bin/docker start -a nova_compute"),
                "/etc/kolla/nova-compute/config.json": _json((f"{_CONFIG}/nova.conf", "/etc/nova/nova.conf", False)),
                **_KOLLA_LOG,
                **_HOST_LIBVIRT,
            },
            ("boot",),
            {"nova_compute": Kolla({_CONFIG: "/etc/kolla/nova-compute"})},
        ),
        "nova_compute",
        ("/etc/kolla/nova-compute/nova.conf",),
        "/etc/kolla/nova-compute/nova.conf",
        "/var/log/kolla/nova/nova-compute.log",
        "nova_compute",
    ),
    "tripleo": Case(
        Layout(
            {
                "/etc/systemd/system/tripleo_nova_compute.service": _unit("/usr/bin/podman start nova_compute"),
                "/etc/systemd/system/tripleo_nova_virtqemud.service": _unit("/usr/bin/podman start nova_virtqemud"),
                f"{_CONFIG}/nova_compute.json": _json((f"{_CONFIG}/src/*", "/", True)),
                f"{_CONFIG}/nova_virtqemud.json": '{"command": "sleep infinity", "config_files": []}',
                f"{_PUPPET}/etc/nova/nova.conf": _reserve("1"),
            },
            ("tripleo_nova_compute", "tripleo_nova_virtqemud"),
            {
                "nova_compute": Kolla(
                    {f"{_CONFIG}/config.json": f"{_CONFIG}/nova_compute.json", f"{_CONFIG}/src": _PUPPET}
                ),
                "nova_virtqemud": Kolla(
                    {f"{_CONFIG}/config.json": f"{_CONFIG}/nova_virtqemud.json"},
                    files={"/usr/bin/virsh": _VIRSH.format("nova_virtqemud")},
                ),
            },
        ),
        "tripleo_nova_compute",
        (f"{_PUPPET}/etc/nova/nova.conf",),
        f"{_PUPPET}/etc/nova/nova.conf",
        "",
        "nova_compute",
        "tripleo_nova_virtqemud",
        "nova_virtqemud",
    ),
    "edpm": Case(
        Layout(
            {
                "/etc/containers/systemd/edpm_nova_compute.container": "[Container]\nContainerName=nova_compute\n",
                **_EDPM_FILES,
            },
            ("edpm_nova_compute",),
            {"nova_compute": Kolla(_EDPM_MOUNTS, fresh=True)},
        ),
        "edpm_nova_compute",
        (
            f"{_EDPM}/01-nova.conf", f"{_EDPM}/02-nova-host-specific.conf", f"{_EDPM}/nova-blank.conf",
            f"{_EDPM}/zz-nova-stackproof.conf",
        ),
        f"{_EDPM}/zz-nova-stackproof.conf",
        "",
        "nova_compute",
        "virtqemud",
    ),
    "edpm before quadlets": Case(
        Layout(
            {
                "/etc/systemd/system/edpm_nova_compute.service": _unit("/usr/bin/podman start nova_compute"),
                **_EDPM_FILES,
            },
            ("edpm_nova_compute",),
            {"nova_compute": Kolla(_EDPM_MOUNTS)},
        ),
        "edpm_nova_compute",
        (f"{_EDPM}/01-nova.conf", f"{_EDPM}/02-nova-host-specific.conf", f"{_EDPM}/nova-blank.conf"),
        f"{_EDPM}/nova-blank.conf",
        "",
        "nova_compute",
        "virtqemud",
    ),
}  # fmt: skip
