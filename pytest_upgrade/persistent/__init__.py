"""Things that outlive an upgrade: the same words make them before it and find them after it."""

from __future__ import annotations

from typing import Any, cast

from pytest_upgrade.persistent.errors import Changed, Gone, Inconclusive, Unusable
from pytest_upgrade.persistent.kinds.compute import KeptServer
from pytest_upgrade.persistent.place import Place
from pytest_upgrade.persistent.thing import Thing

__all__ = ["Changed", "Gone", "Inconclusive", "KeptServer", "Persistent", "Place", "Thing", "Unusable"]

_MIB = 1024**2


class Persistent:
    """``persistent.server("web")``: made in pre, found in during and post; what is gone then raises `Gone`.

    Things of the same kind and name are the same thing, for all tests of a run.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def server(self, name: str, *, vcpus: int = 1) -> KeptServer:
        """A server with a network, a router, a floating IP and a security group of its own, all of the same name."""
        return cast(KeptServer, self._place.kept("server", name, name=name, vcpus=vcpus))

    def volume(self, name: str, *, server: str = "web", size: int = 1, vcpus: int = 1) -> Thing:
        """A volume of ``size`` GiB on a server, with data that its guest has written."""
        of_server = {"name": server, "vcpus": vcpus}
        return self._place.kept("volume", name, size=size, server=server, of_server=of_server)

    def allocation(self, name: str, *, server: str = "web", vcpus: int = 1) -> Thing:
        """What Placement has given to a server."""
        return self._place.kept("allocation", name, server=server, of_server={"name": server, "vcpus": vcpus})

    def network(self, name: str) -> Thing:
        """A network with a subnet."""
        return self._place.kept("network", name)

    def router(self, name: str, *, network: str) -> Thing:
        """A router of a network to the outside."""
        return self._place.kept("router", name, network=network)

    def security_group(self, name: str) -> Thing:
        """The security group of the server of this name: it lets SSH and ping in."""
        self.server(name)
        return self._place.kept("security_group", name)

    def floating_ip(self, name: str) -> Thing:
        """The floating IP of the server of this name."""
        return self._place.kept("floating_ip", name, server=self.server(name).id)

    def image(self, name: str, *, size: int = _MIB) -> Thing:
        """An image of so many bytes of noise."""
        return self._place.kept("image", name, size=size)

    def object(self, name: str, *, size: int = _MIB) -> Thing:
        """An object of so many bytes of noise, in a container of its own."""
        return self._place.kept("object", name, size=size)

    def user(self) -> Thing:
        """The user whom all things of the run belong to."""
        _ = self._place.connection
        return self._place.kept("user", "run")

    def project(self) -> Thing:
        """The project of the run."""
        return self._place.kept("project", "run")

    def application_credential(self, name: str) -> Thing:
        """An application credential of the run's user."""
        return self._place.kept("application_credential", name)

    def token(self, name: str) -> Thing:
        """A token that was issued before the upgrade."""
        return self._place.kept("token", name)

    def other(self, kind: str, name: str, /, **spec: Any) -> Thing:
        """A thing of a kind that another package brings."""
        return self._place.kept(kind, name, **spec)
