"""What must be secret: one file of mode 0600 in the run's folder, never the store."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory

_FILE = "secrets.json"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Texts by name: ``secrets.set("password", …)``; processes may do so at the same time."""

    directory: RunDirectory

    @property
    def file(self) -> Path:
        """The file, not necessarily there yet."""
        return self.directory.path / _FILE

    def get(self, name: str) -> str | None:
        """A secret; None if it is not known here."""
        return self.all().get(name)

    def set(self, name: str, value: str) -> None:
        """Keep a secret."""
        with self._alone():
            self._write({**self.all(), name: value})

    def drop(self, beginning: str) -> None:
        """Forget those whose names begin so: what they open is of no more worth."""
        with self._alone():
            self._write({name: value for name, value in self.all().items() if not name.startswith(beginning)})

    def forget(self) -> None:
        """Delete them all, of a run that is closed."""
        self.file.unlink(missing_ok=True)

    def all(self) -> dict[str, str]:
        """All that is known here."""
        try:
            return dict(json.loads(self.file.read_text()))
        except FileNotFoundError:
            return {}
        except ValueError:
            hint = "remove it: an administrator's cloud makes new secrets, and what needs the old ones is not judged"
            raise StackproofError(f"{self.file} cannot be read as JSON", hint=hint) from None

    def replace(self, secrets: dict[str, str]) -> None:
        """Keep these and no others, as they come with an archive."""
        with self._alone():
            self._write(secrets)

    def _write(self, secrets: dict[str, str]) -> None:
        new = self.file.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(secrets, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with locked(self.directory, "secrets"):
            yield


@contextmanager
def locked(directory: RunDirectory, name: str) -> Iterator[None]:
    """Keep other processes of this machine out until the context ends; the lock of one that dies is free."""
    file = directory.folder("locks") / name
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
