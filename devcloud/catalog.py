"""Every service of the cloud, in one table."""

from __future__ import annotations

from collections.abc import Mapping

from devcloud.service import Alive, Api, Command, Http, Port, Report, Service
from devcloud.topology import COMPUTE, CONTROLLER
from pytest_whitebox.core.errors import StackproofError

_BOTH = (CONTROLLER, COMPUTE)
#: OpenStack's projects in the order in which they depend on each other; the first five make the smallest cloud.
PROJECTS = ("keystone", "placement", "glance", "neutron", "nova", "cinder", "swift")
_REQUIRED = frozenset(PROJECTS[:5])

APIS: tuple[Api, ...] = (
    Api("keystone", 5000, 15000, "/v3", "identity", "/v3"),
    Api("placement", 8778, 18778, "/", "placement"),
    Api("glance", 9292, 19292, "/healthcheck", "image"),
    Api("neutron", 9696, 19696, "/", "network"),
    Api("nova", 8774, 18774, "/", "compute", "/v2.1"),
    Api("nova-metadata", 8775, 18775, "/"),
    Api("cinder", 8776, 18776, "/healthcheck", "block-storage", "/v3"),
    Api("swift", 8080, 18080, "/healthcheck", "object-store", "/v1/AUTH_%(project_id)s", "/v1"),
)


def _api(project: str, name: str, port: int, path: str = "/", env: Mapping[str, str] | None = None) -> Service:
    return Service(
        name,
        project,
        ("{bin}/uwsgi", "--ini", f"/etc/{project}/{name}-uwsgi.ini"),
        Http(port, path, port - 10000),
        after=("haproxy", "memcached", "rabbitmq"),
        env=env or {},
        schema=project,
        folders=(f"/var/lib/{project}",),
    )


def _daemon(project: str, name: str, check: Report | Alive = Alive(), *, config: tuple[str, ...] = ()) -> Service:
    files = config or (f"/etc/{project}/{project}.conf",)
    return Service(
        name,
        project,
        (f"{{bin}}/{name}", *(word for file in files for word in ("--config-file", file))),
        check,
        after=("rabbitmq", "memcached"),
        schema=project,
        folders=(f"/var/lib/{project}",),
    )


_NEUTRON = ("/etc/neutron/neutron.conf", "/etc/neutron/ml2_conf.ini")
#: Nova's and Cinder's own eventlet patching must not meet uwsgi's threads: remote calls would time out.
_NOVA_API = {"OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"}

_INFRASTRUCTURE: tuple[Service, ...] = (
    Service("syslog", "syslog", ("busybox", "syslogd", "-n", "-O", "/var/log/syslog/messages"), roles=_BOTH),
    Service("ssh", "ssh", ("/usr/sbin/sshd", "-D", "-e"), Port(22), roles=_BOTH, folders=("/run/sshd",)),
    Service(
        "mariadb",
        "mariadb",
        ("mariadbd", "--defaults-file=/etc/mysql/devcloud.cnf"),
        Command(("mariadb-admin", "ping")),
        folders=("/run/mysqld",),
        user="mysql",
    ),
    Service("epmd", "rabbitmq", ("epmd", "-address", "127.0.0.1"), Command(("epmd", "-names"))),
    Service(
        "rabbitmq",
        "rabbitmq",
        ("/usr/lib/rabbitmq/bin/rabbitmq-server",),
        Port(5672),
        after=("epmd",),
        env={
            "RABBITMQ_NODENAME": "rabbit@localhost",
            "RABBITMQ_CONFIG_FILE": "/etc/rabbitmq/rabbitmq.conf",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "HOME": "/var/lib/rabbitmq",
        },
        folders=("/var/lib/rabbitmq",),
    ),
    Service(
        "memcached",
        "memcached",
        ("memcached", "-u", "root", "-l", "{mgmt}", "-m", "64", "-t", "1", "-U", "0"),
        Port(11211),
    ),
    Service(
        "haproxy",
        "haproxy",
        ("haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"),
        Port(5000),
        folders=("/run/haproxy",),
    ),
    Service(
        "ovn-nb",
        "ovn",
        (
            "ovsdb-server",
            "/var/lib/ovn/nb.db",
            "--remote=punix:/run/ovn/ovnnb_db.sock",
            "--remote=ptcp:6641:{mgmt}",
            "--unixctl=/run/ovn/ovnnb_db.ctl",
        ),
        Port(6641),
        folders=("/run/ovn",),
    ),
    Service(
        "ovn-sb",
        "ovn",
        (
            "ovsdb-server",
            "/var/lib/ovn/sb.db",
            "--remote=punix:/run/ovn/ovnsb_db.sock",
            "--remote=ptcp:6642:{mgmt}",
            "--unixctl=/run/ovn/ovnsb_db.ctl",
        ),
        Port(6642),
        folders=("/run/ovn",),
    ),
    Service(
        "ovn-northd",
        "ovn",
        (
            "ovn-northd",
            "--ovnnb-db=unix:/run/ovn/ovnnb_db.sock",
            "--ovnsb-db=unix:/run/ovn/ovnsb_db.sock",
            "--unixctl=/run/ovn/ovn-northd.ctl",
        ),
        Command(("ovn-appctl", "-t", "/run/ovn/ovn-northd.ctl", "status"), "active"),
        after=("ovn-nb", "ovn-sb"),
    ),
    Service(
        "ovsdb",
        "openvswitch",
        (
            "ovsdb-server",
            "/etc/openvswitch/conf.db",
            "--remote=punix:/run/openvswitch/db.sock",
            "--unixctl=/run/openvswitch/ovsdb-server.ctl",
        ),
        Command(("ovs-vsctl", "--timeout=2", "--no-wait", "show")),
        roles=_BOTH,
        folders=("/run/openvswitch", "/run/ovn"),
    ),
    Service(
        "ovs-vswitchd",
        "openvswitch",
        (
            "ovs-vswitchd",
            "unix:/run/openvswitch/db.sock",
            "--disable-system",
            "--unixctl=/run/openvswitch/ovs-vswitchd.ctl",
        ),
        Command(("ovs-appctl", "-t", "/run/openvswitch/ovs-vswitchd.ctl", "version")),
        after=("ovsdb",),
        roles=_BOTH,
    ),
    Service(
        "ovn-controller",
        "ovn",
        ("ovn-controller", "unix:/run/openvswitch/db.sock", "--pidfile=/run/ovn/ovn-controller.pid"),
        Command(("ovn-appctl", "-t", "ovn-controller", "connection-status"), "connected"),
        after=("ovs-vswitchd", "ovn-sb"),
        roles=_BOTH,
    ),
    Service(
        "libvirtd",
        "libvirt",
        ("libvirtd",),
        Command(("virsh", "-c", "qemu:///system", "version")),
        roles=(COMPUTE,),
        folders=("/run/libvirt",),
    ),
)

_OPENSTACK: tuple[Service, ...] = (
    _api(
        "keystone",
        "keystone-api",
        15000,
        "/v3",
        {"OS_KEYSTONE_CONFIG_DIR": "/etc/keystone", "OS_KEYSTONE_CONFIG_FILES": "keystone.conf"},
    ),
    _api("placement", "placement-api", 18778),
    _api("glance", "glance-api", 19292, "/healthcheck"),
    _api(
        "neutron",
        "neutron-api",
        19696,
        "/",
        {"OS_NEUTRON_CONFIG_DIR": "/etc/neutron", "OS_NEUTRON_CONFIG_FILES": "neutron.conf;ml2_conf.ini"},
    ),
    _daemon("neutron", "neutron-rpc-server", config=_NEUTRON),
    _daemon("neutron", "neutron-periodic-workers", config=_NEUTRON),
    _daemon("neutron", "neutron-ovn-maintenance-worker", config=_NEUTRON),
    Service(
        "neutron-ovn-metadata-agent",
        "neutron",
        ("{bin}/neutron-ovn-metadata-agent", "--config-file", "/etc/neutron/neutron_ovn_metadata_agent.ini"),
        after=("ovn-controller",),
        roles=(COMPUTE,),
        folders=("/var/lib/neutron",),
    ),
    _api("nova", "nova-api", 18774, "/", _NOVA_API),
    _api("nova", "nova-metadata", 18775, "/", _NOVA_API),
    _daemon("nova", "nova-conductor", Report("nova")),
    _daemon("nova", "nova-scheduler", Report("nova")),
    Service(
        "nova-compute",
        "nova",
        ("{bin}/nova-compute", "--config-file", "/etc/nova/nova.conf"),
        Report("nova"),
        after=("libvirtd", "ovs-vswitchd", "nova-conductor", "placement-api", "neutron-api"),
        roles=(COMPUTE,),
        folders=("/var/lib/nova/instances",),
    ),
    _api("cinder", "cinder-api", 18776, "/healthcheck"),
    _daemon("cinder", "cinder-scheduler", Report("cinder")),
    _daemon("cinder", "cinder-volume", Report("cinder")),
    *(
        Service(
            f"swift-{part}",
            "swift",
            (f"{{bin}}/swift-{part}-server", f"/etc/swift/{part}-server.conf"),
            Http(port, "/healthcheck"),
            after=("syslog",),
            folders=("/srv/node/d1",),
        )
        for part, port in (("account", 6202), ("container", 6201), ("object", 6200))
    ),
    Service(
        "swift-proxy",
        "swift",
        ("{bin}/swift-proxy-server", "/etc/swift/proxy-server.conf"),
        Http(18080, "/healthcheck", 8080),
        after=("swift-account", "swift-container", "swift-object", "memcached", "haproxy"),
    ),
)


def services(projects: tuple[str, ...]) -> tuple[Service, ...]:
    """The daemons of a cloud that has these projects."""
    return (*_INFRASTRUCTURE, *(service for service in _OPENSTACK if service.project in projects))


def apis(projects: tuple[str, ...]) -> tuple[Api, ...]:
    """The doors of a cloud that has these projects."""
    return tuple(api for api in APIS if api.name.split("-")[0] in projects)


def chosen(text: str | None) -> tuple[str, ...]:
    """Projects from a comma-separated list (None: all), completed by those without which there is no cloud.

    >>> chosen("cinder")
    ('keystone', 'placement', 'glance', 'neutron', 'nova', 'cinder')
    """
    wanted = set(PROJECTS if text is None else filter(None, (word.strip() for word in text.split(","))))
    unknown = sorted(wanted - set(PROJECTS))
    if unknown:
        raise StackproofError(f"devcloud has no service {unknown[0]!r}", hint=f"choose from {', '.join(PROJECTS)}")
    return tuple(project for project in PROJECTS if project in wanted | _REQUIRED)
