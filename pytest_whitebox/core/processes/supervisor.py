"""What starts the services of a host again: runit, systemd, or another that a deployment brings along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_whitebox.core.command import Result
from pytest_whitebox.core.transports import Transport
from pytest_whitebox.core.wait import WaitTimeout, wait_for

_RUNIT = re.compile(
    r"^(?P<word>run|down|finish): \S+?:(?: \(pid (?P<pid>\d+)\))? (?P<seconds>\d+)s(?P<rest>.*)", re.MULTILINE
)
#: Seconds that a service gets to end before it is killed; Nova's own limit for a graceful end is 60.
STOP_TIMEOUT = 60
#: Seconds that the kernel gets to end one that was killed.
_KILL_TIMEOUT = 10


@dataclass(frozen=True, slots=True)
class Status:
    """What a supervisor says of a service: how it is, for how many ``seconds`` (0: it does not tell), in its words."""

    exists: bool
    running: bool
    pid: int | None
    enabled: bool
    text: str
    seconds: int = 0


class Supervisor(Protocol):
    """Asks for and restarts a service by the name that the supervisor has for it, its unit."""

    @property
    def name(self) -> str:
        """One word: ``runit``, ``systemd``."""

    def status(self, transport: Transport, unit: str) -> Status:
        """How the service is now."""

    def restart(self, transport: Transport, unit: str) -> Result:
        """Stop and start the service; returns when the old process is gone, raises nothing if the new one fails."""

    def stop(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:
        """End the service, and have nothing but `start` start it again, not even a connection to its ``sockets``.

        Returns when its process is gone; one that does not end in time is killed.
        """

    def start(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:
        """Start the service and its ``sockets`` again; raises nothing if that fails."""


@dataclass(frozen=True, slots=True)
class Runit:
    """runit: a unit is a name below /etc/service, or the path of a service folder."""

    name: str = "runit"

    def status(self, transport: Transport, unit: str) -> Status:
        """Ask `sv status`."""
        return status_from_sv(transport.run(["sv", "status", unit], check=False).stdout)

    def restart(self, transport: Transport, unit: str) -> Result:
        """End its process, which runit starts again; one that does not end in time is killed.

        Not `sv restart`: that waits for a service that cannot start. Not `sv stop` and `sv start`: on one that just
        has ended, `sv start` believes a state that is out of date, and does nothing.
        """
        before = self.status(transport, unit)
        said = transport.run(["sv", "up", unit], check=False)
        transport.run(["sv", "term", unit], check=False)
        try:
            wait_for(
                lambda: self.status(transport, unit).pid != before.pid or not before.pid,
                timeout=STOP_TIMEOUT,
                what=f"the process of {unit} to end",
            )
        except WaitTimeout:
            transport.run(["sv", "kill", unit], check=False)
        return said

    def stop(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:  # noqa: ARG002 -- has none
        """Tell `runsv` to end it and to leave it at that."""
        said = transport.run(["sv", "down", unit], check=False)
        try:
            self._wait_until_gone(transport, unit, STOP_TIMEOUT)
        except WaitTimeout:
            transport.run(["sv", "kill", unit], check=False)
            self._wait_until_gone(transport, unit, _KILL_TIMEOUT)
        return said

    def start(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:  # noqa: ARG002 -- has none
        """Tell `runsv` to start it and to keep it."""
        return transport.run(["sv", "up", unit], check=False)

    def _wait_until_gone(self, transport: Transport, unit: str, timeout: float) -> None:
        wait_for(
            lambda: not self.status(transport, unit).pid,
            timeout=timeout, what=f"the process of {unit} to end", hint=f"see `sv status {unit}`",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Systemd:
    """systemd: a unit may be given without ``.service``."""

    name: str = "systemd"

    def status(self, transport: Transport, unit: str) -> Status:
        """Ask `systemctl show`."""
        shown = ["LoadState", "ActiveState", "SubState", "MainPID", "UnitFileState"]
        said = transport.run(["systemctl", "show", f"--property={','.join(shown)}", "--", unit], check=False)
        return status_from_systemctl(said.stdout)

    def restart(self, transport: Transport, unit: str) -> Result:
        """Restart with `systemctl`, also a unit that failed too often to be started."""
        transport.run(["systemctl", "reset-failed", "--", unit], check=False)
        return transport.run(["systemctl", "restart", "--", unit], timeout=STOP_TIMEOUT + 60, check=False)

    def stop(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:
        """Stop its sockets and itself in one go, then mask the sockets until the next boot.

        The unit itself is not masked: a mask in /run has no effect on a unit in /etc, where DevStack and Kolla
        have theirs, and without its sockets nothing starts it.
        """
        said = transport.run(["systemctl", "stop", "--", *sockets, unit], timeout=STOP_TIMEOUT + 60, check=False)
        if sockets:
            transport.run(["systemctl", "mask", "--runtime", "--", *sockets], check=False)
        return said

    def start(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:
        """Unmask and start its sockets, then itself, also if it failed too often to be started."""
        if sockets:
            transport.run(["systemctl", "unmask", "--runtime", "--", *sockets], check=False)
        transport.run(["systemctl", "reset-failed", "--", unit], check=False)
        return transport.run(["systemctl", "start", "--", *sockets, unit], timeout=STOP_TIMEOUT + 60, check=False)


def status_from_sv(text: str) -> Status:
    """Parse the answer of `sv status`.

    >>> status_from_sv("run: nova-compute: (pid 812) 45s")
    Status(exists=True, running=True, pid=812, enabled=True, text='run: nova-compute: (pid 812) 45s', seconds=45)
    >>> status_from_sv("down: nova-compute: 3s, normally up").running
    False
    >>> status_from_sv("fail: nova-compute: unable to change to service directory: file does not exist").exists
    False
    """
    found = _RUNIT.search(text)
    if not found:
        return Status(exists=False, running=False, pid=None, enabled=False, text=text.strip())
    running, rest = found["word"] == "run", found["rest"].partition("; run: log:")[0]
    enabled = "normally down" not in rest if running else "normally up" in rest
    pid = int(found["pid"]) if running and found["pid"] else None
    seconds = int(found["seconds"])
    return Status(exists=True, running=running, pid=pid, enabled=enabled, text=text.strip(), seconds=seconds)


def status_from_systemctl(text: str) -> Status:
    """Parse the answer of `systemctl show`.

    >>> status_from_systemctl("MainPID=812\\nLoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\n")
    ... # doctest: +ELLIPSIS
    Status(exists=True, running=True, pid=812, enabled=True, text='...', seconds=0)
    >>> status_from_systemctl("MainPID=0\\nLoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n").exists
    False
    """
    facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    pid = int(facts.get("MainPID") or 0)
    return Status(
        exists=facts.get("LoadState") in {"loaded", "masked"},
        running=facts.get("ActiveState") == "active",
        pid=pid or None,
        enabled=facts.get("UnitFileState", "").startswith(("enabled", "alias", "static", "generated")),
        text=" ".join(text.split()),
    )
