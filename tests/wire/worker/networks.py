"""Two networks and a router between them, in namespaces of their own; the router can be told to let nothing through."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Where servers are, the router's two ends, and where somebody else is, in a network that is meant for tests.
HERE, NEAR, FAR, THERE = "198.18.0.1", "198.18.0.2", "198.18.0.5", "198.18.0.6"
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class Networks:
    """The processes that the namespaces are called after."""

    here: int
    router: int
    there: int

    @property
    def within(self) -> Sequence[str]:
        """The command that starts another one there."""
        return ("nsenter", "-t", str(self.there), "--net", "--")

    def cut(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._forward("0")

    def mend(self) -> None:
        """All comes through again."""
        self._forward("1")

    def _forward(self, word: str) -> None:
        with entered(self.router):
            Path("/proc/sys/net/ipv4/ip_forward").write_text(word)


@contextmanager
def networks() -> Iterator[Networks]:
    """Both, with this thread in the one where servers are to be; skips without root."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    with ExitStack() as stack:
        made = Networks(*(stack.enter_context(_namespace()) for _ in range(3)))
        _link(made.here, HERE, made.router, NEAR)
        _link(made.there, THERE, made.router, FAR)
        for pid, way in ((made.here, NEAR), (made.there, FAR)):
            _run(pid, "ip", "route", "add", "default", "via", way)
        made.mend()
        with entered(made.here):
            yield made


@contextmanager
def entered(pid: int) -> Iterator[None]:
    """Be in the network of a process: this thread, what it starts, and its new connections."""
    back, to = (os.open(f"/proc/{which}/ns/net", os.O_RDONLY) for which in ("thread-self", pid))
    try:
        _enter(to)
        yield
    finally:
        _enter(back)
        for descriptor in (back, to):
            os.close(descriptor)


def _enter(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextmanager
def _namespace() -> Iterator[int]:
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin
        assert holder.stdout
        holder.stdin.write(b"\n")
        holder.stdin.flush()
        holder.stdout.read(1)
        _run(holder.pid, "ip", "link", "set", "lo", "up")
        yield holder.pid


def _link(left: int, ours: str, right: int, theirs: str) -> None:
    """A cable between two of them."""
    name, peer = f"to{right}", f"to{left}"
    _run(left, "ip", "link", "add", name, "type", "veth", "peer", peer, "netns", str(right))
    for pid, device, address in ((left, name, ours), (right, peer, theirs)):
        _run(pid, "ip", "addr", "add", f"{address}/30", "dev", device)
        _run(pid, "ip", "link", "set", device, "up")


def _run(pid: int, *command: str) -> None:
    subprocess.run(["nsenter", "-t", str(pid), "--net", "--", *command], check=True)
