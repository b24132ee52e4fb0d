"""What Neutron has of networks and what is plugged into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.errors import ApiError
from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Row
from pytest_cleanup.kinds.neutron import NETWORK, PART_OF, USES, below, neutron, restoring
from pytest_cleanup.resource import Reference, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_INTERFACES = (
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
)
_GATEWAY = "external_gateway_info"
#: What a port is part of, by the beginning of its owner's name.
_OWNERS = {
    "compute:": "server",
    "baremetal:": "server",
    "network:floatingip": "floatingip",
    "network:router": "router",
    "Octavia": "loadbalancer",
}


def _port(row: Row) -> Iterator[Reference]:
    owner, device = row.get("device_owner") or "", row.get("device_id")
    addresses = [one["subnet_id"] for one in row.get("fixed_ips", ())]
    own = not owner.startswith("network:") or owner in _INTERFACES
    if own:
        yield Reference(USES, "network", row["network_id"])
        yield from (Reference(USES, "subnet", id) for id in addresses)
        yield from (Reference(USES, "security_group", id) for id in row.get("security_groups", ()))
    if not device:
        return
    if owner in _INTERFACES:
        yield Reference(USES, "router", device)
    elif kind := next((kind for start, kind in _OWNERS.items() if owner.startswith(start)), None):
        yield Reference(PART_OF, kind, device.removeprefix("lb-"))
    elif owner.startswith("network:"):
        yield Reference(PART_OF, "network", row["network_id"])


def _port_attributes(row: Row) -> Mapping[str, Any]:
    """What users set; what the owner of a port has set is its owner's."""
    if str(row.get("device_owner") or "").startswith("network:"):
        return {}
    names = ("name", "description", "admin_state_up", "allowed_address_pairs", "port_security_enabled", "qos_policy_id")
    told = {name: row[name] for name in (*names, "dns_name", "extra_dhcp_opts") if name in row}
    return told | {name: sorted(row[name]) for name in ("security_groups", "tags") if name in row}


def _delete_port(view: View, port: Resource) -> None:
    """Take the port off its router, if it is an interface of one; Neutron lets no one delete it otherwise."""
    router = _router_of(port)
    if not router:
        view.delete(NETWORK, f"/ports/{port.id}")
        return
    try:
        view.put(NETWORK, f"/routers/{router}/remove_router_interface", {"port_id": port.id})
    except ApiError as error:
        if not error.absent:
            raise


def _router_of(port: Resource) -> str:
    """The router that a port is an interface of, if it is one."""
    return next((ref.id for ref in port.refs if ref.kind == "router" and ref.relation is USES), "")


def _clear_routes(view: View, port: Resource) -> None:
    view.put(NETWORK, f"/routers/{_router_of(port)}", {"router": {"routes": []}})


def _unbind(view: View, port: Resource) -> None:
    view.put(NETWORK, f"/ports/{port.id}", {"port": {"device_id": "", "device_owner": ""}})


def _router(row: Row) -> Mapping[str, Any]:
    gateway = row.get("external_gateway_info") or {}
    told = {name: gateway[name] for name in ("network_id", "enable_snat", "external_fixed_ips") if name in gateway}
    return {"external_gateway_info": told, "routes": sorted(row.get("routes", ()), key=str)}


def _clear_router(view: View, router: Resource) -> None:
    view.put(NETWORK, f"/routers/{router.id}", {"router": {"routes": [], "external_gateway_info": {}}})


def _forwardings(view: View) -> list[Row]:
    rows = view.rows(NETWORK, "/floatingips", "floatingips")
    return [
        {**one, "id": f"{row['id']}/{one['id']}", "floatingip": row["id"], "project_id": row["project_id"]}
        for row in rows
        for one in view.rows(NETWORK, f"/floatingips/{row['id']}/port_forwardings", "port_forwardings")
        if not row.get("port_id")
    ]


def _restore_trunk(view: View, trunk: Resource, changed: Mapping[str, Any]) -> None:
    plain = {name: value for name, value in changed.items() if name not in ("sub_ports", "tags")}
    if plain:
        view.put(NETWORK, f"/trunks/{trunk.id}", {"trunk": plain})
    if "tags" in changed:
        view.put(NETWORK, f"/trunks/{trunk.id}/tags", {"tags": changed["tags"]})
    if "sub_ports" in changed:
        was, now = changed["sub_ports"], trunk.attributes["sub_ports"]
        for verb, gone in (("remove_subports", [one for one in now if one not in was]),
                           ("add_subports", [one for one in was if one not in now])):  # fmt: skip
            asked = gone if verb == "add_subports" else [{"port_id": one["port_id"]} for one in gone]
            if asked:
                view.put(NETWORK, f"/trunks/{trunk.id}/{verb}", {"sub_ports": asked})


KINDS: tuple[Kind, ...] = (
    neutron(
        "network",
        fields="name description admin_state_up shared router:external mtu port_security_enabled qos_policy_id "
        "dns_domain is_default tags",
        uses={"qos_policy": "qos_policy_id", "address_scope": "ipv4_address_scope"},
    ),
    neutron(
        "subnet",
        fields="name description enable_dhcp gateway_ip dns_nameservers host_routes allocation_pools service_types "
        "tags", part_of={"network": "network_id"}, uses={"subnetpool": "subnetpool_id", "segment": "segment_id"},
    ),
    neutron(
        "port", edges=_port, attributes=_port_attributes, restoration=restoring("/ports", "port"),
        uses={"qos_policy": "qos_policy_id"}, deletion=_delete_port,
        ladder=(
            Step("clear the routes of its router", _clear_routes, lambda port: bool(_router_of(port))),
            Step("take it off its device", _unbind, lambda port: not _router_of(port)),
        ),
    ),
    neutron(
        "router", fields="name description admin_state_up ha distributed tags", attributes=_router,
        uses={"network": f"{_GATEWAY}.network_id", "subnet": f"{_GATEWAY}.external_fixed_ips.subnet_id"},
        restoration=restoring("/routers", "router"), ladder=(Step("clear its routes and its gateway", _clear_router),),
    ),
    neutron(
        "floatingip", fields="description port_id qos_policy_id tags", label="floating_ip_address",
        uses={
            "router": "router_id", "port": "port_id", "network": "floating_network_id", "qos_policy": "qos_policy_id",
        },
    ),
    neutron(
        "port_forwarding", rows=_forwardings, part_of={"floatingip": "floatingip"}, uses={"port": "internal_port_id"},
        deletion=below("floatingips", "port_forwardings"), label="", extension="floating-ip-port-forwarding",
    ),
    neutron("address_scope", fields="name shared", extension="address-scope"),
    neutron(
        "subnetpool", fields="name description default_prefixlen min_prefixlen max_prefixlen is_default prefixes tags",
        uses={"address_scope": "address_scope_id"}, extension="subnet_allocation",
    ),
    neutron(
        "trunk", fields="name description admin_state_up sub_ports tags", extension="trunk", lingers=True,
        uses={"port": ("port_id", "sub_ports.port_id")}, restoration=_restore_trunk,
    ),
    neutron("segment", fields="name description", part_of={"network": "network_id"}, extension="segment"),
    neutron("local_ip", "/local_ips", uses={"port": "local_port_id", "network": "network_id"}, extension="local_ip"),
    neutron("ndp_proxy", "/ndp_proxies", uses={"router": "router_id", "port": "port_id"}, extension="l3-ndp-proxy"),
    neutron(
        "network_agent", "/agents", body="agent", fields="admin_state_up description", label="host", leaks=False,
        created="", extension="agent",
    ),
)  # fmt: skip
