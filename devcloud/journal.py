"""What is broken on purpose, written down before it is broken, so that any later command can mend it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devcloud.state import State, write_atomically

_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Notes:
    """What one open fault must know to be mended; a note is on the disk when `put` returns."""

    name: str
    file: Path

    def put(self, key: str, value: str) -> None:
        """Note a value, before the change that makes it needed."""
        self._write({**self._read(), "notes": {**self._read()["notes"], key: value}})

    def get(self, key: str) -> str:
        """A noted value, or an empty text if its change was never made."""
        value: str = self._read()["notes"].get(key, "")
        return value

    @property
    def target(self) -> str:
        """The name of what the fault makes in the cloud for itself."""
        return f"devcloud-fault-{self.name}"

    @property
    def whole(self) -> bool:
        """False if breaking was interrupted: then nobody knows how much of it was done."""
        return bool(self._read()["whole"])

    @property
    def began(self) -> str:
        """When it was broken, in UTC."""
        return str(self._read()["began"])

    def done(self) -> None:
        """Note that all of it is broken."""
        self._write({**self._read(), "whole": True})

    def begin(self) -> None:
        """Note that it will be broken now."""
        self.file.parent.mkdir(mode=0o700, exist_ok=True)
        self._write({"began": datetime.now(UTC).isoformat(timespec="microseconds"), "whole": False, "notes": {}})

    def _read(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.file.read_text())
        return read

    def _write(self, value: dict[str, Any]) -> None:
        write_atomically(self.file, json.dumps(value, indent=1), mode=0o600)


@dataclass(frozen=True, slots=True)
class Journal:
    """The open faults of a cloud: one file each."""

    folder: Path

    @classmethod
    def of(cls, state: State) -> Journal:
        """The journal in a state folder."""
        return cls(state.path / "faults")

    def notes(self, name: str) -> Notes:
        """The notes of a fault, open or not."""
        return Notes(name, self.folder / f"{name}{_SUFFIX}")

    def has(self, name: str) -> bool:
        """True if the fault is open."""
        return self.notes(name).file.exists()

    def open(self) -> list[Notes]:
        """The open faults, in the order in which they were broken."""
        return sorted(self._all(), key=lambda notes: notes.began)

    def strike(self, name: str) -> None:
        """The fault is mended."""
        self.notes(name).file.unlink(missing_ok=True)

    def _all(self) -> Iterator[Notes]:
        if self.folder.is_dir():
            for file in self.folder.glob(f"*{_SUFFIX}"):
                if not file.name.startswith("."):
                    yield Notes(file.name.removesuffix(_SUFFIX), file)
