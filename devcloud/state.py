"""The state folder: all that a cloud is between two runs, and the only place where devcloud writes."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_whitebox.core.errors import StackproofError

DEFAULT = Path("/var/lib/devcloud")
DEFAULT_RELEASE = "2025.1"
_MARKER = "devcloud.json"
_LOCK = ".lock"
_SCHEMA = 3
#: What this version reads: 2 knew no upgrades.
_READ = (2, _SCHEMA)
_SECRETS = ("admin", "user", "service", "database", "queue", "metadata", "hash_prefix", "hash_suffix")
#: Secrets of single services: Barbican's key-encrypting key, Heat's for what it stores, and BIND's for `rndc`.
_KEYS = ("kek", "stacks", "rndc")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An upgrade that has begun and not ended: the release that it leads to, ``cold`` or ``rolling``.

    ``done`` are the ids of its steps that are done, ``moved`` the daemons, as "nova-api on controller", that belong at
    the new release.
    """

    target: str
    manner: str
    done: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a cloud is to be: `devcloud up` makes it so.

    ``subnet`` is the third byte of the management network: 77 means 10.213.77.0/24 for hosts and
    10.213.78.0/24 for floating IPs. ``workers`` is how many instances each API has behind HAProxy. While an ``upgrade``
    is under way ``release`` is the one that it came from.
    """

    release: str = DEFAULT_RELEASE
    services: tuple[str, ...] = ()
    subnet: int = 77
    computes: int = 2
    workers: int = 1
    tls: bool = False
    upgrade: Upgrade | None = None
    schema: int = _SCHEMA

    def release_of(self, daemon: str) -> str:
        """The release that a daemon belongs at, as "nova-api on controller".

        >>> half = Settings("2025.1", upgrade=Upgrade("2025.2", "rolling", moved=("nova-api on controller",)))
        >>> half.release_of("nova-api on controller"), half.release_of("nova-compute on compute1")
        ('2025.2', '2025.1')
        """
        moved = self.upgrade is not None and daemon in self.upgrade.moved
        return self.upgrade.target if self.upgrade and moved else self.release

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that the cloud needs the programs of."""
        return (self.release, *([self.upgrade.target] if self.upgrade else []))


@dataclass(frozen=True, slots=True)
class State:
    """Paths of one state folder."""

    path: Path

    @property
    def exists(self) -> bool:
        """True if a cloud was made here."""
        return (self.path / _MARKER).is_file()

    @property
    def environments(self) -> Path:
        """One virtual environment per release."""
        return self.path / "env"

    @property
    def cache(self) -> Path:
        """What was downloaded or built and can be had again."""
        return self.path / "cache"

    @property
    def hosts(self) -> Path:
        """One folder per host."""
        return self.path / "hosts"

    @property
    def has_hosts(self) -> bool:
        """True if hosts were made here, with the addresses that they will always have."""
        return self.hosts.is_dir() and any(self.hosts.iterdir())

    @property
    def export(self) -> Path:
        """What stands in for the NFS export that holds the volumes."""
        return self.path / "export"

    @property
    def instances(self) -> Path:
        """The disks of all servers: every compute host has this folder as Nova's own."""
        return self.path / "instances"

    @property
    def saved(self) -> Path:
        """Clouds that were put aside, a folder each."""
        return self.path / "saved"

    @property
    def clouds_yaml(self) -> Path:
        """How a client reaches the cloud."""
        return self.path / "clouds.yaml"

    @property
    def authority(self) -> Path:
        """The certificate authority of a cloud with TLS."""
        return self.path / "ca"

    @property
    def ssh_config(self) -> Path:
        """How a client reaches the hosts."""
        return self.path / "ssh_config"

    @property
    def ssh_key(self) -> Path:
        """The key that opens every host."""
        return self.path / "ssh_key"

    @property
    def migration_key(self) -> Path:
        """The key by which a compute host reaches another, to move a server there."""
        return self.path / "migration_key"

    def token(self, host: str) -> str:
        """What the processes of a host carry in their environment."""
        return f"{self.path}:{host}"

    def refuse_foreign(self) -> None:
        """Raise `StackproofError` if the folder holds something that no devcloud made."""
        if self.path.exists() and not self.path.is_dir():
            raise StackproofError(f"{self.path} is no folder", hint="give a folder with --state DIR")
        if self.path.exists() and not self.exists and set(os.listdir(self.path)) - {_LOCK}:
            raise StackproofError(
                f"{self.path} is not empty and no devcloud made it", hint="give another folder with --state DIR"
            )

    def create(self, settings: Settings) -> None:
        """Make the folder; refuses one that holds something else."""
        self.refuse_foreign()
        for folder in (self.path, self.environments, self.cache, self.hosts, self.export, self.instances):
            folder.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o755)
        self.write(settings)

    def write(self, settings: Settings) -> None:
        """Record the settings."""
        write_atomically(self.path / _MARKER, json.dumps(asdict(settings), indent=2) + "\n")

    def settings(self) -> Settings:
        """The recorded settings; raises `StackproofError` if there is no cloud here or a newer devcloud made it."""
        try:
            recorded = json.loads((self.path / _MARKER).read_text())
        except (FileNotFoundError, NotADirectoryError):
            raise StackproofError(f"there is no cloud in {self.path}", hint="make one with `devcloud up`") from None
        except ValueError:
            raise StackproofError(
                f"{self.path / _MARKER} cannot be read as JSON", hint="mend it, or remove the folder and start again"
            ) from None
        return settings_from(recorded, self.path)

    def secrets(self) -> dict[str, str]:
        """The cloud's passwords, made when they are first asked for and kept in a file that only root reads."""
        file = self.path / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        passwords = {name: secrets.token_urlsafe(18) for name in _SECRETS if name not in known}
        keys = {name: secrets.token_hex(32) for name in _KEYS if name not in known}
        if passwords or keys:
            known |= passwords | keys
            write_atomically(file, json.dumps(known), mode=0o600)
        return known

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one command; a second one is told who holds it."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / _LOCK).open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise StackproofError(
                    f"another devcloud command (pid {lock.read().strip()}) is at work in {self.path}",
                    hint="wait for it to end",
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def remove(self) -> None:
        """Delete the folder and all in it; refuses a folder that no devcloud made."""
        self.refuse_foreign()
        shutil.rmtree(self.path)


def settings_from(recorded: dict[str, Any], where: Path) -> Settings:
    """Settings as JSON has them; raises `StackproofError` if another version of devcloud recorded them ``where``."""
    if recorded.get("schema") not in _READ:
        raise StackproofError(
            f"{where} was made by another version of devcloud", hint="use that version, or another --state"
        )
    upgrade = recorded.get("upgrade")
    if upgrade:
        upgrade = Upgrade(upgrade["target"], upgrade["manner"], tuple(upgrade["done"]), tuple(upgrade["moved"]))
    read = {**recorded, "services": tuple(recorded["services"]), "upgrade": upgrade, "schema": _SCHEMA}
    return Settings(**read)


def write_atomically(file: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all; ``mode`` holds from the first byte."""
    aside = file.with_name(f".{file.name}.new")
    aside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
            out.write(text)
        aside.chmod(mode)
        aside.rename(file)
    finally:
        aside.unlink(missing_ok=True)
