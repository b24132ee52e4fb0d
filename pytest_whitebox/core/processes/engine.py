"""The supervisor of a container that no unit of systemd starts: the engine itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_whitebox.core.command import Result
from pytest_whitebox.core.processes.supervisor import STOP_TIMEOUT, Status
from pytest_whitebox.core.transports import Transport

_SHOWN = "{{.State.Running}} {{.State.Pid}} {{.HostConfig.RestartPolicy.Name}}"


@dataclass(frozen=True, slots=True)
class Engine:
    """podman or docker: a unit is the name of a container."""

    name: str

    def status(self, transport: Transport, unit: str) -> Status:
        """Ask `inspect`."""
        said = transport.run([self.name, "container", "inspect", f"--format={_SHOWN}", unit], check=False)
        return status_from_inspect(said.stdout if said.ok else "", said.stderr)

    def restart(self, transport: Transport, unit: str) -> Result:
        """Stop its processes, which are killed if they do not end in time, and start it again."""
        command = [self.name, "restart", f"--time={STOP_TIMEOUT}", unit]
        return transport.run(command, timeout=STOP_TIMEOUT + 60, check=False)

    def stop(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:  # noqa: ARG002 -- has none
        """Stop it; what was stopped by hand is not restarted, whatever its restart policy."""
        command = [self.name, "stop", f"--time={STOP_TIMEOUT}", unit]
        return transport.run(command, timeout=STOP_TIMEOUT + 60, check=False)

    def start(self, transport: Transport, unit: str, sockets: Sequence[str] = ()) -> Result:  # noqa: ARG002 -- has none
        """Start it again."""
        return transport.run([self.name, "start", unit], check=False)


def status_from_inspect(text: str, error: str = "") -> Status:
    """Parse the answer of `inspect`.

    >>> status_from_inspect("true 812 unless-stopped\\n")
    Status(exists=True, running=True, pid=812, enabled=True, text='true 812 unless-stopped', seconds=0)
    >>> status_from_inspect("false 0 \\n").running, status_from_inspect("").exists
    (False, False)
    """
    words = [*text.split(), "", "", ""]
    running, pid = words[0] == "true", int(words[1] or 0)
    return Status(
        exists=words[0] in {"true", "false"}, running=running, pid=pid if running and pid else None,
        enabled=words[2] not in {"", "no"}, text=(text or error).strip(),
    )  # fmt: skip
