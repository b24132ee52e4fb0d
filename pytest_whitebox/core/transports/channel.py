"""What goes through an SSH channel: input on the way there, two outputs and an exit code on the way back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import paramiko

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class HeldChannel:
    """A command on the other side that reads from the channel until it is closed."""

    first_line: str
    channel: paramiko.Channel

    @property
    def alive(self) -> bool:
        """False once the command, or the connection, has ended."""
        return not (self.channel.closed or self.channel.exit_status_ready())


def fed(command: Sequence[str], count: int) -> list[str]:
    """The command with ``count`` bytes of the channel as its input, all of which are read whatever it does.

    The end of the input is never sent: Paramiko may send it, or data, after the end of the channel, and then
    OpenSSH cuts the whole connection.
    """
    if not count:
        return ["sh", "-c", 'exec "$@" </dev/null', "sh", *command]
    return ["sh", "-c", 'head -c "$0" | { "$@"; code=$?; cat >/dev/null; exit $code; }', str(count), *command]


def exchange(channel: paramiko.Channel, data: bytes, deadline: float) -> tuple[bytes, bytes]:
    """Feed a command that is `fed` and collect its two outputs until it has ended.

    Raises `TimeoutError` at the deadline, which is a moment of `time.monotonic`.
    """
    # Threads and no selector: Paramiko's pipe for that is closed under the feet of its own thread.
    stderr = bytearray()
    others = [
        Thread(target=_feed, args=(channel, data), daemon=True),
        Thread(target=_drain, args=(channel, stderr), daemon=True),
    ]
    for thread in others:
        thread.start()
    stdout = bytearray()
    while received := _received(channel, deadline):
        stdout += received
    if not channel.status_event.wait(_left(deadline)):
        raise TimeoutError
    others[1].join(_left(deadline))
    return bytes(stdout), bytes(stderr)


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _received(channel: paramiko.Channel, deadline: float) -> bytes:
    channel.settimeout(_left(deadline))
    return channel.recv(_CHUNK)


def _feed(channel: paramiko.Channel, data: bytes) -> None:
    # That the connection breaks is told by whoever reads.
    with suppress(OSError):
        channel.sendall(data)


def _drain(channel: paramiko.Channel, stderr: bytearray) -> None:
    # Too late is told by whoever reads the other output.
    with suppress(TimeoutError):
        while received := channel.recv_stderr(_CHUNK):
            stderr += received
