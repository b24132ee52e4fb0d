"""The databases: MariaDB's own files, one schema per project, and what makes Nova's cells and Keystone's first user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from devcloud.apis.doors import Doors
from devcloud.hosts.host import Host

_DATA = "/var/lib/mysql/data"
#: Where Swift keeps things: three devices have each, and one more is there if one of these is lost.
DEVICES = tuple(f"/srv/node/d{number}" for number in range(1, 5))


@dataclass(frozen=True, slots=True)
class Schema:
    """The databases of one project and the commands that fill them."""

    databases: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    env: Mapping[str, str] = field(default_factory=dict)


def _neutron(*words: str) -> tuple[str, ...]:
    return (
        "neutron-db-manage",
        "--config-file",
        "/etc/neutron/neutron.conf",
        "--config-file",
        "/etc/neutron/ml2_conf.ini",
        *words,
    )


SCHEMAS: Mapping[str, Schema] = {
    "keystone": Schema(
        ("keystone",),
        (
            ("keystone-manage", "fernet_setup", "--keystone-user", "root", "--keystone-group", "root"),
            ("keystone-manage", "receipt_setup", "--keystone-user", "root", "--keystone-group", "root"),
            ("keystone-manage", "credential_setup", "--keystone-user", "root", "--keystone-group", "root"),
            ("keystone-manage", "db_sync"),
        ),
    ),
    "placement": Schema(("placement",), (("placement-manage", "db", "sync"),)),
    "glance": Schema(
        ("glance",), (("glance-manage", "db_sync"), ("glance-manage", "db_load_metadefs", "/etc/glance/metadefs"))
    ),
    "neutron": Schema(("neutron",), (_neutron("upgrade", "heads"),)),
    "nova": Schema(
        ("nova_api", "nova_cell0", "nova"),
        (
            ("nova-manage", "api_db", "sync"),
            ("nova-manage", "cell_v2", "map_cell0"),
            ("nova-manage", "db", "sync"),
            ("nova-manage", "cell_v2", "create_cell", "--name", "cell1"),
        ),
    ),
    "cinder": Schema(("cinder",), (("cinder-manage", "db", "sync"),)),
    "barbican": Schema(("barbican",), (("barbican-manage", "db", "upgrade"),)),
    "heat": Schema(("heat",), (("heat-manage", "db_sync"),)),
    "designate": Schema(("designate",), (("designate-manage", "database", "sync"),)),
}


def initialise(controller: Host) -> bool:
    """Make MariaDB's own tables; returns False if they are there."""
    if controller.path(_DATA).exists():
        return False
    aside = f"{_DATA}.new"
    controller.run(["rm", "-rf", aside])
    controller.run(["chown", "mysql:mysql", "/var/lib/mysql"])
    controller.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            "--user=mysql",
            f"--datadir={aside}",
            "--auth-root-authentication-method=socket",
            "--skip-test-db",
            "--skip-name-resolve",
        ],
    )
    controller.path(aside).rename(controller.path(_DATA))
    return True


def fill(controller: Host, project: str, *, programs: str, password: str) -> None:
    """Make a project's databases anew and fill them; what an interrupted run left of them is dropped."""
    schema = SCHEMAS[project]
    statements = [f"CREATE USER IF NOT EXISTS '{project}'@'%' IDENTIFIED BY '{password}';"]
    for name in schema.databases:
        statements += [
            f"DROP DATABASE IF EXISTS {name};",
            f"CREATE DATABASE {name};",
            f"GRANT ALL ON {name}.* TO '{project}'@'%';",
        ]
    controller.run(["mariadb"], input="\n".join(statements))
    for command in schema.commands:
        controller.run([f"{programs}/{command[0]}", *command[1:]], timeout=300)


def bootstrap(controller: Host, doors: Doors, *, programs: str, password: str) -> None:
    """Make the admin user, its roles and the identity endpoints."""
    url = doors.url(5000, "/v3")
    controller.run(
        [
            f"{programs}/keystone-manage",
            "bootstrap",
            "--bootstrap-admin-url",
            url,
            "--bootstrap-internal-url",
            url,
            "--bootstrap-public-url",
            url,
            "--bootstrap-region-id",
            "RegionOne",
        ],
        env={"OS_BOOTSTRAP_PASSWORD": password},
        timeout=120,
    )


def pool(controller: Host, *, programs: str) -> None:
    """Tell Designate, by its own central service, which name server its zones are on."""
    controller.run([f"{programs}/designate-manage", "pool", "update"], timeout=120)


def rings(controller: Host, *, programs: str) -> bool:
    """Make Swift's rings, by which three of its devices have each thing; returns False if they are there."""
    if controller.path("/etc/swift/object.ring.gz").exists():
        return False
    for ring, port in (("account", 6202), ("container", 6201), ("object", 6200)):
        builder = f"/etc/swift/{ring}.builder"
        controller.run(["rm", "-f", builder])
        controller.run([f"{programs}/swift-ring-builder", builder, "create", "4", "3", "1"])
        names = (device.rpartition("/")[2] for device in DEVICES)
        added = (f"r1z{zone}-{controller.plan.mgmt}:{port}/{name}" for zone, name in enumerate(names, 1))
        weighed = [word for device in added for word in (device, "1")]
        controller.run([f"{programs}/swift-ring-builder", builder, "add", *weighed])
        controller.run([f"{programs}/swift-ring-builder", builder, "rebalance"])
    return True
