"""Who may submit jobs, run them, or see all: names with the digests of their tokens, in a file of the monitor's."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Literal

from pytest_whitebox.core.errors import StackproofError

Kind = Literal["users", "hosts", "admins"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")


class Tokens:
    """A file of tokens' digests; it is read anew when it has changed, so that a token can be taken away.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     tokens = Tokens(Path(folder) / "tokens.json")
    ...     token = tokens.make("hosts", "node1")
    ...     tokens.name("hosts", token), tokens.name("users", token)
    ('node1', None)
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read_at: tuple[int, int] | None = None
        self._known: dict[str, dict[str, str]] = {}

    def name(self, kind: Kind, token: str) -> str | None:
        """Whose token it is; None for a stranger's."""
        return {digest: name for name, digest in self._all().get(kind, {}).items()}.get(_digest(token))

    def make(self, kind: Kind, name: str) -> str:
        """A new token for a name, in the place of its old one; it is written down nowhere else."""
        if not _NAME.match(name):
            raise StackproofError(f"{name!r} is no name", hint="use letters, digits, dots and dashes, at most 63")
        token = secrets.token_urlsafe(32)
        known = self._all()
        known.setdefault(kind, {})[name] = _digest(token)
        self._write(known)
        return token

    def remove(self, kind: Kind, name: str) -> None:
        """Take the token of a name away; raises `StackproofError` if it has none."""
        known = self._all()
        if known.get(kind, {}).pop(name, None) is None:
            raise StackproofError(f"{name} has no token in {self.file}", hint="look at the file")
        self._write(known)

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            stat = self.file.stat()
        except OSError:
            return {}
        if self._read_at != (stat.st_mtime_ns, stat.st_ino):
            try:
                known = json.loads(self.file.read_text())
                self._known = {str(kind): dict(names) for kind, names in known.items()}
            except (OSError, ValueError, AttributeError, TypeError):
                hint = "move it away and make the tokens again"
                raise StackproofError(f"{self.file} cannot be read as a file of tokens", hint=hint) from None
            self._read_at = (stat.st_mtime_ns, stat.st_ino)
        return self._known

    def _write(self, known: dict[str, dict[str, str]]) -> None:
        new = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
                stream.write(json.dumps(known, indent=1) + "\n")
            new.replace(self.file)
        except OSError as error:
            raise StackproofError(
                f"{self.file} cannot be written: {error.strerror}", hint="name another folder"
            ) from None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
