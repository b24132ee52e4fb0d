"""A run of its own that changes something, to be killed or to be in the way.

Arguments: the folder of the SSH server, that of the daemon, after how many changes it kills itself (0: never), and
what it changes. It says ``in`` when the change is in force, and keeps it until its input ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from pytest_whitebox.core.hosts import Host
from pytest_whitebox.core.transports import TIMEOUT, Outcome, SshTransport
from tests.wire.conftest import Daemon, host_of

#: Words of commands that change something on the host: a restart, a stop, a start, a removal, a value.
_CHANGES = frozenset({"term", "down", "up", "rm", 'cat >"$1"'})


class Mortal(SshTransport):
    """Kills its own process after a number of changes."""

    left = 0

    def execute(self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT) -> Outcome:
        outcome = super().execute(command, input=input, timeout=timeout)
        if any(word in _CHANGES or "mv -fT" in word for word in command[:3]):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return outcome


def change(host: Host, what: str) -> AbstractContextManager[None]:
    """What the run does, by a word; a file or value has its path after a colon."""
    service = host.service("daemon")
    kind, _, path = what.partition(":")
    changes: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "set_config": lambda: service.set_config({("daemon", "workers"): 7}),
        "stopped": service.stopped,
        "down": service.down,
        "write_file": lambda: host.write_file(path, b"changed"),
        "set_sysfs": lambda: host.set_sysfs(path, "77"),
    }
    return changes[kind]()


def main(sshd: str, daemon: str, changes: str, what: str) -> None:
    transport = Mortal("server", ssh_config=Path(sshd) / "ssh_config", sudo=False)
    transport.left = int(changes)
    with change(host_of(transport, Daemon(Path(daemon))), what):
        print("in", flush=True)
        sys.stdin.read()
    transport.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
