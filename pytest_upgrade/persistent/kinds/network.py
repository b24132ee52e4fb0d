"""Networks, routers, security groups and floating IPs."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Unusable
from pytest_upgrade.persistent.guest import Guest
from pytest_upgrade.persistent.kinds.fields import absent, changed
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import WaitTimeout, wait_for
from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept

#: For documentation (RFC 5737): nothing that a cloud is reached by.
_CIDR = "198.51.100.0/24"
#: A port that the group lets nobody reach until it is used.
_CLOSED = 8080
_SSH = 22


class Network:
    """A network with a subnet."""

    name = "network"
    service = "network"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Make both."""
        network = place.connection.network.create_network(name=name)
        place.connection.network.create_subnet(
            name=name, network_id=network.id, ip_version=4, cidr=spec.get("cidr", _CIDR)
        )
        return {"id": network.id, "record": self._record(place, network.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.network.get_network(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its record and its subnets'."""
        return changed(kept.state["record"], self._record(place, kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:
        """Make a port in it, which gets an address, and delete it."""
        api = place.connection.network
        port = api.create_port(name=place.name_of("port", kept.name), network_id=kept.state["id"])
        try:
            if not port.fixed_ips:
                raise Unusable(f"a new port of {kept} gets no address", hint="see the log of Neutron")
        finally:
            api.delete_port(port)
        return f"a port got {port.fixed_ips[0]['ip_address']}"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """With its subnet, which has the same name."""
        REMOVALS["network"](place.connection, name)

    def _record(self, place: Place, id: str) -> dict[str, Any]:
        api = place.connection.network
        found, subnets = api.get_network(id), list(api.subnets(network_id=id))
        return {
            "status": found.status, "admin_state": found.is_admin_state_up, "mtu": found.mtu,
            "subnets": sorted((one.id, one.cidr, one.gateway_ip, one.is_dhcp_enabled) for one in subnets).__repr__(),
        }  # fmt: skip


class Router:
    """A router of a network to the outside."""

    name = "router"
    service = "network"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Make it, with a gateway and a leg in the network."""
        api, network = place.connection.network, place.kept("network", spec["network"])
        router = api.create_router(name=name, external_gateway_info={"network_id": external(place).id})
        for subnet in api.subnets(network_id=network.id):
            api.add_interface_to_router(router, subnet_id=subnet.id)
        wait_for(lambda: api.get_router(router).status == "ACTIVE", timeout=60, what=f"router {name} to be ACTIVE")
        return {"id": router.id, "record": self._record(place, router.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.network.get_router(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its record, its addresses outside, its legs."""
        return changed(kept.state["record"], self._record(place, kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:
        """Give it a route and take it away again."""
        api = place.connection.network
        gateway = next(api.subnets(network_id=place.kept("network", kept.spec["network"]).id)).cidr
        hop = gateway.rpartition(".")[0] + ".9"
        api.update_router(kept.state["id"], routes=[{"destination": "203.0.113.0/24", "nexthop": hop}])
        routes = api.get_router(kept.state["id"]).routes
        api.update_router(kept.state["id"], routes=[])
        if len(routes) != 1:
            raise Unusable(f"{kept} did not take a route", hint="see the log of Neutron")
        return "took a route and gave it back"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """With its legs."""
        REMOVALS["router"](place.connection, name)

    def _record(self, place: Place, id: str) -> dict[str, Any]:
        api = place.connection.network
        found = api.get_router(id)
        outside = found.external_gateway_info or {}
        legs = sorted(ip["ip_address"] for port in api.ports(device_id=id) for ip in port.fixed_ips)
        return {
            "status": found.status, "admin_state": found.is_admin_state_up,
            "gateway": sorted(ip["ip_address"] for ip in outside.get("external_fixed_ips", ())),
            "snat": outside.get("enable_snat"), "legs": legs, "routes": found.routes,
        }  # fmt: skip


class SecurityGroup:
    """A security group that lets SSH and ping in, and nothing else."""

    name = "security_group"
    service = "network"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Make it with its two rules."""
        api = place.connection.network
        group = api.create_security_group(name=name)
        self._let_in(place, group.id, _SSH)
        api.create_security_group_rule(security_group_id=group.id, direction="ingress", protocol="icmp")
        return {"id": group.id, "rules": self._rules(place, group.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.network.get_security_group(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its rules, one by one."""
        was, now = set(kept.state["rules"]), set(self._rules(place, kept.state["id"]))
        yield from (f"the rule {rule!r} is gone" for rule in sorted(was - now))
        yield from (f"the rule {rule!r} was not there" for rule in sorted(now - was))

    def use(self, place: Place, kept: Kept) -> str:
        """See that it still filters: SSH comes in, another port only for as long as a rule lets it."""
        address = self._address(place, kept)
        if not _comes_through(address, _SSH):
            raise Unusable(f"{kept} lets no SSH in to {address}", hint="see the flows on the host of the server")
        if _comes_through(address, _CLOSED):
            raise Unusable(f"{kept} does not filter: port {_CLOSED} of {address} is reached", hint="see OVN's ACLs")
        rule = self._let_in(place, kept.state["id"], _CLOSED)
        try:
            wait_for(
                lambda: _comes_through(address, _CLOSED), timeout=60, every=1, what="a new rule to let something in"
            )
        except WaitTimeout as error:
            raise Unusable(f"{kept}: {error}", hint="see the log of Neutron and the flows on the host") from None
        finally:
            place.connection.network.delete_security_group_rule(rule)
        closed = "a rule that is gone to let nothing in"
        wait_for(lambda: not _comes_through(address, _CLOSED), timeout=60, every=1, what=closed)
        return "filters, and follows a rule that comes and goes"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """By its name."""
        REMOVALS["security group"](place.connection, name)

    def _address(self, place: Place, kept: Kept) -> str:
        """The floating IP of the server that the group is for, which has the same name."""
        floating = place.keeper.known("floating_ip", kept.name)
        if floating is None:
            raise StackproofError(f"{kept} has no server to filter for", hint="ask for a server of the same name")
        return str(floating.state["address"])

    def _let_in(self, place: Place, group: str, port: int) -> Any:
        return place.connection.network.create_security_group_rule(
            security_group_id=group, direction="ingress", protocol="tcp", port_range_min=port, port_range_max=port
        )

    def _rules(self, place: Place, id: str) -> list[str]:
        rules = place.connection.network.security_group_rules(security_group_id=id)
        return sorted(
            " ".join(map(str, filter(None, (
                rule.direction, rule.ether_type, rule.protocol, rule.port_range_min, rule.port_range_max,
                rule.remote_ip_prefix, rule.remote_group_id,
            ))))
            for rule in rules
        )  # fmt: skip


class FloatingIp:
    """A floating IP of a server."""

    name = "floating_ip"
    service = "network"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Make it for the port of the server."""
        api = place.connection.network
        port = next(api.ports(device_id=spec["server"]))
        made = api.create_ip(floating_network_id=external(place).id, port_id=port.id, description=name)
        state = {"id": made.id, "address": made.floating_ip_address}
        return {**state, "record": self._record(place, made.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.network.get_ip(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its addresses and its port."""
        return changed(kept.state["record"], self._record(place, kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:
        """Go through it into the guest."""
        server = place.keeper.known("server", kept.name)
        if server is None or not server.state:
            raise StackproofError(f"{kept} leads to no server", hint="ask for a server of the same name")
        Guest.of(place, kept.name, server.state).run(["true"])
        return f"{kept.state['address']} leads into the guest"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """By its description."""
        REMOVALS["floating ip"](place.connection, name)

    def _record(self, place: Place, id: str) -> dict[str, Any]:
        found = place.connection.network.get_ip(id)
        return {
            "address": found.floating_ip_address, "fixed_address": found.fixed_ip_address, "port": found.port_id,
            "router": found.router_id,
        }  # fmt: skip


def external(place: Place) -> Any:
    """The network outside."""
    found = next(iter(place.connection.network.networks(is_router_external=True)), None)
    if found is None:
        raise StackproofError("the cloud has no external network", hint="see `openstack network list --external`")
    return found


def _comes_through(address: str, port: int) -> bool:
    """True if a packet gets to the guest and back: one that refuses has been reached, too."""
    try:
        socket.create_connection((address, port), timeout=3).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True
