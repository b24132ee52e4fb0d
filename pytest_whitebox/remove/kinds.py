"""What can be removed by its name, in one table, and what some kinds must be freed of first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pytest_whitebox.remove.removal import Removal, Undo

_ATTACHMENTS = "3.27"  # the microversion of Cinder that has them
_PROMISED = ("reserved", "attaching")
_INTERFACE = "network:router_interface"
_BY_NAME = {"name": "{name}"}
#: A top level of domain names that no name server outside knows.
_DOMAIN = ".stackproof.test."


def domain(name: str) -> str:
    """The domain that a zone of this name is for.

    >>> domain("sp-zone1")
    'sp-zone1.stackproof.test.'
    """
    return f"{name}{_DOMAIN}"


def _empty_aggregate(connection: Any, found: Any) -> None:
    """Nova counts a server that is gone for a moment longer, and lets no host leave its zone as long as it does."""
    for host in connection.compute.get_aggregate(found).hosts or ():
        connection.compute.remove_host_from_aggregate(found, host)


def _leave_subnets(connection: Any, router: Any) -> None:
    for port in connection.network.ports(device_id=router.id):
        if str(port.device_owner).startswith(_INTERFACE):
            connection.network.remove_interface_from_router(router, port_id=port.id)


def _let_go_of_volume(connection: Any, volume: Any) -> None:
    """End what servers that are gone have of a volume: Nova forgets it of one that is deleted before it had a host."""
    if volume.status not in _PROMISED:
        return
    storage = connection.block_storage
    asked = {"params": {"volume_id": volume.id}, "microversion": _ATTACHMENTS}
    for attachment in storage.get("/attachments", **asked).json()["attachments"]:
        if not _exists(connection, attachment["instance"]):
            storage.delete(f"/attachments/{attachment['id']}", microversion=_ATTACHMENTS)


def _exists(connection: Any, server: str) -> bool:
    from openstack.exceptions import NotFoundException

    try:
        return bool(connection.compute.get_server(server))
    except NotFoundException:
        return False


def _container(connection: Any, name: str) -> None:
    """Delete a container and its objects; by its name alone, for the list of an account may come later."""
    from openstack.exceptions import NotFoundException

    store = connection.object_store
    try:
        for found in store.objects(name):
            store.delete_object(found, ignore_missing=True, container=name)
    except NotFoundException:
        return
    store.delete_container(name, ignore_missing=True)


def _disable(connection: Any, domain: Any) -> None:
    """Keystone deletes no domain that is in use."""
    connection.identity.update_domain(domain, is_enabled=False)


#: Of a volume type goes its encryption, too, of a stack all that it made, of a domain all that is in it.
_FOUND = (
    Removal("aggregate", "compute", "aggregates", "delete_aggregate", before=_empty_aggregate),
    Removal("flavor", "compute", "flavors", "delete_flavor", {"is_public": "None"}),
    Removal("keypair", "compute", "keypairs", "delete_keypair"),
    Removal("server", "compute", "servers", "delete_server", {"name": "^{name}$"}),
    Removal("server group", "compute", "server_groups", "delete_server_group"),
    Removal("volume snapshot", "block_storage", "snapshots", "delete_snapshot", _BY_NAME),
    Removal("volume", "block_storage", "volumes", "delete_volume", _BY_NAME, before=_let_go_of_volume),
    Removal("volume type", "block_storage", "types", "delete_type"),
    Removal("floating ip", "network", "ips", "delete_ip", named=lambda found: found.description),
    Removal("network", "network", "networks", "delete_network", _BY_NAME),
    Removal("port", "network", "ports", "delete_port", _BY_NAME),
    Removal("router", "network", "routers", "delete_router", _BY_NAME, before=_leave_subnets),
    Removal("security group", "network", "security_groups", "delete_security_group", _BY_NAME),
    Removal("subnet", "network", "subnets", "delete_subnet", _BY_NAME),
    Removal("image", "image", "images", "delete_image", _BY_NAME),
    Removal("domain", "identity", "domains", "delete_domain", _BY_NAME, before=_disable),
    Removal("project", "identity", "projects", "delete_project", _BY_NAME),
    Removal("role", "identity", "roles", "delete_role", _BY_NAME),
    Removal("user", "identity", "users", "delete_user", _BY_NAME),
    Removal("secret", "key_manager", "secrets", "delete_secret", _BY_NAME, id=lambda found: found.secret_id),
    Removal(
        "zone", "dns", "zones", "delete_zone", {"name": domain("{name}")},
        named=lambda found: str(found.name).removesuffix(_DOMAIN),
    ),
    Removal("stack", "orchestration", "stacks", "delete_stack", _BY_NAME),
)  # fmt: skip
#: What removes all of a kind that has a name, and waits until it is gone.
REMOVALS: Mapping[str, Undo] = MappingProxyType({**{one.kind: one for one in _FOUND}, "container": _container})
