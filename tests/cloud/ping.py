"""An unbroken series of echo requests, and which of them were never answered."""

from __future__ import annotations

import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

_HEADER = struct.Struct("!BBHHH")
_ECHO, _REPLY = 8, 0
#: Seconds that the last request has for its answer.
_GRACE = 1.0


@dataclass
class Ping:
    """Within a `with` block, asks ``address`` every ``every`` seconds on an absolute schedule (needs root)."""

    address: str
    every: float = 0.1
    sent: list[float] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def lost(self) -> list[int]:
        """Numbers of the requests that got no answer."""
        return [number for number in range(len(self.sent)) if number not in self.answered]

    @property
    def longest_gap(self) -> float:
        """The longest time in seconds without an answer, also at the beginning or the end."""
        times = [self.sent[0], *(self.sent[number] for number in sorted(self.answered)), self.sent[-1]]
        return max(later - earlier for earlier, later in pairwise(times))

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.connect((self.address, 0))
            due = time.monotonic()
            while not self._ended.is_set():
                raw.send(echo(os.getpid() & 0xFFFF, len(self.sent)))
                self.sent.append(time.monotonic())
                due += self.every
                self._listen(raw, until=due)
            self._listen(raw, until=time.monotonic() + _GRACE)

    def _listen(self, raw: socket.socket, until: float) -> None:
        while (left := until - time.monotonic()) > 0 and select.select([raw], [], [], left)[0]:
            packet = raw.recv(2048)
            kind, _, _, identity, number = _HEADER.unpack_from(packet, (packet[0] & 0xF) * 4)
            if (kind, identity) == (_REPLY, os.getpid() & 0xFFFF):
                self.answered.add(number)


def echo(identity: int, number: int) -> bytes:
    """An echo request.

    >>> echo(1, 2).hex()
    '0800f7fc00010002'
    """
    total = (_ECHO << 8) + identity + number
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return _HEADER.pack(_ECHO, 0, checksum, identity, number)
