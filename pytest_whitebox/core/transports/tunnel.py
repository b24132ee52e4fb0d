"""A port of the loopback whose connections come out somewhere else."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    import paramiko

_CHUNK = 1 << 16


@contextmanager
def tunnel(
    dial: Callable[[tuple[str, int]], paramiko.Channel], destination: str, through: str
) -> Iterator[tuple[str, int]]:
    """Listen on a free port of 127.0.0.1 and carry each connection through the channel that ``dial`` opens.

    If the far end could not be reached, the error of whoever used the port is explained by that.
    """
    failures: list[Exception] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_accept, args=(listener, dial, failures), daemon=True).start()
        try:
            yield listener.getsockname()
        except Exception as error:
            if not failures:
                raise
            raise StackproofError(
                f"{destination} cannot be reached through {through}: {failures[-1]}",
                hint="does it listen there, and does the host's firewall let it through?",
            ) from error
        finally:
            # Closing alone does not wake the thread that waits in accept().
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _accept(
    listener: socket.socket, dial: Callable[[tuple[str, int]], paramiko.Channel], failures: list[Exception]
) -> None:
    while True:
        try:
            near, source = listener.accept()
        except OSError:
            return
        Thread(target=_carry, args=(near, source, dial, failures), daemon=True).start()


def _carry(
    near: socket.socket,
    source: tuple[str, int],
    dial: Callable[[tuple[str, int]], paramiko.Channel],
    failures: list[Exception],
) -> None:
    with closing(near):
        try:
            far = dial(source)
        except Exception as error:  # noqa: BLE001 -- a thread has nobody to raise it to
            failures.append(error)
            return
        with closing(far):
            back = Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()


def _pump(source: socket.socket | paramiko.Channel, target: socket.socket | paramiko.Channel) -> None:
    """Carry bytes one way until their end, and pass on that end."""
    with suppress(OSError, EOFError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError, EOFError):
        target.shutdown(socket.SHUT_WR)
