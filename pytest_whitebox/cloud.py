"""The cloud under test, as one of its users sees it through the APIs."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_whitebox.core.clouds import Choice, named
from pytest_whitebox.core.connecting import entry
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.facts import Facts, placement
from pytest_whitebox.trace import Trace

if TYPE_CHECKING:
    from openstack.connection import Connection

    from pytest_whitebox.core.databases import Databases
    from pytest_whitebox.core.hosts import Host, Hosts
    from pytest_whitebox.core.inventories import Inventory


class Cloud:
    """A cloud and a user in it: ``cloud.connection`` is openstacksdk's own, connected and authorised.

    ``began`` is when the session began, in seconds since 1970: what came later may be another test's.
    """

    def __init__(
        self, choice: Choice, connection: Connection, ssh_config: Path | None = None,
        inventory: Inventory | None = None, trace: Trace | None = None, began: float | None = None,
    ) -> None:  # fmt: skip
        self.choice = choice
        self.connection: Connection = connection
        self.began = time.time() if began is None else began
        self.facts = Facts(connection, lambda: self.hosts, self.began)
        self.trace = trace or Trace()
        self.trace.follow(connection)
        self._ssh_config, self._inventory = ssh_config, inventory
        self._others = ExitStack()

    @classmethod
    def connect(
        cls, choice: Choice, ssh_config: Path | None = None, inventory: Inventory | None = None,
        trace: Trace | None = None, began: float | None = None,
    ) -> Cloud:  # fmt: skip
        """Connect and authorise; ``ssh_config`` leads to its hosts, of which the inventory says more.

        ``trace`` hears of each request; the session ``began`` now, unless told otherwise.

        Raises `StackproofError` if Keystone does not answer or does not let us in.
        """
        from openstack.connection import Connection

        with entry(choice.name, choice.file) as region:
            connection = Connection(config=region)
            connection.authorize()
        return cls(choice, connection, ssh_config, inventory, trace, began)

    @property
    def name(self) -> str:
        """The cloud's entry in clouds.yaml."""
        return self.choice.name

    @cached_property
    def hosts(self) -> Hosts:
        """The hosts of the cloud, as its services report them; found once, reached when something is asked of them."""
        from pytest_whitebox.core.hosts import Hosts

        found = Hosts.discover(self.connection, ssh_config=self._ssh_config, inventory=self._inventory)
        return self._others.enter_context(found)

    @cached_property
    def databases(self) -> Databases:
        """The databases of its services, read only, by the credentials that lie on its hosts."""
        from pytest_whitebox.core.databases import Databases
        from pytest_whitebox.credentials import connections

        databases = Databases(lambda service, group: connections(self.hosts, service, group))
        self._others.callback(databases.close)
        return databases

    @property
    def region(self) -> str:
        """The region that the connection works in."""
        return str(self.connection.config.get_region_name() or "")

    def as_(self, name: str) -> Cloud:
        """The same or another cloud as another entry of clouds.yaml: ``cloud.as_("devcloud-alpha")``."""
        choice = named(name, "cloud.as_", self.choice.file)
        made = Cloud.connect(choice, self._ssh_config, self._inventory, self.trace, self.began)
        return self._others.enter_context(made)

    def hypervisor(self, host: Host | str) -> Any:
        """Nova's record of the hypervisor on a host; its ``id`` is also that of the resource provider in Placement."""
        name = host if isinstance(host, str) else host.name
        compute: Any = self.connection.compute
        found = [known for known in compute.hypervisors(details=True) if known.service_details["host"] == name]
        if len(found) != 1:
            hint = "see `openstack hypervisor list --long`"
            raise StackproofError(f"host {name} has {len(found)} hypervisors where one was expected", hint=hint)
        return found[0]

    def inventory(self, host: Host | str) -> dict[str, Any]:
        """What a compute host offers, as Placement has it: ``cloud.inventory(host)["MEMORY_MB"].reserved``."""
        api: Any = self.connection.placement
        found = api.resource_provider_inventories(self.hypervisor(host).id)
        return {inventory.resource_class: inventory for inventory in found}

    def traits(self, host: Host | str) -> frozenset[str]:
        """The traits of a compute host, as Placement has them."""
        return placement.traits(self.connection, self.hypervisor(host).id)

    def microversion(self, service_type: str) -> str | None:
        """The highest microversion that a service speaks, such as ``2.100``; None if it has none."""
        adapter: Any = self.connection.config.get_session_client(service_type)
        data = adapter.get_endpoint_data()
        found = data.max_microversion if data else None
        return ".".join(map(str, found)) if found else None

    def close(self) -> None:
        """Give back all connections."""
        self._others.close()
        self.connection.close()

    def __enter__(self) -> Cloud:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Cloud {self.name}>"
