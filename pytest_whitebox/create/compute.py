"""Making what Nova has: servers, flavors, keypairs, groups and aggregates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_whitebox.create import image as images
from pytest_whitebox.create.maker import Maker
from pytest_whitebox.server import Server

if TYPE_CHECKING:
    from pytest_whitebox.core.hosts import Host

_SMALLEST_RAM, _SMALLEST_DISK = 128, 1  # MiB, GiB: for an image that does not say what it needs


def server(
    create: Maker, *, vcpus: int = 1, ram: int | None = None, disk: int | None = None,
    extra_specs: Mapping[str, str] | None = None, flavor: Any = None,
    image: Any = None, image_properties: Mapping[str, str] | None = None, volume: Any = None,
    networks: str | Sequence[Any] = "none", host: Host | str | None = None, same_host: Server | None = None,
    wait: str | None = "ACTIVE", **attributes: Any,
) -> Server:  # fmt: skip
    """A server that has reached the status ``wait`` (None: do not wait).

    It gets a flavor of its own unless ``flavor`` is given, and no network unless asked for: ``networks`` takes
    networks and ports. ``volume`` is one to boot from in place of an image. ``host`` (a host or its name) and
    ``same_host`` (another server) say where; both go through the scheduler. ``attributes`` are openstacksdk's.
    """
    source = image or _image(create, image_properties)
    flavor = flavor or _flavor(create, source, vcpus=vcpus, ram=ram, disk=disk, extra_specs=extra_specs)
    where = same_host.host if same_host else host or create.place or None
    place = {} if where is None else {"host": where if isinstance(where, str) else where.name}
    boot = {"image_id": source.id} if volume is None else {"block_device_mapping": [_bootable(volume)]}
    name = create.noted("server")
    request = {"flavor_id": flavor.id, "networks": _nics(networks), **boot, **place, **attributes}
    made = Server(create.connection.compute.create_server(name=name, **request), create.cloud, create.ledger)
    create.servers.append(made)
    return made.wait_for(wait) if wait else made


def flavor(
    create: Maker, *, vcpus: int = 1, ram: int = _SMALLEST_RAM, disk: int = _SMALLEST_DISK,
    extra_specs: Mapping[str, str] | None = None, **attributes: Any,
) -> Any:  # fmt: skip
    """A flavor that only this project sees; ``ram`` in MiB, ``disk`` in GiB."""
    compute = create.connection.compute
    name = create.noted("flavor")
    made = compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=disk, is_public=False, **attributes)
    if extra_specs:
        compute.create_flavor_extra_specs(made, dict(extra_specs))
    return made


def keypair(create: Maker, **attributes: Any) -> Any:
    """A keypair that Nova makes, with its private key, unless ``public_key`` is given."""
    return create.connection.compute.create_keypair(name=create.noted("keypair"), **attributes)


def server_group(create: Maker, policy: str = "anti-affinity", **attributes: Any) -> Any:
    """A server group; servers join it by ``scheduler_hints={"group": group.id}``."""
    name = create.noted("server group")
    return create.connection.compute.create_server_group(name=name, policy=policy, **attributes)


def aggregate(create: Maker, *hosts: Host | str, metadata: Mapping[str, str] | None = None, **attributes: Any) -> Any:
    """A host aggregate with these hosts; ``availability_zone`` makes it a zone, too."""
    compute = create.connection.compute
    made = compute.create_aggregate(name=create.noted("aggregate"), **attributes)
    for host in hosts:
        compute.add_host_to_aggregate(made, host if isinstance(host, str) else host.name)
    if metadata:
        compute.set_aggregate_metadata(made, dict(metadata))
    return made


def _image(create: Maker, properties: Mapping[str, str] | None) -> Any:
    return images.image(create, properties=properties) if properties else create.guest_image


def _flavor(create: Maker, source: Any, *, ram: int | None, disk: int | None, **shape: Any) -> Any:
    ram = ram or max(source.min_ram or 0, _SMALLEST_RAM)
    disk = disk or max(source.min_disk or 0, _SMALLEST_DISK)
    return flavor(create, ram=ram, disk=disk, **shape)


def _bootable(volume: Any) -> dict[str, Any]:
    """The volume as a server's first disk; it outlives the server."""
    return {
        "boot_index": 0, "uuid": volume.id, "source_type": "volume", "destination_type": "volume",
        "delete_on_termination": False,
    }  # fmt: skip


def _nics(networks: Any) -> Any:
    from openstack.network.v2.network import Network
    from openstack.network.v2.port import Port

    keys: dict[Any, str] = {Network: "uuid", Port: "port"}
    if isinstance(networks, str):
        return networks
    return [{keys[type(one)]: one.id} if type(one) in keys else one for one in networks]
