"""Orphans made on purpose, for the tests that look for such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from pytest_whitebox.core.hosts import Host
from pytest_whitebox.server import Server
from tests.acceptance.sabotage.compute import allocate
from tests.acceptance.sabotage.means import Means, append
from tests.acceptance.sabotage.table import seen_by

#: What nobody has: a server, a volume, a port or a network.
_NOBODY = "0f0f0f0f-0000-4000-8000-00000000dead"
_SECONDS = 6  # long enough for three looks
_DOMAIN = """
    <domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>16</memory><vcpu>1</vcpu>
    <os><type arch='x86_64'>hvm</type></os></domain>
"""


def _orphan(means: Means, make: Callable[[Server], object]) -> None:
    """Make an orphan just before the test looks for what stays."""
    look = means.test.lasting

    def lasting(*arguments: Any) -> Any:
        make(means.fixture("well"))
        return look(*arguments, seconds=_SECONDS)

    means.instead(means.test, "lasting", lasting)


def _rows(means: Means, database: str, change: str, back: str, **values: object) -> Callable[[Server], object]:
    """Change rows by the ``:well`` server and its ``:host``, and have them changed back."""

    def make(well: Server) -> None:
        where = means.databases.cell_of(well) if database == "nova" else means.databases(database)
        given = {"well": well.id, "host": well.host.name, "nobody": _NOBODY, **values}
        means.undo(lambda: means.sql(where, back, **given))
        means.sql(where, change, **given)

    return make


def _command(means: Means, make: str, back: str) -> Callable[[Server], object]:
    """Run a shell's line on the host of the server that is well, and another at the end; ``$1`` is its id."""

    def run(well: Server) -> None:
        means.undo(well.host.run, ["sh", "-c", back, "sh", well.id])
        well.host.run(["sh", "-c", make, "sh", well.id])

    return run


@seen_by("test_each_attachment_has_its_server")
def attachment_of_nobody(means: Means) -> None:
    """Cinder has a volume attached to a server that is not there."""
    change = "UPDATE volume_attachment SET instance_uuid = :{} WHERE deleted = 0 AND instance_uuid = :{}"
    _orphan(means, _rows(means, "cinder", change.format("nobody", "well"), change.format("well", "nobody")))


@seen_by("test_each_volume_of_a_server_is_attached_to_it")
def attachment_that_cinder_forgot(means: Means) -> None:
    """Cinder has forgotten that the volume is attached."""
    change = "UPDATE volume_attachment SET deleted = {} WHERE instance_uuid = :well"
    _orphan(means, _rows(means, "cinder", change.format(1), change.format(0)))


@seen_by("test_backend_keeps_nothing_but_volumes")
def file_of_no_volume(means: Means) -> None:
    """The backend keeps a file of a volume that is not there."""

    def make(_well: Server) -> None:
        host = means.hosts.running("cinder-volume")[0]
        folder = host.service("cinder-volume").config.get("DEFAULT", "state_path") or "/var/lib/cinder"
        (share, *_) = host.run(["find", f"{folder}/mnt", "-mindepth", "1", "-maxdepth", "1"]).stdout.split()
        means.undo(host.run, ["rm", "-f", f"{share}/volume-{_NOBODY}"])
        append(host, f"{share}/volume-{_NOBODY}")

    _orphan(means, make)


def _define(means: Means, host: Host, uuid: str, *, start: bool) -> None:
    """A domain that Nova knows nothing of, running or not."""
    path = f"/tmp/{uuid}.xml"
    means.undo(host.run, ["rm", "-f", path])
    host.libvirt.write(path, _DOMAIN.format(name=f"of-nobody-{uuid[:8]}", uuid=uuid).encode())
    host.virsh("create" if start else "define", path)
    means.undo(host.virsh, "destroy" if start else "undefine", uuid)


@seen_by("test_each_domain_has_its_server")
def domain_of_nobody(means: Means) -> None:
    """libvirt has a domain that Nova does not know."""
    _orphan(means, lambda well: _define(means, well.host, _NOBODY, start=False))


@seen_by("test_no_server_runs_on_two_hosts")
def server_runs_twice(means: Means) -> None:
    """The server runs on another host as well."""

    def make(well: Server) -> None:
        (other,) = (host for host in means.hosts.computes if host is not well.host)
        _define(means, other, well.id, start=True)

    _orphan(means, make)


@seen_by("test_each_server_has_its_domain")
def server_on_a_host_without_its_domain(means: Means) -> None:
    """Nova has the server on the host that has no domain of it."""

    def make(well: Server) -> None:
        (other,) = (host.name for host in means.hosts.computes if host is not well.host)
        change = "UPDATE instances SET host = :{} WHERE uuid = :well"
        _rows(means, "nova", change.format("other"), change.format("host"), other=other)(well)

    _orphan(means, make)


@seen_by("test_each_server_is_on_a_host_that_there_is")
def server_on_no_host(means: Means) -> None:
    """Nova has the server on a host that is not there."""
    change = "UPDATE instances SET host = {} WHERE uuid = :well"
    _orphan(means, _rows(means, "nova", change.format("'nowhere'"), change.format(":host")))


def _folder(means: Means, well: Server) -> str:
    """A folder as of a server's disks, beside that of the server that is well."""
    folder = str(PurePosixPath(str(well.domain.disks["vda"].source)).parent.with_name(_NOBODY))
    means.undo(well.host.run, ["rm", "-rf", folder])
    well.host.run(["mkdir", folder])
    return folder


@seen_by("test_each_instance_folder_has_its_server")
def folder_of_nobody(means: Means) -> None:
    """The host keeps a folder of a server that is not there."""
    _orphan(means, lambda well: _folder(means, well))


@seen_by("test_each_pci_device_in_use_has_its_server_on_that_host")
def device_of_nobody(means: Means) -> None:
    """Nova has a PCI device in use by a server that is not there."""
    change = (
        "INSERT INTO pci_devices (created_at, deleted, compute_node_id, address, product_id, vendor_id, dev_type,"
        " dev_id, label, status, instance_uuid, extra_info)"
        " SELECT NOW(), 0, id, '0000:81:00.7', '1572', '8086', 'type-PCI', 'pci_0000_81_00_7', 'label_8086_1572',"
        " 'allocated', :nobody, '{}' FROM compute_nodes WHERE host = :host AND deleted = 0"
    )
    _orphan(means, _rows(means, "nova", change, "DELETE FROM pci_devices WHERE instance_uuid = :nobody"))


@seen_by("test_each_disk_has_the_image_that_it_lies_on")
def disk_without_its_image(means: Means) -> None:
    """The image that a disk lies on is gone."""

    def make(well: Server) -> None:
        folder = _folder(means, well)
        script = 'cd "$1" && qemu-img create -q -f raw base 1M && '
        script += 'qemu-img create -q -f qcow2 -F raw -b "$1/base" disk && rm base'
        well.host.run(["sh", "-c", script, "sh", folder])

    _orphan(means, make)


@seen_by("test_no_image_is_kept_for_longer_than_nova_says")
def image_is_kept_for_long(means: Means) -> None:
    """An image that nothing lies on has been kept for a month."""

    def make(well: Server) -> None:
        path = str(PurePosixPath(means.test.under(well)).with_name("0f" * 20))
        means.undo(well.host.run, ["rm", "-f", path])
        well.host.run(["touch", "-d", "30 days ago", path])

    _orphan(means, make)


@seen_by("test_each_plug_in_a_switch_has_its_port")
def plug_of_no_port(means: Means) -> None:
    """The switch has a plug of a port that is not there."""
    made = (
        f"ovs-vsctl add-port br-int of-nobody -- set Interface of-nobody type=internal external_ids:iface-id={_NOBODY}"
    )
    _orphan(means, _command(means, made, "ovs-vsctl del-port br-int of-nobody"))


@seen_by("test_each_tap_device_is_plugged_in")
def tap_of_nobody(means: Means) -> None:
    """The host has a tap device that is plugged in nowhere."""
    _orphan(means, _command(means, "ip tuntap add tapof-nobody mode tap", "ip link delete tapof-nobody"))


@seen_by("test_each_port_is_bound_to_a_host_that_lives")
def port_on_no_host(means: Means) -> None:
    """Neutron has the port on a host that is not there."""
    change = (
        "UPDATE ml2_port_bindings b JOIN ports p ON p.id = b.port_id SET b.host = {}"
        " WHERE p.device_id = :well AND b.host = {}"
    )
    _orphan(means, _rows(means, "neutron", change.format("'nowhere'", ":host"), change.format(":host", "'nowhere'")))


@seen_by("test_each_port_of_a_server_has_its_server")
def port_of_nobody(means: Means) -> None:
    """Neutron has the port at a server that is not there."""
    change = "UPDATE ports SET device_id = :{} WHERE device_id = :{}"
    _orphan(means, _rows(means, "neutron", change.format("nobody", "well"), change.format("well", "nobody")))


@seen_by("test_each_metadata_proxy_has_its_network")
def proxy_of_no_network(means: Means) -> None:
    """The host has a metadata proxy of a network that is not there."""
    _orphan(means, _command(means, f"ip netns add ovnmeta-{_NOBODY}", f"ip netns delete ovnmeta-{_NOBODY}"))


@seen_by("test_neutron_and_ovn_have_the_same_ports")
def port_that_neutron_forgot(means: Means) -> None:
    """OVN has a port that Neutron does not know."""

    def make(_well: Server) -> None:
        port: Any = means.fixture("port")
        means.undo(means.northbound, "--if-exists", "lsp-del", _NOBODY)
        told = f'external_ids:"neutron:device_id"={_NOBODY}'
        words = ["lsp-add", f"neutron-{port.network_id}", _NOBODY, "--", "set", "Logical_Switch_Port", _NOBODY, told]
        means.northbound(*words)

    _orphan(means, make)


@seen_by("test_each_allocation_has_its_consumer_on_that_host")
def allocation_of_nobody(means: Means) -> None:
    """Placement has given something to a server that is not there."""

    def make(well: Server) -> None:
        means.undo(allocate, means, _NOBODY, "", {})
        allocate(means, _NOBODY, means.cloud.hypervisor(well.host).id, {"MEMORY_MB": 1})

    _orphan(means, make)


@seen_by("test_each_server_has_its_allocation_on_its_host")
def server_without_allocation(means: Means) -> None:
    """Placement has forgotten what it gave to the server."""

    def make(well: Server) -> None:
        placement: Any = means.cloud.connection.placement
        provider = means.cloud.hypervisor(well.host).id
        given = placement.get(f"/allocations/{well.id}", microversion="1.38").json()["allocations"][provider]
        means.undo(allocate, means, well.id, provider, given["resources"])
        allocate(means, well.id, "", {})

    _orphan(means, make)
