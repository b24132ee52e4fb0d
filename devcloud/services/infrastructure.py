"""What an OpenStack stands on: the daemons of its database, queue, network and hypervisor, and of its hosts."""

from __future__ import annotations

from devcloud.hosts.hypervisor import SHARED_STORAGE
from devcloud.services.service import Command, Port, Service
from devcloud.topology import COMPUTE, CONTROLLER

_BOTH = (CONTROLLER, COMPUTE)
#: Asked as root, who has one connection more than all others together.
_WRITABLE = (
    "SELECT IF(@@GLOBAL.read_only, 'takes no writes: read_only is ON', IF(@@GLOBAL.max_connections <= "
    "(SELECT VARIABLE_VALUE + 0 FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'THREADS_CONNECTED'),"
    " 'has no connection left', 'writable'))"
)

INFRASTRUCTURE: tuple[Service, ...] = (
    Service("syslog", "syslog", ("busybox", "syslogd", "-n", "-O", "/var/log/syslog/messages"), roles=_BOTH),
    Service(
        "ssh",
        "ssh",
        ("/usr/sbin/sshd", "-D", "-e"),
        Port(22),
        roles=_BOTH,
        folders=("/run/sshd",),
        keeps_children=True,
    ),
    Service(
        "mariadb",
        "mariadb",
        ("mariadbd", "--defaults-file=/etc/mysql/devcloud.cnf"),
        Command(("mariadb", "--skip-ssl", "-NBe", _WRITABLE), "writable"),
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
            "RUNNING_UNDER_SYSTEMD": "true",  # no shell between the supervisor and it
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
        env={"TZ": "UTC"},  # of the times in its log
        folders=("/run/haproxy",),
        signal="2",
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
        env={"LD_PRELOAD": SHARED_STORAGE},
        folders=("/run/libvirt",),
    ),
)
