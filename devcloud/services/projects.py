"""The daemons of the OpenStack projects."""

from __future__ import annotations

from collections.abc import Mapping

from devcloud.services.databases import DEVICES
from devcloud.services.service import Alive, Command, Http, Report, Service
from devcloud.topology import COMPUTE


def _api(project: str, name: str, port: int, path: str = "/", env: Mapping[str, str] | None = None) -> Service:
    own = f"/etc/{project}/{name}-uwsgi.ini"
    return Service(
        name,
        project,
        ("{bin}/uwsgi", "--ini", own),
        Http(port, path, port - 10000),
        after=("haproxy", "memcached", "rabbitmq"),
        env=env or {},
        schema=project,
        folders=(f"/var/lib/{project}",),
        own_file=own,
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

OPENSTACK: tuple[Service, ...] = (
    _api(
        "keystone",
        "keystone-api",
        15000,
        "/healthcheck",
        {"OS_KEYSTONE_CONFIG_DIR": "/etc/keystone", "OS_KEYSTONE_CONFIG_FILES": "keystone.conf"},
    ),
    _api("placement", "placement-api", 18778),
    _api("glance", "glance-api", 19292, "/healthcheck"),
    _api(
        "neutron",
        "neutron-api",
        19696,
        "/healthcheck",
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
        keeps_children=True,
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
            folders=DEVICES,
        )
        for part, port in (("account", 6202), ("container", 6201), ("object", 6200))
    ),
    Service(
        "swift-proxy",
        "swift",
        ("{bin}/swift-proxy-server", "/etc/swift/proxy-server.conf"),
        Http(18080, "/healthcheck", 8080),
        after=("swift-account", "swift-container", "swift-object", "memcached", "haproxy"),
        own_file="/etc/swift/proxy-server.conf",
    ),
    _api("barbican", "barbican-api", 19311, "/healthcheck"),
    _api("heat", "heat-api", 18004, "/healthcheck"),
    _api("heat", "heat-api-cfn", 18000, "/healthcheck"),
    _daemon("heat", "heat-engine", Report("heat")),
    Service(
        "bind",
        "designate",
        ("named", "-g", "-n", "1", "-c", "/etc/designate/named.conf"),
        Command(("rndc", "-c", "/etc/designate/rndc.conf", "status")),
        folders=("/var/lib/bind",),
    ),
    _api("designate", "designate-api", 19001, "/healthcheck"),
    _daemon("designate", "designate-central", Report("designate")),
    *(_daemon("designate", f"designate-{part}", Report("designate")) for part in ("mdns", "worker", "producer")),
)
