"""The clouds that a worker holds: a folder for each, with its tempest.conf. Jobs know them by name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pytest_whitebox.core.configuration import Config, edited
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.refstack import hidden_cpid

#: The file that leads into a cloud, in its folder.
CONF = "tempest.conf"


@dataclass(frozen=True, slots=True)
class Held:
    """A cloud, and the tempest.conf that leads into it with its credentials."""

    name: str
    file: Path

    @classmethod
    def find(cls, clouds: Path, name: str) -> Held:
        """The cloud of that name below ``clouds``; raises `StackproofError` if this worker does not hold it."""
        file = clouds / name / CONF
        if not file.is_file():
            raise StackproofError(f"this worker holds no cloud {name!r}", hint=f"write {name}/{CONF} in its clouds")
        return cls(name, file)

    def conf(self, folder: Path, overrides: Mapping[str, Mapping[str, str]]) -> Path:
        """Write its tempest.conf with what a job sets into a folder, for its owner only.

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
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(text)
        return file


def cpid(conf: Path, key: Path) -> str:
    """By which id Refstack knows the cloud of a tempest.conf: a hash of its host with a key of this worker."""
    host = urlsplit(Config.from_files({str(conf): conf.read_bytes()}).get("identity", "uri_v3") or "").hostname or ""
    try:
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return hidden_cpid(host, key.read_bytes())
