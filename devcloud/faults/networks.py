"""Ports and routers that Neutron and OVN see differently."""

from __future__ import annotations

import uuid

from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Notes
from pytest_whitebox.core.command import Result

_DEAD_HOST = "gone"


def _make_port(site: Site, notes: Notes, **attributes: object) -> str:
    network = site.admin.network.find_network("shared", ignore_missing=False)
    return str(site.admin.network.create_port(network_id=network.id, name=notes.target, **attributes).id)


def _remove_port(site: Site, notes: Notes) -> None:
    for port in list(site.admin.network.ports(name=notes.target)):
        site.admin.network.delete_port(port, ignore_missing=True)


def _port_of(site: Site, notes: Notes) -> str:
    return str(site.admin.network.find_port(notes.target, ignore_missing=False).id)


def _bind_to_dead_host(site: Site, notes: Notes) -> None:
    owner = {"device_owner": "compute:nova", "device_id": str(uuid.uuid4())}
    _make_port(site, notes, binding_host_id=_DEAD_HOST, **owner)


def _is_unbound(site: Site, notes: Notes) -> str:
    port = site.admin.network.get_port(_port_of(site, notes))
    failed = port.binding_host_id == _DEAD_HOST and port.binding_vif_type == "binding_failed"
    return f"`openstack port show`: host {_DEAD_HOST}, vif type binding_failed, status {port.status}" if failed else ""


def _lose_port(site: Site, notes: Notes) -> None:
    _nbctl(site, "lsp-del", _make_port(site, notes))


def _is_lost(site: Site, notes: Notes) -> str:
    port = _port_of(site, notes)
    lost = port not in _nbctl(site, "--bare", "--columns=name", "list", "Logical_Switch_Port").stdout.split()
    return f"Neutron has port {port}, OVN has no switch port of that name" if lost else ""


def _lose_gateway(site: Site, notes: Notes) -> None:
    """A router of the fault's own, whose gateway port is then taken from every chassis."""
    network = site.admin.network
    public = network.find_network("public", ignore_missing=False)
    network.create_router(name=notes.target, external_gateway_info={"network_id": public.id})
    port = _gateway_port(site, notes)
    for line in _nbctl(site, "lrp-get-gateway-chassis", port).stdout.splitlines():
        _nbctl(site, "lrp-del-gateway-chassis", port, line.split()[0].removeprefix(f"{port}_"))


def _remove_router(site: Site, notes: Notes) -> None:
    if router := site.admin.network.find_router(notes.target):
        site.admin.network.delete_router(router, ignore_missing=True)


def _has_no_gateway(site: Site, notes: Notes) -> str:
    port = _gateway_port(site, notes)
    lost = not _nbctl(site, "lrp-get-gateway-chassis", port).stdout.strip()
    return f"`ovn-nbctl lrp-get-gateway-chassis {port}` is empty" if lost else ""


def _gateway_port(site: Site, notes: Notes) -> str:
    """The router's port in OVN that leads outside."""
    router = site.admin.network.find_router(notes.target, ignore_missing=False)
    ports = site.admin.network.ports(device_id=router.id, device_owner="network:router_gateway")
    return f"lrp-{next(iter(ports)).id}"


def _nbctl(site: Site, *words: str) -> Result:
    return site.controller.run(["ovn-nbctl", "--timeout=20", *words])


FAULTS: tuple[Fault, ...] = (
    Fault(
        "port-on-dead-host",
        "a port is bound to a host that there is not",
        f"`openstack port show` has host {_DEAD_HOST}, vif type binding_failed, status DOWN",
        _bind_to_dead_host,
        _remove_port,
        _is_unbound,
        "the port is deleted",
        lasts=True,
    ),
    Fault(
        "port-not-in-ovn",
        "a port of Neutron's is deleted in OVN's northbound database",
        "`openstack port list` has it, `ovn-nbctl list Logical_Switch_Port` does not; a guest that had it would have"
        " no network; `neutron-ovn-db-sync-util` names it",
        _lose_port,
        _remove_port,
        _is_lost,
        "the port is deleted",
        lasts=True,
    ),
    Fault(
        "router-without-gateway",
        "the gateway port of a router is taken from every chassis",
        "`openstack router show` is as always, its external address answers nobody;"
        " `ovn-nbctl lrp-get-gateway-chassis` is empty",
        _lose_gateway,
        _remove_router,
        _has_no_gateway,
        "the router is deleted",
        lasts=True,
    ),
)
