"""A cloud as a fault sees it: hosts, the administrator's connection, and the databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from devcloud.cloud import Cloud
from devcloud.hosts import fabric
from devcloud.hosts.host import Host
from devcloud.hosts.namespace import Holder
from devcloud.services import runit
from devcloud.services.catalog import APIS
from devcloud.topology import COMPUTE, HostPlan
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

#: Seconds after which an API that does not answer is given up.
_PATIENCE = 30
#: Seconds that a restarted daemon has until it works.
_RESTART = 120


@dataclass(frozen=True)
class Site:
    """Where faults are made; everything is asked for when it is needed, since much of it may be broken."""

    cloud: Cloud

    @property
    def controller(self) -> Host:
        """The host of the APIs and databases."""
        return self.cloud.controller

    @property
    def compute_plan(self) -> HostPlan:
        """The compute host that faults are made on: the last, so that another stays well where there is one."""
        return [plan for plan in self.cloud.topology.hosts if plan.role == COMPUTE][-1]

    @property
    def compute(self) -> Host:
        """The same, if its power is on."""
        return self.cloud.host(self.compute_plan)

    def host(self, role: str) -> Host:
        """The host that faults of a role are made on."""
        return self.compute if role == COMPUTE else self.controller

    @property
    def fabric(self) -> Holder:
        """The namespace with the far ends of all cables."""
        links = fabric.holder(self.cloud.state)
        if links is None:
            raise StackproofError("the cloud is down", hint="`devcloud up` starts it")
        return links

    @property
    def address(self) -> str:
        """The controller's, where the doors are."""
        return str(self.cloud.topology.controller.mgmt)

    def door(self, name: str, path: str = "") -> str:
        """The address of an API's door; without a path, one that needs no login."""
        api = next(api for api in APIS if api.name == name)
        return self.cloud.doors.url(api.port, path or api.path)

    def instances(self, service: str) -> list[str]:
        """The names of all instances of a daemon."""
        return sorted({placed.name for _, placed in self.cloud.placed(service)})

    def restart(self, *services: str) -> None:
        """Restart daemons of the controller, and wait until they work."""
        on = self.controller
        placed = [found for name in services for plan, found in self.cloud.placed(name) if plan == on.plan]
        for service in placed:
            runit.restart(on, service.name)
        for service in placed:
            wait_for(
                lambda service=service: (  # type: ignore[misc]
                    self.cloud.problem(on, service, runit.supervised(on, service.name)) is None
                ),
                timeout=_RESTART,
                every=0.5,
                what=f"{service.name} to work again",
                hint=f"see `devcloud logs {service.name}`",
            )

    @cached_property
    def admin(self) -> Any:
        """The administrator's connection."""
        from openstack.config import OpenStackConfig
        from openstack.connection import Connection

        files = [str(self.cloud.state.clouds_yaml)]
        config = OpenStackConfig(config_files=files, load_envvars=False).get_one(
            cloud="devcloud", api_timeout=_PATIENCE
        )
        return Connection(config=config)

    def sql(self, database: str, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement as the database's own user and return its rows."""
        import pymysql

        connection = pymysql.connect(
            host=self.address,
            user=database.partition("_")[0],
            password=self.cloud.state.secrets()["database"],
            database=database,
            autocommit=True,
            connect_timeout=10,
            read_timeout=30,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, tuple(values))
            return list(cursor.fetchall())
