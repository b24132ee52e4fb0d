"""A server on the move between compute hosts, as an administrator moves it; every move returns where it is then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import named
from pytest_whitebox.server import Server


@dataclass(frozen=True)
class Mover:
    """Moves one server; ``cloud`` is an administrator's."""

    cloud: Cloud
    server: Server

    @classmethod
    def of(cls, clouds_yaml: Path, server: str) -> Mover:
        """Moves the server with this id, whoever owns it, as the administrator of a devcloud."""
        cloud = Cloud.connect(named("devcloud", "a test", clouds_yaml))
        return cls(cloud, Server(cloud.connection.compute.get_server(server), cloud))

    @property
    def host(self) -> str:
        """The compute host that it is on."""
        return str(self.server.refresh().resource.compute_host)

    def live(self) -> str:
        """Move it while it runs, to a host of the scheduler's choice."""
        self.server.live_migrate()
        return self.host

    def cold(self) -> str:
        """Move it while it is off, and confirm the move."""
        self.server.migrate().confirm()
        return self.host

    def resize(self, flavor: str) -> str:
        """Give it another flavor, and confirm that."""
        found = self.cloud.connection.compute.find_flavor(flavor, ignore_missing=False)
        self.server.resize(found).confirm()
        return self.host

    def evacuate(self) -> str:
        """Rebuild it from its disk on another host, and start it; its own is dead, and Nova is told so."""
        self._force_down(self.host, down=True)
        self.server.evacuate().start()
        return self.host

    def revive(self, host: str) -> None:
        """Tell Nova that a host is no longer dead; its nova-compute must have been started since."""
        self._force_down(host, down=False)

    def _force_down(self, host: str, *, down: bool) -> None:
        compute = self.cloud.connection.compute
        agent = next(iter(compute.services(binary="nova-compute", host=host)))
        compute.update_service_forced_down(agent, host, "nova-compute", forced=down)
