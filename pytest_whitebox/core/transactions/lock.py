"""A lock that lies on the host that it is about, where all who use or change that host meet.

It is a lock of the kernel (flock) that a command on the host holds while its input is open. When the process that
wanted it dies, however it dies, its connection ends, the input ends, and with it the lock.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pytest_whitebox.core.command import CommandFailed
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports import Held, Transport

_BUSY = 75
#: Seconds for the command to start on top of those that the lock may take.
_START = 30
# Whoever waits holds the door, so that those who share the lock cannot keep one out who wants it alone. The input is
# watched meanwhile: who is gone must not stand in the door until it is his turn. The file has a line for each who came
# in, written in the door; whose process has let go of the file is passed over.
_SCRIPT = """
set -eu
umask 077
mkdir -p -- "$(dirname -- "$1")"
exec 9>>"$1" 8>>"$1.door" 3<&0
holders() {
    while read -r pid said; do
        if [ "/proc/$pid/fd/9" -ef "$1" ]; then printf "%s %s\\n" "$pid" "$said"; fi
    done <"$1"
}
setsid sh -c 'flock -w "$2" 8 && exec flock "$4" -w "$2" 9' sh "$@" & waiting=$!
{ cat <&3; kill -- "-$waiting"; } 8>&- 9>&- >/dev/null 2>&1 & watching=$!
wait "$waiting" || { kill "$watching"; holders "$1" | cut -d " " -f 2- >&2; exit 75; }
kill "$watching"
others=$(holders "$1")
printf "%s\\n" ${others:+"$others"} "$$ $3 since $(date -u +%FT%TZ)" >"$1" || :
exec 8>&-
echo locked
exec cat <&3 >/dev/null
"""


class Busy(StackproofError):
    """Somebody else who is alive holds the lock."""


@contextmanager
def locked(
    transport: Transport, file: str, *, what: str, wait: float, shared: bool = False, holder: str = ""
) -> Iterator[Held]:
    """Hold the lock ``file`` of the host, alone or with all others who are content to share it.

    Raises `Busy` naming who has it after ``wait`` seconds.
    """
    command = ["sh", "-c", _SCRIPT, "sh", file, f"{wait:g}", holder or here(), "--shared" if shared else "--exclusive"]
    with ExitStack() as stack:
        try:
            held = stack.enter_context(transport.hold(command, timeout=2 * wait + _START))
        except CommandFailed as error:
            said = error.result.stderr.strip().splitlines()
            if error.result.rc != _BUSY:
                why = (said or ["it says nothing"])[-1]
                raise StackproofError(
                    f"{what} cannot be locked: {why}", hint=f"can {file} be written there?"
                ) from error
            raise Busy(
                f"{what} is in use by {', '.join(said) or 'somebody'}, still after {wait:g} s",
                hint="wait for that run, or end that process: what it changed is then restored",
            ) from None
        yield held


def here() -> str:
    """This process, as another machine would name it: ``pid@machine``."""
    return f"{os.getpid()}@{socket.gethostname()}"
