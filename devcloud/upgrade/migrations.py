"""What each project does to its databases when it is upgraded, and whether its code is ready for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Commands: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Migrations:
    """The commands of one project, all of them programs of the new release.

    ``check`` says whether the upgrade may begin (1 is a warning). ``expand`` can be done while the old release
    works, ``contract`` once nothing of it does; ``online`` carries rows over while the new release works. ``pinned``:
    its daemons speak the old release's remote calls as long as they have not begun anew among new ones alone.
    """

    check: tuple[str, ...] = ()
    expand: Commands = ()
    contract: Commands = ()
    online: Commands = ()
    pinned: bool = False


_NEUTRON = ("--config-file", "/etc/neutron/neutron.conf", "--config-file", "/etc/neutron/ml2_conf.ini")

MIGRATIONS: Mapping[str, Migrations] = {
    "keystone": Migrations(
        ("keystone-status", "upgrade", "check"),
        expand=(("keystone-manage", "db_sync", "--expand"), ("keystone-manage", "db_sync", "--migrate")),
        contract=(("keystone-manage", "db_sync", "--contract"),),
    ),
    "placement": Migrations(
        ("placement-status", "upgrade", "check"),
        expand=(("placement-manage", "db", "sync"),),
        online=(("placement-manage", "db", "online_data_migrations"),),
    ),
    "glance": Migrations(
        ("glance-status", "upgrade", "check"),
        expand=(("glance-manage", "db", "expand"), ("glance-manage", "db", "migrate")),
        contract=(("glance-manage", "db", "contract"),),
    ),
    "neutron": Migrations(
        ("neutron-status", *_NEUTRON, "upgrade", "check"),
        expand=(("neutron-db-manage", *_NEUTRON, "upgrade", "--expand"),),
        contract=(("neutron-db-manage", *_NEUTRON, "upgrade", "--contract"),),
    ),
    "nova": Migrations(
        ("nova-status", "upgrade", "check"),
        expand=(("nova-manage", "api_db", "sync"), ("nova-manage", "db", "sync")),
        online=(("nova-manage", "db", "online_data_migrations"),),
        pinned=True,
    ),
    "cinder": Migrations(
        ("cinder-status", "upgrade", "check"),
        expand=(("cinder-manage", "db", "sync"),),
        online=(("cinder-manage", "db", "online_data_migrations"),),
        pinned=True,
    ),
    "swift": Migrations(),
    "barbican": Migrations(("barbican-status", "upgrade", "check"), expand=(("barbican-manage", "db", "upgrade"),)),
    "heat": Migrations(("heat-status", "upgrade", "check"), expand=(("heat-manage", "db_sync"),)),
    "designate": Migrations(
        ("designate-status", "upgrade", "check"), expand=(("designate-manage", "database", "sync"),)
    ),
}
