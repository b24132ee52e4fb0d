"""A run of its own that sets a configuration, to be killed or to be in the way.

Arguments: the folder of the SSH server, that of the daemon, and after how many changes it kills itself (0: never).
It says ``in`` when the changed configuration is in force, and keeps it until its input ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_whitebox.core.ssh import SshTransport
from pytest_whitebox.core.transport import TIMEOUT, Outcome
from tests.wire.conftest import Daemon, host_of

#: What is in the commands that change something on the host: a write, a restart, a removal.
_CHANGES = ("mv -fT", "term", "rm")


class Mortal(SshTransport):
    """Kills its own process after a number of changes."""

    left = 0

    def execute(self, command: Sequence[str], *, input: bytes | None = None, timeout: float = TIMEOUT) -> Outcome:
        outcome = super().execute(command, input=input, timeout=timeout)
        if any(change in word for change in _CHANGES for word in command[:3]):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return outcome


def main(sshd: str, daemon: str, changes: str) -> None:
    transport = Mortal("server", ssh_config=Path(sshd) / "ssh_config", sudo=False)
    transport.left = int(changes)
    with host_of(transport, Daemon(Path(daemon))).service("daemon").set_config({("daemon", "workers"): 7}):
        print("in", flush=True)
        sys.stdin.read()
    transport.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
