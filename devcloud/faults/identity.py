"""Services that cannot log in, and tokens that are not valid any more."""

from __future__ import annotations

import secrets
import socket
from functools import partial

from devcloud.faults import look
from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes

_KEYS = "/etc/keystone/fernet-keys"
_MEMCACHED = 11211


def _change_password(site: Site, _: Notes) -> None:
    _set_password(site, secrets.token_urlsafe(18))


def _own_password(site: Site, _: Notes) -> None:
    _set_password(site, site.cloud.state.secrets()["service"])


def _set_password(site: Site, password: str) -> None:
    user = site.admin.identity.find_user("glance", ignore_missing=False)
    site.admin.identity.update_user(user, password=password)


def _no_token_is_taken(site: Site, _: Notes) -> str:
    # Glance knows for minutes what it was told of a token: a new one must be asked for.
    site.admin.session.invalidate()
    code = site.admin.image.get("/images", raise_exc=False).status_code
    return f"`openstack image list` is answered with {code}, although its token is new" if code >= 400 else ""


def _lose_keys(site: Site, notes: Notes) -> None:
    """Give Keystone other keys than those that its tokens were made with."""
    notes.put("token", site.admin.auth_token)
    host = site.controller
    host.run(["mv", "-T", _KEYS, f"{_KEYS}.devcloud-fault"])
    host.run([f"{site.cloud.programs('keystone')}/keystone-manage", "fernet_setup", *_OWNER], timeout=60)
    _forget_cached(site)


_OWNER = ("--keystone-user", "root", "--keystone-group", "root")


def _find_keys(site: Site, _: Notes) -> None:
    host = site.controller
    if host.path(f"{_KEYS}.devcloud-fault").exists():
        host.run(["rm", "-rf", _KEYS])
        host.run(["mv", "-T", f"{_KEYS}.devcloud-fault", _KEYS])
        _forget_cached(site)


def _forget_cached(site: Site) -> None:
    """What is cached of tokens would hide for minutes that they are not valid."""
    with socket.create_connection((site.address, _MEMCACHED), timeout=10) as connection:
        connection.sendall(b"flush_all\r\n")
        connection.recv(16)


def _old_token_is_refused(site: Site, notes: Notes) -> str:
    url = site.door("keystone", "/v3/auth/projects")
    headers = {"X-Auth-Token": notes.get("token")}
    said = site.admin.session.get(url, authenticated=False, headers=headers, raise_exc=False)
    return f"a token that was good is answered with {said.status_code}" if said.status_code == 401 else ""


def _hide_cell(site: Site, notes: Notes) -> None:
    """Have Nova's API look for its cell's database with a password that is not the right one."""
    rows = site.sql("nova_api", "SELECT database_connection FROM cell_mappings WHERE name = 'cell1'")
    right = str(rows[0][0])
    notes.put("connection", right)
    _map_cell(site, right.replace(site.cloud.state.secrets()["database"], "wrong"))


def _find_cell(site: Site, notes: Notes) -> None:
    if right := notes.get("connection"):
        _map_cell(site, right)


def _map_cell(site: Site, connection: str) -> None:
    """Change the mapping; who has read it keeps it until it starts anew."""
    site.sql("nova_api", "UPDATE cell_mappings SET database_connection = %s WHERE name = 'cell1'", (connection,))
    site.restart("nova-api", "nova-scheduler", "nova-conductor")


FAULTS: tuple[Fault, ...] = (
    Fault(
        "password-wrong",
        "Keystone has another password for the user glance than Glance's configuration",
        "whoever asks Glance with a new token gets 401; its /healthcheck answers 200 as before;"
        " `devcloud logs glance-api` says that Identity rejects it",
        _change_password,
        _own_password,
        _no_token_is_taken,
        "Keystone gets the password of the configuration",
        names=("glance-api on {controller}",),
        lasts=True,
    ),
    Fault(
        "tokens-lost",
        "Keystone's keys are replaced by new ones",
        "whoever holds a token must log in again: a token that was good is answered with 401; new tokens are good",
        _lose_keys,
        _find_keys,
        _old_token_is_refused,
        "the old keys come back; tokens made since are lost",
        lasts=True,
    ),
    Fault(
        "cell-unreachable",
        "the mapping of cell1 has a wrong database password",
        "`openstack compute service list` does not have the services of the cell, `openstack server list` has its"
        " servers as UNKNOWN; the daemons of the cell go on",
        _hide_cell,
        _find_cell,
        partial(look.lists_no, "nova-compute"),
        "the mapping gets the right password; nova-api, nova-scheduler and nova-conductor are restarted",
        lasts=True,
    ),
)
