"""The guest of a kept server, from inside: over SSH, with the host key that its console showed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Unusable
from pytest_whitebox.core.command import Result, quote, run
from pytest_whitebox.core.wait import WaitTimeout, wait_for

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place

#: Seconds for a guest to boot and let us in.
BOOT = 300
#: Seconds for one that has booted to let us in.
_DOOR = 90
_KEY = re.compile(r"^((?:ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) \S+)", re.MULTILINE)
#: What ssh exits with if it did not get in.
_NO_DOOR = 255


@dataclass(frozen=True, slots=True)
class Guest:
    """``guest.run([…])`` runs a command as the image's administrator."""

    address: str
    user: str
    key: Path
    known_hosts: Path

    @classmethod
    def of(cls, place: Place, name: str, state: dict[str, Any]) -> Guest:
        """The guest of a server by its state; the files that ssh wants are written into the run's folder."""
        folder = place.directory.folder("guests")
        key, known = folder / "key", folder / f"known-{name}"
        _write(key, place.secrets.get("key") or "")
        _write(known, f"{state['address']} {state['host_key']}\n")
        return cls(state["address"], state["login"], key, known)

    def try_(self, command: list[str], timeout: float = 60) -> Result:
        """Run a command once; `ssh` itself exits with 255 if it does not get in."""
        options = (
            "BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10", "LogLevel=ERROR",
            f"UserKnownHostsFile={self.known_hosts}", "ServerAliveInterval=10",
        )  # fmt: skip
        words = [word for option in options for word in ("-o", option)]
        line = ["ssh", "-F", "none", *words, "-i", str(self.key), f"{self.user}@{self.address}", quote(command)]
        return run(line, timeout=timeout, check=False)

    def run(self, command: list[str], timeout: float = 60, patience: float = _DOOR) -> str:
        """What a command says; the way in gets so many seconds to open. Raises `Unusable`."""
        try:
            result = wait_for(
                lambda: said if (said := self.try_(command, timeout)).rc != _NO_DOOR else None,
                timeout=patience, every=2, what=f"the guest at {self.address} to let us in",
            )  # fmt: skip
        except WaitTimeout as error:
            last = self.try_(["true"]).stderr.strip()
            raise Unusable(f"{error}; ssh says: {last or 'nothing'}", hint="see the server's console log") from None
        if not result.ok:
            said = (result.stderr or result.stdout).strip()
            raise Unusable(f"`{quote(command)}` failed in the guest: {said}", hint="run it by hand there")
        return result.stdout

    def script(self, text: str, *words: str, timeout: float = 120) -> str:
        """What a shell script says, given these arguments."""
        return self.run(["sh", "-euc", text, "sh", *words], timeout)

    @property
    def boot_id(self) -> str:
        """The kernel's id of this boot: another one after a reboot."""
        return self.run(["cat", "/proc/sys/kernel/random/boot_id"]).strip()


def host_key(console: str) -> str:
    """The last SSH host key that a guest has shown on its console; empty if it has shown none.

    >>> host_key("-----BEGIN SSH HOST KEY KEYS-----\\nssh-ed25519 AAAA root@web\\n-----END SSH HOST KEY KEYS-----")
    'ssh-ed25519 AAAA'
    """
    found = _KEY.findall(console)
    return found[-1] if found else ""


def _write(file: Path, text: str) -> None:
    if file.exists() and file.read_text() == text:
        return
    new = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    new.replace(file)
