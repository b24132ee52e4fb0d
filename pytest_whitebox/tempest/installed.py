"""The Tempest that is installed, and its plugins, told without importing any of it."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError

_GROUP = "tempest.test_plugins"
#: Their versions shape what is collected, too.
_BESIDE = ("testtools", "testscenarios", "fixtures", "oslo.config")


@dataclass(frozen=True)
class Installed:
    """Tempest's version and the entry points of its plugins."""

    version: str
    plugins: tuple[EntryPoint, ...]

    @classmethod
    def find(cls) -> Installed:
        """Look for it; raises `StackproofError` if there is none."""
        try:
            found = version("tempest")
        except PackageNotFoundError:
            hint = "pip install 'stackproof[tempest]'"
            raise StackproofError("--tempest needs Tempest, which is not installed here", hint=hint) from None
        return cls(found, tuple(sorted(entry_points(group=_GROUP), key=lambda one: one.name)))

    @property
    def packages(self) -> tuple[str, ...]:
        """The top packages that tests come from."""
        return tuple(dict.fromkeys(["tempest", *(one.module.partition(".")[0] for one in self.plugins)]))

    @cached_property
    def digest(self) -> str:
        """Changes with each byte of Python in these packages, and with the versions of what they stand on."""
        whole = hashlib.sha256(f"{sys.version} {self.version} {self.plugins}".encode())
        for name in _BESIDE:
            whole.update(f"{name} {_version(name)}".encode())
        for file in sorted(file for name in self.packages for file in _sources(name)):
            whole.update(f"\0{file}\0".encode())
            whole.update(file.read_bytes())
        return whole.hexdigest()


@contextmanager
def unwarned() -> Iterator[None]:
    """What OpenStack's libraries warn themselves about is nothing that their users could mend.

    It is for where pytest catches no warnings.
    """
    with warnings.catch_warnings(action="ignore"):
        yield


def unusable(error: Exception) -> StackproofError:
    """What is said of a Tempest that does not load, whatever it says itself."""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return StackproofError(
        f"Tempest or one of its plugins cannot be loaded: {type(error).__name__}: {said}",
        hint="`tempest run --list-tests` says more; install versions that fit this Python and each other",
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _sources(package: str) -> Iterator[Path]:
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from Path(place).rglob("*.py")
