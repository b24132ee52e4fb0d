"""A database that takes no writes, or no more connections."""

from __future__ import annotations

from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes
from devcloud.services import runit

_READ_ONLY = "SET GLOBAL read_only = ON;"
_WRITABLE = "SET GLOBAL read_only = OFF;"
#: MariaDB has no smaller number.
_FEW = "SET GLOBAL max_connections = 10;"
_MAX = "SELECT @@GLOBAL.max_connections;"
#: Number of MySQL's error: too many connections.
_TOO_MANY = 1040


def _read_only(site: Site, _: Notes) -> None:
    site.controller.run(["mariadb"], input=_READ_ONLY)


def _writable(site: Site, notes: Notes) -> None:
    site.controller.run(["mariadb"], input=_WRITABLE)
    if project := site.admin.identity.find_project(notes.target):
        site.admin.identity.delete_project(project)


def _refuses_writes(site: Site, notes: Notes) -> str:
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import HttpException

    try:
        made = site.admin.identity.create_project(name=notes.target, domain_id="default")
    except HttpException as error:
        return f"`openstack project create` answers {error.status_code}, `openstack project list` works"
    except ClientException:
        return ""
    site.admin.identity.delete_project(made)
    return ""


def _few_connections(site: Site, notes: Notes) -> None:
    notes.put("max_connections", site.controller.run(["mariadb", "-NB"], input=_MAX).stdout.strip())
    site.controller.run(["mariadb"], input=_FEW)


def _connections_as_before(site: Site, notes: Notes) -> None:
    """Say it to MariaDB; where even root is one too many, only a restart helps."""
    if before := notes.get("max_connections"):
        said = site.controller.run(["mariadb"], input=f"SET GLOBAL max_connections = {int(before)};", check=False)
        if not said.ok:
            runit.restart(site.controller, "mariadb")


def _refuses_connections(site: Site, _: Notes) -> str:
    import pymysql

    try:
        site.sql("nova", "SELECT 1")
    except pymysql.MySQLError as error:
        return f"a new connection is told: {error.args[1]}" if error.args[0] == _TOO_MANY else ""
    return ""


FAULTS: tuple[Fault, ...] = (
    Fault(
        "database-read-only",
        "MariaDB takes no writes (read_only = ON)",
        "what only reads works, what writes answers 500 or 502; after a minute"
        " the services that report to their database count as down",
        _read_only,
        _writable,
        _refuses_writes,
        "`SET GLOBAL read_only = OFF`",
        names=("mariadb on {controller}",),
        suffers=("*",),
    ),
    Fault(
        "database-connections",
        "MariaDB takes 10 connections, fewer than the services hold already",
        'who has a connection works on, who needs a new one gets "Too many connections", an API then 500',
        _few_connections,
        _connections_as_before,
        _refuses_connections,
        "`max_connections` is what it was; where not even root gets in, MariaDB is restarted",
        names=("mariadb on {controller}",),
        suffers=("*",),
    ),
)
