"""The sheet of figures: figures.json keeps every measurement, figures.md is the page of the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import describe

FOLDER = Path(__file__).parents[2] / "docs" / "figures"
_HEAD = """\
# Figures

Whole processes, measured by `make bench` from outside; the suites by `python -m tests.acceptance.suites`. The median is
what counts; the spread shows how quiet the machine was. Every measurement is in `figures.json` beside this page.
"""


def write(group: str, figures: Iterable[Figure]) -> list[Figure]:
    """Replace a group of figures on the sheet as they are taken, and return them."""
    taken: list[Figure] = []
    for figure in figures:
        taken.append(_shown(figure))
        _record(group, taken)
    return taken


def _record(group: str, taken: list[Figure]) -> None:
    file = FOLDER / "figures.json"
    FOLDER.mkdir(parents=True, exist_ok=True)
    sheet = json.loads(file.read_text()) if file.exists() else {}
    sheet[group] = {
        "taken": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": describe(),
        "figures": [asdict(figure) for figure in taken],
    }
    file.write_text(json.dumps(sheet, indent=1) + "\n")
    (FOLDER / "index.md").write_text("\n".join(_page(sheet)) + "\n")


def _shown(figure: Figure) -> Figure:
    print(figure.row(), flush=True)
    return figure


def _page(sheet: dict[str, dict[str, object]]) -> Iterable[str]:
    yield _HEAD
    for group, content in sheet.items():
        yield f"## {group[0].upper()}{group[1:]}\n"
        yield f"Taken on {content['taken']}: {content['machine']}.\n"
        yield "| what | median | spread | limit | |"
        yield "|---|---:|---|---:|---|"
        rows = content["figures"]
        assert isinstance(rows, list)
        yield from (Figure(**{**row, "values": tuple(row["values"])}).row() for row in rows)
        yield ""
