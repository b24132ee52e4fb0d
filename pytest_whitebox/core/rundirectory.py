"""Where a run leaves what it found: ``.stackproof/runs/<UTC stamp>-<id>``, and ``latest`` beside it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LONGEST = 100
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """One run's folder; it comes into being when something is first put into it.

    >>> RunDirectory(Path("runs"), "20261121T073000Z-3f9a1c").id
    '3f9a1c'
    """

    base: Path
    name: str

    @classmethod
    def new(cls, base: Path) -> RunDirectory:
        """A directory for a run that starts now; nothing is created yet."""
        stamp = datetime.now(UTC).strftime(_STAMP)
        return cls(base, f"{stamp}-{secrets.token_hex(3)}")

    @property
    def id(self) -> str:
        """The run's short id; what a run makes in a cloud carries it in its name."""
        return self.name.rpartition("-")[2]

    @property
    def began(self) -> float:
        """When the run began, in seconds since 1970: the same for all its processes.

        >>> RunDirectory(Path("runs"), "20261121T073000Z-3f9a1c").began
        1795246200.0
        """
        return datetime.strptime(self.name.partition("-")[0], _STAMP).replace(tzinfo=UTC).timestamp()

    @property
    def path(self) -> Path:
        """The folder, not necessarily there yet."""
        return self.base / self.name

    def folder(self, *parts: str) -> Path:
        """The run's folder, or one inside it, created if it is missing and readable by its owner only."""
        if not self.path.is_dir():
            self._create()
        folder = self.path.joinpath(*(slug(part) for part in parts))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _create(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.base / ".gitignore").write_text("*\n")
        link, new = self.base / "latest", self.base / f".latest-{self.id}-{secrets.token_hex(3)}"
        new.symlink_to(self.name)
        new.replace(link)


def slug(text: str) -> str:
    """A text as a file name.

    >>> slug("tests/test_a.py::test_b[x/y]")
    'tests-test_a.py-test_b-x-y'
    """
    return re.sub(r"[^\w.]+", "-", text).strip("-.")[:_LONGEST] or "unnamed"
