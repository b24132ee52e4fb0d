"""Roles that we give ourselves for as long as we look, where things are shown to nobody else."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from pytest_cleanup.errors import ApiError
from pytest_cleanup.lock import folder

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_IDENTITY = "identity"


class Grants:
    """``held`` are the addresses of the assignments that we made or share; `close` takes them back.

    Each is written to a file before it is made: what a run that was killed had is taken back by the next, and what
    several runs of this machine have is taken back by the last.
    """

    def __init__(self, view: View) -> None:
        self.held: set[str] = set()
        self._view, self._lock = view, Lock()
        self._views: dict[str, View] = {}
        self._name = f"grants-{hashlib.sha256(view.auth_url.encode()).hexdigest()[:16]}"
        self._file = folder() / f"{self._name}-{os.getpid()}.json"
        with self._alone():
            living, dead = self._others()
            for file in dead:
                self._take_back(_paths(file) - living)
                file.unlink()

    def within(self, project: str) -> View:
        """A view that is scoped to the project, in which we have our role from now on."""
        own = project == self._view.access.project_id
        return self._scoped("" if own else f"/projects/{project}", {"project_id": project})

    def system(self) -> View:
        """A view that is scoped to the whole system, in which we have our role from now on."""
        return self._scoped("/system", {"system_scope": "all"})

    def _scoped(self, target: str, scope: Mapping[str, str]) -> View:
        with self._lock:
            if target not in self._views:
                if target:
                    self._grant(target)
                self._views[target] = self._view.within(**scope)
            return self._views[target]

    def close(self) -> None:
        """Be again what we were."""
        with self._lock, self._alone():
            self._take_back(self.held - self._others()[0])
            self._views.clear()
            self._file.unlink(missing_ok=True)

    def _grant(self, target: str) -> None:
        access = self._view.access
        roles = dict(zip(access.role_names, access.role_ids, strict=True))
        role = roles.get("admin") or next(iter(roles.values()))
        path = f"{target}/users/{access.user_id}/roles/{role}"
        with self._alone():
            shared = path in self._others()[0]
            if not shared and self._has(path):
                return
            self.held.add(path)
            self._file.write_text(json.dumps(sorted(self.held)))
            self._view.put(_IDENTITY, path)

    def _has(self, path: str) -> bool:
        try:
            self._view.ask("HEAD", _IDENTITY, path)
        except ApiError as error:
            if error.absent:
                return False
            raise
        return True

    def _others(self) -> tuple[set[str], list[Path]]:
        """What other processes hold that live, and the files of those that do not."""
        files = [file for file in folder().glob(f"{self._name}-*.json") if file != self._file]
        living = [file for file in files if Path(f"/proc/{file.stem.rpartition('-')[2]}").exists()]
        return set[str]().union(*(_paths(file) for file in living)), [file for file in files if file not in living]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process of this machine gives or takes back at the same time."""
        with (folder() / f"{self._name}.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _take_back(self, paths: set[str]) -> None:
        for path in sorted(paths):
            self._view.delete(_IDENTITY, path)


def _paths(file: Path) -> set[str]:
    try:
        return set(json.loads(file.read_text() or "[]"))
    except FileNotFoundError:
        return set()
