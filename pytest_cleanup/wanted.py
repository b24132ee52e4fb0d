"""What the user wants done about leaks in this run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_cleanup import settings
from pytest_whitebox.core.errors import StackproofError


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings of a run; ``source`` tells which door the mode came through."""

    mode: str
    source: str
    leaks: str
    leaks_source: str
    snapshot: Path | None
    scope: str
    emptied: tuple[str, ...]
    fixups: tuple[str, ...]
    everything: bool

    @classmethod
    def of(cls, config: pytest.Config) -> Wanted:
        """Read the settings; raises `pytest.UsageError` for nonsense, and for ``all`` without its second word."""
        try:
            wanted = cls._read(config)
            wanted._check()
        except StackproofError as error:
            raise pytest.UsageError(error.sentence) from None
        return wanted

    @classmethod
    def _read(cls, config: pytest.Config) -> Wanted:
        mode, source = settings.MODE.read(config)
        leaks, leaks_source = settings.LEAKS.read(config)
        snapshot, _ = settings.SNAPSHOT.read(config)
        path = config.invocation_params.dir / Path(snapshot).expanduser() if snapshot else None
        fixups, emptied = _names(settings.FIXUPS.read(config)[0]), _names(settings.EMPTIED.read(config)[0])
        scope, everything = settings.SCOPE.read(config)[0], settings.EVERYTHING.read(config)[0]
        return cls(mode, source, leaks, leaks_source, path, scope, emptied, fixups, everything)

    @property
    def on(self) -> bool:
        """True if there is anything to do."""
        return self.mode != settings.OFF or self.leaks != settings.OFF

    @property
    def looks(self) -> bool:
        """True if the cloud is looked at before the first test and after the last."""
        return self.mode != settings.OFF

    @property
    def deletes(self) -> bool:
        """True if what is left is removed."""
        return self.mode in ("preserve", "all")

    def header(self) -> Iterator[str]:
        """One line: the mode and each setting that is not as by default."""
        told = [f"{self.mode} ({self.source})"]
        told += [f"leaks {self.leaks} ({self.leaks_source})"] if self.leaks != settings.OFF else []
        told += [f"scope {self.scope}"] if self.deletes else []
        told += [f"back to {self.snapshot}"] if self.snapshot and self.looks else []
        told += [f"fix-ups {', '.join(self.fixups)}"] if self.fixups else []
        yield f"cleanup: {', '.join(told)}"

    def _check(self) -> None:
        if self.mode == "all" and not self.everything:
            raise StackproofError(
                f"--cleanup=all (from {self.source}) deletes everything in the cloud, whoever made it",
                hint=f"add {settings.EVERYTHING.option} if that is meant, or take --cleanup=preserve",
            )


def _names(text: str) -> tuple[str, ...]:
    """Names between commas.

    >>> _names("port, network,")
    ('port', 'network')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())
