"""The fabric: bridges in a namespace of their own, and the cables from it to the hosts and to the machine."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from ipaddress import IPv4Network

from devcloud.hosts.host import Host
from devcloud.hosts.namespace import Holder, find, start
from devcloud.state import State
from devcloud.topology import BRIDGES, SUBNETS, HostPlan, Topology
from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import WaitTimeout, wait_for

NAME = "fabric"
#: Interface of a host on each bridge.
INTERFACES = {"mgmt": "eth0", "tunnel": "eth1", "external": "eth2"}


def holder(state: State) -> Holder | None:
    """The process that holds the fabric's namespace, if the fabric is up."""
    return find(NAME, state.token(NAME))


def up(state: State, topology: Topology) -> Holder:
    """Bring up the bridges and the machine's two interfaces; does only what is missing."""
    fabric = holder(state) or start(
        NAME, state.token(NAME), ["sleep", "infinity"], env={}, log=state.path / "fabric.log", mount=False
    )
    present = _links(fabric)
    for bridge, mtu in BRIDGES.items():
        if bridge not in present:
            _ip(fabric, "link", "add", bridge, "mtu", str(mtu), "type", "bridge", "forward_delay", "0")
        _ip(fabric, "link", "set", bridge, "up")
    _plug_machine(fabric, topology, "mgmt", f"{topology.mgmt[1]}/24")
    _plug_machine(fabric, topology, "external", f"{topology.external[1]}/24")
    return fabric


def plug(fabric: Holder, host: Host, plan: HostPlan) -> None:
    """Lay the cables of one host; the management address is the kernel's, the tunnel's belongs to Open vSwitch."""
    inside = _links(host.holder)
    for bridge, interface in INTERFACES.items():
        if interface not in inside:
            _without(fabric, _cable(plan, bridge))
            _lay(fabric, _cable(plan, bridge), host.holder.pid, interface, bridge)
        _ip(fabric, "link", "set", _cable(plan, bridge), "up")
        _ip(host.holder, "link", "set", interface, "mtu", str(BRIDGES[bridge]), "up")
    _ip(host.holder, "link", "set", "lo", "up")
    _ip(host.holder, "address", "replace", f"{plan.mgmt}/24", "dev", INTERFACES["mgmt"])


def unplug(fabric: Holder, plan: HostPlan, bridge: str) -> None:
    """Take one cable of a host out of its bridge; `plug` puts it in again."""
    _ip(fabric, "link", "set", _cable(plan, bridge), "down")


def is_unplugged(host: Host, bridge: str) -> bool:
    """Whether the host's interface sees nothing at the other end of its cable."""
    try:
        return host.path(f"/sys/class/net/{INTERFACES[bridge]}/carrier").read_text().strip() == "0"
    except OSError:
        return True


def down(fabric: Holder, topology: Topology) -> None:
    """Take the fabric away, and wait until the machine's own interfaces have followed it."""
    present = _links(fabric)
    fabric.kill()
    for bridge in (bridge for bridge in BRIDGES if f"root-{bridge[0]}" in present):
        interface = topology.on_machine(bridge)
        wait_for(
            lambda name=interface: not run(["ip", "link", "show", name], check=False).ok,  # type: ignore[misc]
            timeout=10,
            every=0.05,
            what=f"interface {interface} to go",
            hint=f"remove it with `ip link del {interface}`",
        )


def free_subnet() -> int:
    """The first pair of networks that nothing on this machine uses, so that several clouds stand side by side."""
    for subnet in SUBNETS:
        if not any(_routes(Topology(subnet))):
            return subnet
    raise StackproofError(
        f"all of the networks 10.213.{SUBNETS[0]}.0 to 10.213.{SUBNETS[-1] + 1}.0 are taken on this machine",
        hint="`devcloud down` a cloud that is not needed, or see `ip route`",
    )


def conflict(state: State, topology: Topology) -> str | None:
    """What on this machine, besides the cloud itself, uses the cloud's networks, or None."""
    fabric = holder(state)
    return _conflict(topology, _laid(fabric, topology) if fabric else set())


def _conflict(topology: Topology, laid: Container[str]) -> str | None:
    known = {topology.on_machine(bridge) for bridge in BRIDGES}
    for net, device in _routes(topology):
        if device not in laid and not (device in known and _goes(device)):
            return f"{net} is routed by {device}{' of another cloud' if device in known else ''}"
    return None


def _laid(fabric: Holder, topology: Topology) -> set[str]:
    """The machine's interfaces that are the other ends of the fabric's cables."""
    present = _links(fabric)
    return {topology.on_machine(bridge) for bridge in BRIDGES if f"root-{bridge[0]}" in present}


def _goes(interface: str) -> bool:
    """True if the interface is the remains of a power cut, which the kernel removes in a moment."""
    try:
        wait_for(lambda: not run(["ip", "link", "show", interface], check=False).ok, timeout=5, every=0.05, what="")
    except WaitTimeout:
        return False
    return True


def _routes(topology: Topology) -> Iterator[tuple[str, str]]:
    """The machine's routes into the cloud's networks, each with its device."""
    for line in run(["ip", "-4", "-o", "route", "show", "table", "all"]).stdout.splitlines():
        words = line.split()
        if words[0][0].isdigit():
            net = IPv4Network(words[0], strict=False)
            if net.overlaps(topology.mgmt) or net.overlaps(topology.external):
                yield words[0], words[words.index("dev") + 1] if "dev" in words else "a rule of its own"


def _plug_machine(fabric: Holder, topology: Topology, bridge: str, address: str) -> None:
    interface, laid = topology.on_machine(bridge), _laid(fabric, topology)
    if interface in laid:
        return
    if found := _conflict(topology, laid):
        raise StackproofError(
            f"the cloud's networks are taken on this machine: {found}", hint="stop what uses them, or use a new --state"
        )
    _lay(fabric, f"root-{bridge[0]}", None, interface, bridge)
    run(["ip", "address", "add", address, "dev", interface])
    run(["ip", "link", "set", interface, "mtu", str(BRIDGES[bridge]), "up"])
    if bridge == "external":
        # Userspace Open vSwitch passes frames on as they come: the machine must fill in its checksums itself.
        run(["ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off"])


def _cable(plan: HostPlan, bridge: str) -> str:
    """The end of a host's cable at the bridge."""
    return f"{plan.name}-{bridge[0]}"


def _without(space: Holder, interface: str) -> None:
    """Wait until the kernel has taken away the cable of a host whose power was cut."""
    wait_for(lambda: interface not in _links(space), timeout=10, every=0.05, what=f"a former cable {interface} to go")


def _lay(fabric: Holder, here: str, pid: int | None, there: str, bridge: str) -> None:
    """A cable from the bridge to interface ``there`` of the process's namespace (None: this machine's)."""
    target = str(pid or os.getpid())
    _ip(
        fabric, "link", "add", here, "mtu", str(BRIDGES[bridge]), "type", "veth", "peer", "name", there, "netns", target
    )
    _ip(fabric, "link", "set", here, "master", bridge, "up")


def _links(space: Holder) -> set[str]:
    listed = space.run(["ip", "-o", "link"], only_network=True).stdout
    return {line.split(": ")[1].split("@")[0] for line in listed.splitlines()}


def _ip(space: Holder, *words: str) -> None:
    space.run(["ip", *words], only_network=True)
