"""The clouds that a worker holds: a folder for each, with its tempest.conf or clouds.yaml. Jobs know them by name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pytest_whitebox.core.configuration import Config, edited
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.refstack import hidden_cpid

#: The files that lead into a cloud, of which its folder has one: what Tempest must know, or how that is asked for.
CONF, CLOUDS = "tempest.conf", "clouds.yaml"


@dataclass(frozen=True, slots=True)
class Held:
    """A cloud, the file that leads into it with its credentials, and its clouds.yaml if it has one."""

    name: str
    file: Path
    clouds: Path | None = None

    @classmethod
    def find(cls, clouds: Path, name: str) -> Held:
        """The cloud of that name below ``clouds``; raises `StackproofError` if this worker does not hold it."""
        asked = clouds / name / CLOUDS if (clouds / name / CLOUDS).is_file() else None
        file = clouds / name / CONF if (clouds / name / CONF).is_file() else asked
        if file:
            return cls(name, file, asked)
        hint = f"write {name}/{CONF} or {name}/{CLOUDS} in its clouds"
        raise StackproofError(f"this worker holds no cloud {name!r}", hint=hint)

    def conf(self, folder: Path, overrides: Mapping[str, Mapping[str, str]]) -> Path:
        """Write its tempest.conf, which it has, with what a job sets into a folder, for its owner only.

        Locks and the log lie in the folder, too, and Tempest's accounts file is where it was.
        """
        asked = {(section, name): value for section, given in overrides.items() for name, value in given.items()}
        own = {("oslo_concurrency", "lock_path"): folder / "locks", ("DEFAULT", "log_file"): folder / "tempest.log"}
        try:
            text = edited(self.file.read_bytes(), {**asked, **{name: str(path) for name, path in own.items()}})
        except OSError as error:
            why = error.strerror or error
            hint = "see the worker's clouds"
            raise StackproofError(f"{self.name}/{CONF} cannot be read: {why}", hint=hint) from None
        file = folder / CONF
        private(file, text)
        return file


def cpid(conf: Path, key: Path) -> str:
    """By which id Refstack knows the cloud of a tempest.conf: a hash of its host with a key of this worker."""
    host = urlsplit(Config.from_files({str(conf): conf.read_bytes()}).get("identity", "uri_v3") or "").hostname or ""
    with suppress(FileExistsError):
        private(key, secrets.token_hex(32).encode())
    return hidden_cpid(host, key.read_bytes())


def private(file: Path, data: bytes) -> None:
    """Write a new file for its owner only; raises `FileExistsError` if it is there."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
