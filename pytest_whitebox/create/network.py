"""Making what Neutron has: networks, subnets, routers, ports, security groups and floating IPs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.create.maker import Maker

#: A network for documentation (RFC 5737): nothing that a cloud is reached by.
_CIDR = "198.51.100.0/24"


def network(create: Maker, *, cidr: str | None = None, **attributes: Any) -> Any:
    """A network, with a subnet if ``cidr`` is given."""
    made = create.connection.network.create_network(name=create.noted("network"), **attributes)
    if cidr:
        subnet(create, made, cidr=cidr)
    return made


def subnet(create: Maker, network: Any, *, cidr: str = _CIDR, **attributes: Any) -> Any:
    """A subnet of a network."""
    name = create.noted("subnet")
    described = {"ip_version": 6 if ":" in cidr else 4, **attributes}
    return create.connection.network.create_subnet(name=name, network_id=network.id, cidr=cidr, **described)


def router(create: Maker, *, subnets: Sequence[Any] = (), external: bool = False, **attributes: Any) -> Any:
    """A router between subnets, with a gateway to the cloud's external network if ``external``."""
    api = create.connection.network
    gateway = {"external_gateway_info": {"network_id": _external(create).id}} if external else {}
    made = api.create_router(name=create.noted("router"), **gateway, **attributes)
    for one in subnets:
        api.add_interface_to_router(made, subnet_id=one.id)
    return made


def port(create: Maker, network: Any, **attributes: Any) -> Any:
    """A port of a network."""
    name = create.noted("port")
    return create.connection.network.create_port(name=name, network_id=network.id, **attributes)


def security_group(create: Maker, *rules: Mapping[str, Any]) -> Any:
    """A security group with rules as openstacksdk has them; those that say no direction let something in."""
    api = create.connection.network
    made = api.create_security_group(name=create.noted("security group"))
    for rule in rules:
        api.create_security_group_rule(security_group_id=made.id, **{"direction": "ingress", **rule})
    return api.get_security_group(made.id)


def floating_ip(create: Maker, port: Any = None, **attributes: Any) -> Any:
    """A floating IP of the cloud's external network, for a port if one is given."""
    to = {} if port is None else {"port_id": port.id}
    described = {"description": create.noted("floating ip"), **to, **attributes}
    return create.connection.network.create_ip(floating_network_id=_external(create).id, **described)


def _external(create: Maker) -> Any:
    found = next(iter(create.connection.network.networks(is_router_external=True)), None)
    if found is None:
        raise StackproofError("the cloud has no external network", hint="see `openstack network list --external`")
    return found
