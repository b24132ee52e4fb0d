"""Open vSwitch and OVN: their database files and the switches of each host, all in userspace."""

from __future__ import annotations

from devcloud.hosts.fabric import INTERFACES
from devcloud.hosts.host import Host
from devcloud.topology import BRIDGES, CONTROLLER, Topology
from pytest_whitebox.core.wait import wait_for

_SWITCH_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


def create_files(host: Host) -> bool:
    """Make the database files that are missing; returns False if none was."""
    wanted = {"/etc/openvswitch/conf.db": _SWITCH_SCHEMA}
    if host.plan.role == CONTROLLER:
        wanted |= {f"/var/lib/ovn/{name}.db": f"/usr/share/ovn/ovn-{name}.ovsschema" for name in ("nb", "sb")}
    missing = {file: schema for file, schema in wanted.items() if not host.path(file).exists()}
    for file, schema in missing.items():
        host.run(["mkdir", "-p", file.rpartition("/")[0]])
        host.run(["rm", "-f", f"{file}.new"])
        host.run(["ovsdb-tool", "create", f"{file}.new", schema])
        host.run(["mv", f"{file}.new", file])
    return bool(missing)


def configure(host: Host, topology: Topology) -> bool:
    """Tell the host's switch its place in the cloud and lay its bridges; repeating it changes nothing."""
    identity = {
        "system-id": host.name,
        "hostname": host.name,
        "ovn-remote": f"tcp:{topology.controller.mgmt}:6642",
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": str(host.plan.tunnel),
        "ovn-bridge": "br-int",
        "ovn-bridge-datapath-type": "netdev",
        "ovn-bridge-mappings": "public:br-ex",
        "ovn-cms-options": "enable-chassis-as-gw",
        "ovn-monitor-all": "true",
    }
    host.run(
        [
            "ovs-vsctl",
            "--timeout=30",
            "--",
            "set",
            "open",
            ".",
            *(f"external_ids:{key}={value}" for key, value in identity.items()),
            *_bridge("br-phys", INTERFACES["tunnel"]),
            *_bridge("br-ex", INTERFACES["external"]),
            *_bridge("br-int", None),
        ]
    )
    # A switch that knows its bridges from before is not waited for by ovs-vsctl.
    wait_for(
        lambda: host.run(["ip", "link", "show", "br-phys"], check=False).ok,
        timeout=30,
        what=f"bridge br-phys on {host.name}",
        hint="see `devcloud logs ovs-vswitchd`",
    )
    # The tunnels are made in userspace: their address must be on the bridge, where Open vSwitch finds its routes.
    host.run(["ip", "link", "set", "br-phys", "mtu", str(BRIDGES["tunnel"]), "up"])
    host.run(["ip", "address", "replace", f"{host.plan.tunnel}/24", "dev", "br-phys"])
    return False


def unplug_guests(compute: Host) -> None:
    """Take the ports of all guests off a compute host's switch."""
    words = ["--bare", "--columns=name", "find", "Interface", "external_ids:iface-status=active"]
    for port in compute.run(["ovs-vsctl", "--timeout=10", *words]).stdout.split():
        compute.run(["ovs-vsctl", "--timeout=10", "--if-exists", "del-port", port])


def _bridge(name: str, port: str | None) -> list[str]:
    mode = "standalone" if port else "secure"
    words = [
        "--",
        "--may-exist",
        "add-br",
        name,
        "--",
        "set",
        "bridge",
        name,
        "datapath_type=netdev",
        f"fail_mode={mode}",
    ]
    return [*words, "--", "--may-exist", "add-port", name, port] if port else words
