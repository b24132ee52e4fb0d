"""What is being edited on a host, written there before the edit, so that anybody can undo it.

An entry is one file of mode 0600, written whole or not at all; entries of one edited file are numbered and
undone from the last to the first.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from urllib.parse import quote

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.file import read_file_if_there, remove_file
from pytest_whitebox.core.transport import Transport

#: Where journals and locks lie on a host.
FOLDER = "/var/lib/stackproof"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One edit: the original bytes of the file (None: there was none) and a digest of what it was changed to.

    >>> entry = Entry("/etc/a.conf", "nova-compute", b"x", digest(b"y"), "1@here", 0)
    >>> Entry.from_json(entry.to_json()) == entry
    True
    """

    path: str
    service: str
    original: bytes | None = None
    edited: str = ""
    holder: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """The entry's file in the journal."""
        return f"{key(self.path)}.{self.number:03}"

    def to_json(self) -> bytes:
        """The entry as it is stored."""
        original = None if self.original is None else base64.b64encode(self.original).decode()
        return json.dumps({"version": _VERSION, **asdict(replace(self, original=None)), "original": original}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Entry:
        """Read what `to_json` wrote; raises `ValueError` for anything else."""
        fields = json.loads(data)
        if fields.pop("version", None) != _VERSION:
            raise ValueError("it was written by another version")
        original = fields.pop("original")
        return cls(**fields, original=None if original is None else base64.b64decode(original, validate=True))


def key(path: str) -> str:
    """A file name that stands for a path.

    >>> key("/etc/nova/nova.conf")
    '%2Fetc%2Fnova%2Fnova.conf'
    """
    return quote(path, safe="")


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of a host."""

    transport: Transport
    folder: str = FOLDER

    def lock_file(self, path: str) -> str:
        """The lock that guards an edited file and its entries."""
        return f"{self.folder}/{key(path)}.lock"

    def entries(self, path: str | None = None) -> list[Entry]:
        """The entries of one edited file, or of all, in the order in which they were written."""
        listed = self.transport.run(["sh", "-c", 'mkdir -p -m 700 -- "$1" && ls -1 -- "$1"', "sh", self._entries])
        names = [name for name in listed.stdout.splitlines() if name.rpartition(".")[2].isdigit()]
        return [self._read(name) for name in names if path is None or name.rpartition(".")[0] == key(path)]

    def add(self, entry: Entry) -> None:
        """Write an entry down; it is on the disk when this returns."""
        self.transport.write(f"{self._entries}/{entry.name}", entry.to_json())

    def has(self, entry: Entry) -> bool:
        """True if this very entry is still there: nobody else has undone it."""
        return read_file_if_there(self.transport, f"{self._entries}/{entry.name}") == entry.to_json()

    def remove(self, entry: Entry) -> None:
        """Strike an entry out."""
        remove_file(self.transport, f"{self._entries}/{entry.name}")

    def set_aside(self, entry: Entry) -> str:
        """Keep an entry that cannot be undone out of everybody's way; returns where it is now."""
        aside = f"{self._entries}/{entry.name}.kept"
        self.transport.run(["mv", "-f", "--backup=numbered", "--", f"{self._entries}/{entry.name}", aside])
        return aside

    @property
    def _entries(self) -> str:
        return f"{self.folder}/journal"

    def _read(self, name: str) -> Entry:
        file = f"{self._entries}/{name}"
        try:
            return Entry.from_json(self.transport.read(file))
        except (ValueError, KeyError, TypeError) as error:
            raise StackproofError(
                f"{file} on {self.transport.name} cannot be understood: {error}",
                hint="it holds the original of an edited file: put that back by hand, then remove it",
            ) from None
