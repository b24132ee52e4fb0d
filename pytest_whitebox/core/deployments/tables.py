"""The kinds of deployment, each in one table; where a fact is from stands beside it."""

from __future__ import annotations

from pytest_whitebox.core.deployments.images import Images
from pytest_whitebox.core.deployments.kind import ANY, Kind

#: libvirt has one daemon, or one for each driver; those of a driver are started by their sockets.
_LIBVIRT = ("virtqemud", "libvirtd")
_LOGS = ("/var/log/{project}/{service}.log",)
_ML2 = ("--config-file=/etc/neutron/neutron.conf", "--config-file=/etc/neutron/plugins/ml2/ml2_conf.ini")
_SWIFT = ("account", "container", "object", "proxy")
#: Swift's own format, which is not oslo.config's but as good as.
_SWIFT_FILES = {f"swift-{part}": (f"/etc/swift/{part}-server.conf",) for part in _SWIFT}
#: Where Kolla's images keep what is to be copied at their start.
_KOLLA = "/var/lib/kolla/config_files"

#: lib/nova and its like in openstack/devstack: each service has its own unit, and its log is the journal.
DEVSTACK = Kind(
    "devstack",
    signs=(("/etc/systemd/system/devstack@*.service",),),
    units=("devstack@{name}", "{name}"),
    names={
        "cinder-api": ("c-api",),
        "cinder-backup": ("c-bak",),
        "cinder-scheduler": ("c-sch",),
        "cinder-volume": ("c-vol",),
        "glance-api": ("g-api",),
        "libvirt": _LIBVIRT,
        "neutron-dhcp-agent": ("q-dhcp",),
        "neutron-l3-agent": ("q-l3",),
        "neutron-metadata-agent": ("q-meta",),
        "neutron-openvswitch-agent": ("q-agt",),
        "neutron-ovn-agent": ("q-ovn-agent",),
        "neutron-ovn-metadata-agent": ("q-ovn-metadata-agent",),
        "neutron-server": ("q-svc", "neutron-api"),
        "nova-api": ("n-api",),
        "nova-api-metadata": ("n-api-meta",),
        "nova-compute": ("n-cpu",),
        "nova-conductor": ("n-super-cond", "n-cond", "n-cond-cell1"),
        "nova-novncproxy": ("n-novnc-cell1", "n-novnc"),
        "nova-scheduler": ("n-sch",),
        **{f"swift-{part}": (f"s-{part}",) for part in _SWIFT},
    },
    files=_SWIFT_FILES,
    arguments={"neutron-api": _ML2, "neutron-server": _ML2},
)

#: Units and nova-dist.conf of rdo-packages: Nova's are called openstack-…, Neutron's are not.
RDO = Kind(
    "rdo",
    signs=(
        ("/usr/lib/systemd/system/openstack-*.service",),
        ("/etc/redhat-release", "/usr/lib/systemd/system/neutron-*.service"),
    ),
    units=("openstack-{name}", "{name}"),
    names={
        "keystone": ("httpd",),
        "libvirt": _LIBVIRT,
        "neutron-api": ("neutron-server",),
        "nova-api-metadata": ("nova-metadata-api",),
        "placement-api": ("httpd",),
    },
    files=_SWIFT_FILES,
    logs={ANY: _LOGS, "glance-api": ("/var/log/glance/api.log",)},
)

#: The scripts in /etc/init.d that the units of Debian and Ubuntu start: openstack-pkg-tools gives every daemon its
#: project's file, and these say what else there is.
DEBIAN = Kind(
    "debian",
    signs=(
        ("/etc/debian_version", "/lib/systemd/system/nova-*.service"),
        ("/etc/debian_version", "/lib/systemd/system/neutron-*.service"),
        ("/etc/debian_version", "/lib/systemd/system/cinder-*.service"),
        ("/etc/debian_version", "/lib/systemd/system/glance-*.service"),
        ("/etc/debian_version", "/lib/systemd/system/keystone.service"),
    ),
    names={
        "keystone": ("keystone", "apache2"),
        "libvirt": _LIBVIRT,
        "neutron-api": ("neutron-api", "neutron-server"),
        "neutron-server": ("neutron-server", "neutron-api"),
        "nova-api": ("nova-api", "apache2"),
        "placement-api": ("placement-api", "apache2"),
    },
    files=_SWIFT_FILES,
    arguments={
        ANY: ("--config-file=/etc/{project}/{project}.conf",),
        **dict.fromkeys(("keystone", "nova-api", "nova-api-metadata", "placement-api"), ()),
        "glance-api": ("--config-file=/etc/glance/glance-api.conf",),
        "neutron-api": _ML2,
        "neutron-dhcp-agent": (_ML2[0], "--config-file=/etc/neutron/dhcp_agent.ini"),
        "neutron-l3-agent": (_ML2[0], "--config-file=/etc/neutron/l3_agent.ini"),
        "neutron-metadata-agent": (_ML2[0], "--config-file=/etc/neutron/metadata_agent.ini"),
        "neutron-openvswitch-agent": (_ML2[0], "--config-file=/etc/neutron/plugins/ml2/openvswitch_agent.ini"),
        "neutron-ovn-metadata-agent": ("--config-file=/etc/neutron/neutron_ovn_metadata_agent.ini", _ML2[0]),
        "neutron-rpc-server": _ML2,
        "neutron-server": _ML2,
        "nova-compute": ("--config-file=/etc/nova/nova.conf", "--config-file=/etc/nova/nova-compute.conf"),
    },
    logs={ANY: _LOGS},
)

#: Any other host under systemd: the units and files of both.
SYSTEMD = Kind(
    "systemd",
    signs=(("/run/systemd/system",),),
    units=("{name}", "openstack-{name}"),
    names={"libvirt": _LIBVIRT},
    logs={ANY: _LOGS},
)

_KOLLA_LOGS = (
    "/var/log/kolla",
    "/var/lib/docker/volumes/kolla_logs/_data",
    "/var/lib/containers/storage/volumes/kolla_logs/_data",
)
#: ansible/module_utils/kolla_systemd_worker.py and roles/*/templates/*.json.j2 in openstack/kolla-ansible. The volume
#: kolla_logs is linked to /var/log/kolla. Before there were units, the engine itself started the containers.
KOLLA = Kind(
    "kolla",
    signs=(("/etc/systemd/system/kolla-*-container.service",), ("/etc/kolla/*/config.json",)),
    units=("kolla-{container}-container", "{name}"),
    names={
        "keystone-api": ("keystone",),
        "libvirt": ("nova-libvirt", *_LIBVIRT),
        "neutron-api": ("neutron-server",),
        "nova-api-metadata": ("nova-metadata", "nova-api"),
        "nova-conductor": ("nova-conductor", "nova-super-conductor"),
        **{f"swift-{part}": (f"swift-{part}-server",) for part in _SWIFT},
    },
    logs={
        ANY: tuple(f"{folder}/{{project}}/{{name}}.log" for folder in _KOLLA_LOGS),
        "keystone": tuple(f"{folder}/keystone/keystone*.log" for folder in _KOLLA_LOGS),
        "libvirt": tuple(f"{folder}/libvirt/libvirtd.log" for folder in _KOLLA_LOGS),
    },
    images=Images(("docker", "podman"), "/etc/kolla/{name}/config.json", {_KOLLA: "/etc/kolla/{name}"}),
    libvirt_containers=("nova_libvirt",),
)

#: deployment/*/*-container-puppet.yaml in openstack/tripleo-heat-templates.
TRIPLEO = Kind(
    "tripleo",
    signs=(("/etc/systemd/system/tripleo_*.service",),),
    units=("tripleo_{container}", "{name}"),
    names={
        "keystone-api": ("keystone",),
        "libvirt": ("nova-virtqemud", "nova-libvirt"),
        "neutron-dhcp-agent": ("neutron-dhcp",),
        "neutron-openvswitch-agent": ("neutron-ovs-agent",),
        "neutron-ovn-metadata-agent": ("ovn-metadata-agent",),
        "neutron-server": ("neutron-api",),
        "nova-api-metadata": ("nova-metadata",),
        "nova-novncproxy": ("nova-vnc-proxy",),
        **{f"swift-{part}": (f"swift-{part}-server",) for part in _SWIFT[:-1]},
    },
    logs={
        ANY: ("/var/log/containers/{project}/{service}.log",),
        "glance-api": ("/var/log/containers/glance/api.log",),
        "neutron-server": ("/var/log/containers/neutron/server.log",),
    },
    images=Images(
        ("podman", "docker"),
        f"{_KOLLA}/{{container}}.json",
        {f"{_KOLLA}/src": "/var/lib/config-data/puppet-generated/{volume}"},
        volumes={"glance-api": "glance_api", "nova-api-metadata": "nova_metadata", "nova-compute": "nova_libvirt"},
    ),
    libvirt_containers=("nova_virtqemud", "nova_libvirt"),
)

_IN_PODS = (
    "barbican-api", "cinder-api", "cinder-backup", "cinder-scheduler", "cinder-volume", "designate-api",
    "designate-central", "glance-api", "heat-api", "heat-engine", "keystone", "keystone-api", "neutron-api",
    "neutron-server", "nova-api", "nova-api-metadata", "nova-conductor", "nova-novncproxy", "nova-scheduler",
    "placement-api",
)  # fmt: skip
#: roles/edpm_nova, edpm_libvirt and edpm_neutron_* in openstack-k8s-operators/edpm-ansible: compute hosts of RHOSO.
#: nova.conf is blank there, and all *nova*.conf of a folder are copied to nova.conf.d.
EDPM = Kind(
    "edpm",
    signs=(("/etc/containers/systemd/edpm_*.container",), ("/etc/systemd/system/edpm_*.service",)),
    units=("edpm_{container}", "{name}"),
    names={
        "libvirt": _LIBVIRT,
        "neutron-ovn-agent": ("ovn-agent",),
        "neutron-ovn-metadata-agent": ("ovn-metadata-agent",),
    },
    files={
        f"neutron-{agent}": ("/var/lib/openstack/{service}/*.conf",)
        for agent in ("dhcp-agent", "ovn-agent", "ovn-metadata-agent", "sriov-agent")
    },
    images=Images(
        ("podman",),
        f"{_KOLLA}/{{container}}.json",
        {f"{_KOLLA}/src": "/var/lib/openstack/{volume}"},
        fresh="/etc/containers/systemd/edpm_{container}.container",
        drop_ins={"nova-compute": "/var/lib/openstack/nova/zz-nova-stackproof.conf"},
    ),
    pods=frozenset(_IN_PODS),
)
