"""What goes out: one line of JSON for each thing, with nothing secret in it."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from pytest_whitebox.core.redaction import Redaction

_CHUNK = 48 * 1024


@dataclass
class Telling:
    """Lines for the other side; several threads may tell at once."""

    hide: Redaction
    out: BinaryIO = field(default_factory=lambda: sys.stdout.buffer)
    _lock: Lock = field(default_factory=Lock)

    def event(self, event: str, **words: object) -> None:
        """Tell of something; texts are redacted."""
        known = {name: self.hide(word) if isinstance(word, str) else word for name, word in words.items()}
        self._write({"event": event, **known})

    def log(self, line: str) -> None:
        """A line of the log."""
        self._write({"event": "log", "line": self.hide.line(line)})

    def file(self, name: str, data: bytes) -> None:
        """A file, in pieces; the caller has redacted what is no text."""
        for start in range(0, max(len(data), 1), _CHUNK):
            piece = base64.b64encode(data[start : start + _CHUNK]).decode()
            self._write({"event": "file", "name": name, "data": piece, "first": start == 0})

    def text(self, name: str, source: Path) -> None:
        """A file of text, if it is there, redacted."""
        if source.is_file():
            self.file(name, self.hide(source.read_text(errors="replace")).encode())

    def _write(self, known: dict[str, object]) -> None:
        data = json.dumps(known).encode() + b"\n"
        with self._lock:
            self.out.write(data)
            self.out.flush()
