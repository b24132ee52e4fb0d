"""A run as one file: to take it to another machine, or to attach it to a bug."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from pytest_upgrade.store import tables
from pytest_upgrade.store.migrations import VERSION
from pytest_upgrade.store.rows import number_of
from pytest_upgrade.store.values import Piece, Run
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.store import Store

#: By what an archive is recognized, and the version of its form.
_MARK, _FORM = "stackproof_upgrade_run", 1


def packed(
    store: Store, run: Run, secrets: Mapping[str, str] | None = None, pieces: Sequence[Piece] = ()
) -> str:  # fmt: skip
    """The run with all that belongs to it; without its secrets unless they are given.

    ``pieces`` are of what was observed of it, in the place of the copy that the store may have.
    """
    with store.reading() as connection:
        rows = {
            table.name: [
                {name: _plain(value) for name, value in row._mapping.items() if name != "run"}
                for row in connection.execute(select(table).where(table.c.run == run.id).order_by(table.c.id))
            ]
            for table in tables.OF_A_RUN
        }
    if pieces:
        rows[tables.pieces.name] = [
            {name: _plain(value) for name, value in asdict(one).items()} for one in pieces
        ]  # fmt: skip
    document = {_MARK: _FORM, "schema": VERSION, "run": asdict(run), "tables": rows}
    return json.dumps(document | ({"secrets": dict(secrets)} if secrets is not None else {}), indent=1) + "\n"


def fits(text: str) -> bool:
    """True for what `packed` wrote, whatever its version."""
    return text.lstrip().startswith("{") and f'"{_MARK}"' in text[:200]


def unpacked(store: Store, text: str) -> tuple[Run, dict[str, str]]:
    """Put an archive into a store and return its run and secrets; raises `StackproofError` and leaves all as it was."""
    run, rows, secrets = _read(text)
    if store.runs(id=run.id):
        raise StackproofError(f"the store has run {run.id} already", hint=f"see `pytest-upgrade show {run.id}`")
    with store.writing() as connection:
        connection.execute(insert(tables.runs).values(**asdict(run)))
        numbers: dict[int, int] = {}
        for table in tables.OF_A_RUN:
            for row in rows.get(table.name, ()):
                number = row.pop("id", 0)
                if "attempt" in row:
                    row["attempt"] = numbers.get(row["attempt"], 0)
                if "data" in row:
                    row["data"] = base64.b64decode(row["data"])
                done = connection.execute(insert(table).values(run=run.id, **row))
                if table is tables.attempts:
                    numbers[number] = number_of(done)
    return run, secrets


def _read(text: str) -> tuple[Run, dict[str, list[dict[str, Any]]], dict[str, str]]:
    try:
        document = json.loads(text)
        form, schema = document[_MARK], document["schema"]
        if form > _FORM or schema > VERSION:
            raise StackproofError(
                f"the archive has schema {schema}, and this stackproof knows schemas up to {VERSION}",
                hint="use the stackproof that wrote it, or a newer one",
            )
        return Run(**document["run"]), document["tables"], dict(document.get("secrets") or {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StackproofError(
            f"the archive cannot be read: {error}", hint="write it again with `pytest-upgrade export`"
        ) from None


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
