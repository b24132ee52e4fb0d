"""Doing what a fix-up says: shown as SQL before, its rows kept, each database in one transaction."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_cleanup.fixups.fixup import CELL, Fixup
from pytest_cleanup.resource import Resource
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.databases.repair import repair
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import slug

if TYPE_CHECKING:
    from pytest_whitebox.core.databases import Database


def shown(fixup: Fixup, resource: Resource) -> Iterator[str]:
    """What will be done, line by line, for the plan."""
    for part in fixup.parts(resource):
        yield f"-- {fixup.name}, in the database {part.database}, one transaction"
        yield from (f"{statement};" for statement in part.statements)


def do(fixup: Fixup, resource: Resource, databases: Databases, folder: Path) -> int:
    """Do it, and return how many rows were changed; the rows as they were are in ``folder``, for their owner only.

    Raises `StackproofError` if a database refuses, or has nothing to change: the databases after it stay as they are.
    """
    keep, changed = _keeper(fixup, resource, folder), 0
    for part in fixup.parts(resource):
        found = repair(_database(databases, part.database, resource), part.statements, keep)
        if not found:
            hint = f"look at it with `openstack {resource.kind} show {resource.id}`"
            raise StackproofError(f"{resource} is not in the state that {fixup.name} is for", hint=hint)
        changed += found
    return changed


def _database(databases: Databases, name: str, resource: Resource) -> Database:
    return databases.cell_of(resource) if name == CELL else databases(name)


def _keeper(fixup: Fixup, resource: Resource, folder: Path) -> Callable[[str, Sequence[dict[str, Any]]], None]:
    """Keeps rows as lines of JSON, on the disk before anything is changed."""
    file = folder / f"{slug(f'{fixup.name}-{resource.id}')}.jsonl"

    def keep(table: str, rows: Sequence[dict[str, Any]]) -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.writelines(json.dumps({"table": table, "row": row}, default=str) + "\n" for row in rows)
            out.flush()
            os.fsync(out.fileno())

    return keep
