"""A process that has a terminal, and what it prints there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class Terminal:
    """`until` reads what the process prints; ``heard`` is told of it as it comes."""

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        size: tuple[int, int] = (0, 0),
        heard: Callable[[str], object] = str,
    ) -> None:
        self.heard = heard
        self.pid, self.near = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], list(words), env)
        if any(size):
            fcntl.ioctl(self.near, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.said = ""

    def until(self, words: str, seconds: float = 240) -> None:
        """Read until there is a text that was not there before."""
        start, deadline = len(self.said), time.monotonic() + seconds
        while words not in self.said[start:]:
            assert time.monotonic() < deadline, self.said
            if select.select([self.near], [], [], 1)[0]:
                self._take(os.read(self.near, 65536))

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self.near, f"{text}\n".encode())

    def end(self) -> int:
        """Its exit status."""
        try:
            while data := os.read(self.near, 65536):
                self._take(data)
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _take(self, data: bytes) -> None:
        text = data.decode(errors="replace")
        self.said += text
        self.heard(text)
