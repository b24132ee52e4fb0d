"""A server on the move between compute hosts, as an administrator moves it; every move returns where it is then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

_TIMEOUT = 240


@dataclass(frozen=True)
class Mover:
    """Moves one server; ``admin`` is an administrator's connection."""

    admin: Any
    server: str

    @property
    def host(self) -> str:
        """The compute host that it is on."""
        return str(self.admin.compute.get_server(self.server).compute_host)

    def live(self) -> str:
        """Move it while it runs, to a host of the scheduler's choice."""
        before = self.host
        self.admin.compute.live_migrate_server(self.server, host=None, block_migration="auto")
        after = self._arrived("ACTIVE", lambda host: host != before, "be live-migrated")
        # The source still has to clear up; what fails of that puts the server into ERROR.
        wait_for(
            lambda: self._newest() == "completed", timeout=_TIMEOUT, every=0.5, what="the migration to be completed"
        )
        return after

    def cold(self) -> str:
        """Move it while it is off, and confirm the move."""
        before = self.host
        self.admin.compute.migrate_server(self.server)
        return self._confirmed(lambda host: host != before)

    def resize(self, flavor: str) -> str:
        """Give it another flavor, and confirm that."""
        found = self.admin.compute.find_flavor(flavor, ignore_missing=False)
        self.admin.compute.resize_server(self.server, found)
        return self._confirmed(lambda _: True)

    def evacuate(self) -> str:
        """Rebuild it from its disk on another host, and start it; its own is dead, and Nova is told so."""
        before = self.host
        self._force_down(before, down=True)
        self.admin.compute.evacuate_server(self.server)
        # Since microversion 2.95 what is evacuated stays off.
        self._arrived("SHUTOFF", lambda host: host != before, "be evacuated")
        self.admin.compute.start_server(self.server)
        return self._arrived("ACTIVE", lambda host: host != before, "be started")

    def revive(self, host: str) -> None:
        """Tell Nova that a host is no longer dead; its nova-compute must have been started since."""
        self._force_down(host, down=False)

    def _force_down(self, host: str, *, down: bool) -> None:
        agent = next(iter(self.admin.compute.services(binary="nova-compute", host=host)))
        self.admin.compute.update_service_forced_down(agent, host, "nova-compute", forced=down)

    def _confirmed(self, there: Callable[[str], bool]) -> str:
        self._arrived("VERIFY_RESIZE", there, "wait for confirmation")
        self.admin.compute.confirm_server_resize(self.server)
        return self._arrived("ACTIVE", there, "be confirmed")

    def _arrived(self, status: str, there: Callable[[str], bool], what: str) -> str:
        def seen() -> str | None:
            found = self.admin.compute.get_server(self.server)
            settled = not found.task_state and found.status in (status, "ERROR")
            failed = found.status == "ERROR" or (settled and not there(found.compute_host) and self._gave_up())
            if failed:
                raise StackproofError(f"{found.name} could not {what}", hint="see `devcloud logs nova-compute`")
            return str(found.compute_host) if settled and there(found.compute_host) else None

        hint = f"`openstack server event list {self.server}` says how far it came"
        return str(wait_for(seen, timeout=_TIMEOUT, every=0.5, what=f"the server to {what}", hint=hint))

    def _gave_up(self) -> bool:
        return self._newest() in ("error", "failed", "cancelled")

    def _newest(self) -> str:
        """How far the last migration of the server has come."""
        newest = next(iter(self.admin.compute.migrations(instance_uuid=self.server)), None)
        return str(newest.status) if newest else ""
