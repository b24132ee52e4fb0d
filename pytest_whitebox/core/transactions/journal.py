"""What is being changed on a host, written there before the change, so that anybody can undo it.

An entry is one file of mode 0600, written whole or not at all. Changes that have to do with each other have one
guard, a lock of the host; the entries of a guard are numbered and undone from the last to the first.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Literal
from urllib.parse import quote

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports import Transport
from pytest_whitebox.core.transports.file import read_file_if_there, remove_file

#: Where journals and locks lie on a host.
FOLDER = "/var/lib/stackproof"
_VERSION = 2

#: A file that was replaced, a value that was written into a file of the kernel, a service that was stopped, and one
#: that Nova was told is down.
Kind = Literal["file", "value", "stopped", "forced_down"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one thing: a file or value at ``path``, or the ``services``, which are named in OpenStack's words.

    ``original`` are the bytes before (None: there was no such file), ``changed`` a digest of those after; ``services``
    of a file have read it, and read it again when it is put back; ``folders`` were made for it.

    >>> entry = Entry("file", "/etc/a.conf", "/etc/a.conf", ("nova-compute",), b"x", digest(b"y"), "1@here", 0)
    >>> Entry.from_json(entry.to_json()) == entry
    True
    """

    kind: Kind
    guard: str
    path: str = ""
    services: tuple[str, ...] = ()
    original: bytes | None = None
    changed: str = ""
    holder: str = ""
    number: int = 0
    folders: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The entry's file in the journal."""
        return f"{key(self.guard)}.{self.number:03}"

    @property
    def what(self) -> str:
        """The thing that was changed, in words.

        >>> Entry("stopped", "/etc/nova/nova.conf", services=("nova-compute",)).what
        'nova-compute'
        """
        return self.path or ", ".join(self.services)

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
        fields |= {name: tuple(fields[name]) for name in ("services", "folders")}
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

    def lock_file(self, guard: str) -> str:
        """The lock behind a guard and its entries."""
        return f"{self.folder}/{key(guard)}.lock"

    def entries(self, guard: str | None = None) -> list[Entry]:
        """The entries of one guard, or of all, in the order in which they were written."""
        listed = self.transport.run(["sh", "-c", 'mkdir -p -m 700 -- "$1" && ls -1 -- "$1"', "sh", self._entries])
        names = [name for name in listed.stdout.splitlines() if name.rpartition(".")[2].isdigit()]
        return [self._read(name) for name in names if guard is None or name.rpartition(".")[0] == key(guard)]

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
