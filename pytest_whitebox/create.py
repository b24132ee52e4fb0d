"""Verbs that make things in the cloud; each thing's undo is in the ledger before the thing exists."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_whitebox import images, remove
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.server import Server

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.host import Host
    from pytest_whitebox.core.ledger import Ledger

_SMALLEST_RAM, _SMALLEST_DISK = 128, 1  # MiB, GiB: for an image that does not say what it needs


class Create:
    """``create.server(vcpus=2)``, ``create.volume(size=1)`` …: made for one test, removed after it.

    Names start with ``prefix``, which no other test of any run has; ``servers`` are those made so far. Unless told
    otherwise they go to the host ``place``, or wherever the scheduler wants.
    """

    def __init__(
        self, cloud: Cloud, ledger: Ledger, prefix: str, image_name: str | None = None, *, place: str = ""
    ) -> None:
        self._cloud, self._ledger = cloud, ledger
        self._prefix, self._image_name, self._place = prefix, image_name, place
        self._numbers = itertools.count(1)
        self.servers: list[Server] = []

    def flavor(
        self, *, vcpus: int = 1, ram: int = _SMALLEST_RAM, disk: int = _SMALLEST_DISK,
        extra_specs: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        """A flavor that only this project sees; ``ram`` in MiB, ``disk`` in GiB."""
        compute: Any = self._cloud.connection.compute
        name = self._noted("flavor", remove.flavor)
        flavor = compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=disk, is_public=False)
        if extra_specs:
            compute.create_flavor_extra_specs(flavor, dict(extra_specs))
        return flavor

    def image(self, *, of: str | None = None, properties: Mapping[str, str]) -> Any:
        """A copy of an image (by default of the one that guests boot from) with other properties."""
        source = images.find(self._cloud.connection, of or self._image_name)
        return images.copy(self._cloud.connection, source, self._noted("image", remove.image), properties)

    def server(
        self, *, vcpus: int = 1, ram: int | None = None, disk: int | None = None,
        extra_specs: Mapping[str, str] | None = None, flavor: Any = None,
        image: Any = None, image_properties: Mapping[str, str] | None = None,
        networks: Any = "none", host: Host | str | None = None, same_host: Server | None = None,
        wait: str | None = "ACTIVE",
    ) -> Server:  # fmt: skip
        """A server that has reached the status ``wait`` (None: do not wait).

        It gets a flavor of its own unless ``flavor`` is given, and no network unless asked for. ``host`` (a host or
        its name) and ``same_host`` (another server) say where; both go through the scheduler.
        """
        source = image or self._image(image_properties)
        flavor = flavor or self.flavor(
            vcpus=vcpus, ram=ram or max(source.min_ram or 0, _SMALLEST_RAM),
            disk=disk or max(source.min_disk or 0, _SMALLEST_DISK), extra_specs=extra_specs,
        )  # fmt: skip
        where = same_host.host if same_host else host or self._place or None
        place = {} if where is None else {"host": where if isinstance(where, str) else where.name}
        return self._boot(wait, flavor_id=flavor.id, image_id=source.id, networks=networks, **place)

    def volume(self, *, size: int = 1, **attributes: Any) -> Any:
        """An empty volume of ``size`` GiB that is available."""
        storage: Any = self._cloud.connection.block_storage
        made = storage.create_volume(name=self._noted("volume", remove.volume), size=size, **attributes)
        return _settled(lambda: storage.get_volume(made.id), "available", f"volume {made.name}")

    def attach_volume(self, server: Server, volume: Any) -> Any:
        """Attach a volume to a server and wait until it is in use; gives Nova's record of the attachment."""
        connection: Any = self._cloud.connection
        undo = lambda: remove.attachment(connection, server.id, volume.id)  # noqa: E731
        self._ledger.add(f"attachment of {volume.name} to {server.name}", undo)
        attachment = connection.compute.create_volume_attachment(server.id, volume_id=volume.id)
        _settled(lambda: connection.block_storage.get_volume(volume.id), "in-use", f"volume {volume.name}")
        return attachment

    def secret(self, payload: str) -> Any:
        """A secret whose payload is a text."""
        manager: Any = self._cloud.connection.key_manager
        name = self._noted("secret", remove.secret)
        return manager.create_secret(name=name, payload=payload, payload_content_type="text/plain")

    def zone(self) -> Any:
        """A primary zone that its name servers have."""
        dns: Any = self._cloud.connection.dns
        name = remove.domain(self._noted("zone", remove.zone))
        made = dns.create_zone(name=name, email=f"hostmaster@{name.rstrip('.')}", ttl=60)
        return _settled(lambda: dns.get_zone(made.id), "ACTIVE", f"zone {name}")

    def stack(self, template: Mapping[str, Any], **parameters: str) -> Any:
        """A stack that Heat has begun to make."""
        heat: Any = self._cloud.connection.orchestration
        name = self._noted("stack", remove.stack)
        return heat.create_stack(name=name, template=dict(template), parameters=parameters, timeout_mins=5)

    def _image(self, properties: Mapping[str, str] | None) -> Any:
        if properties:
            return self.image(properties=properties)
        return images.find(self._cloud.connection, self._image_name)

    def _boot(self, wait: str | None, **attributes: Any) -> Server:
        compute: Any = self._cloud.connection.compute
        name = self._noted("server", remove.server)
        server = Server(compute.create_server(name=name, **attributes), self._cloud)
        self.servers.append(server)
        return server.wait_for(wait) if wait else server

    def _noted(self, kind: str, undo: Callable[[Any, str], None]) -> str:
        name = f"{self._prefix}-{kind}{next(self._numbers)}"
        self._ledger.add(f"{kind} {name}", lambda: undo(self._cloud.connection, name))
        return name


def _settled(look: Callable[[], Any], status: str, what: str) -> Any:
    seen = wait_for(
        lambda: found if (found := look()).status == status or "error" in found.status.lower() else None,
        timeout=180, every=0.5, what=f"{what} to become {status}",
    )  # fmt: skip
    if seen.status != status:
        raise StackproofError(f"{what} went to {seen.status}", hint="see the log of the service that makes it")
    return seen
