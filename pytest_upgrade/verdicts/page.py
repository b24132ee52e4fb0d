"""The verdicts and the timeline in HTML: one piece for a report, or a page of its own; it opens offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_upgrade.verdicts.thresholds import Thresholds
from pytest_upgrade.verdicts.verdict import ServiceVerdict

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Run

_FOLDER = Path(__file__).parent
_SHOWN = 200  # findings of one verdict on the page; the JSON has all of them


def of_run(store: Store, run: Run, folder: Path, limits: Thresholds | None = None) -> str:
    """The piece for a report about a run with this folder; empty where nothing was observed."""
    from pytest_upgrade.verdicts.judging import Case
    from pytest_upgrade.verdicts.judging import verdicts as judged
    from pytest_upgrade.verdicts.picture import picture as drawn
    from pytest_upgrade.verdicts.samples import Samples

    samples = Samples(folder) if Samples.are_in(folder) else None
    case = Case.of(store, run, samples, limits or Thresholds())
    if samples is None and not case.guests:
        return ""
    return section(run.id, judged(case), drawn(case, samples.failures() if samples else ()))


def section(run: str, verdicts: Sequence[ServiceVerdict], picture: dict[str, Any]) -> str:
    """The table of verdicts, the timeline, and what draws it."""
    style, script = ((_FOLDER / f"timeline.{kind}").read_text() for kind in ("css", "js"))
    data = json.dumps(picture, separators=(",", ":")).replace("</", "<\\/")
    return (
        f"<style>{style}</style><section class='su' id='su'>"
        f"<h2>Upgrade run {escape(run)}: what was observed</h2>{_table(verdicts)}"
        "<div id='su-picture'></div><p class='su-help'>Wheel: zoom. Drag: move. Double click: all of it. "
        "Click on a lane: its response times.</p>"
        f"<script type='application/json' id='su-data'>{data}</script><script>{script}</script></section>"
    )


def alone(run: str, verdicts: Sequence[ServiceVerdict], picture: dict[str, Any]) -> str:
    """The same as a page."""
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        "<meta name='color-scheme' content='light dark'>"
        f"<title>Upgrade run {escape(run)}</title>"
        f"<body class='su-alone'>{section(run, verdicts, picture)}</body></html>\n"
    )


def _table(verdicts: Sequence[ServiceVerdict]) -> str:
    tags = list(dict.fromkeys(one.tag for one in verdicts))
    head = "".join(f"<th>{escape(tag)}</th>" for tag in tags)
    services: dict[str, list[ServiceVerdict]] = {}
    for one in verdicts:
        services.setdefault(one.service, []).append(one)
    rows = "".join(
        f"<tr><th>{escape(service)}</th>{''.join(_cell_of(found, tag) for tag in tags)}</tr>"
        for service, found in services.items()
    )
    return f"<table class='su-verdicts'><tr><th></th>{head}</tr>{rows}</table>"


def _cell_of(found: Sequence[ServiceVerdict], tag: str) -> str:
    """Of guests there is a verdict under one tag only."""
    return next((_cell(one) for one in found if one.tag == tag), "<td></td>")


def _cell(one: ServiceVerdict) -> str:
    deciding = [finding for finding in one.findings if finding.word is one.word][:_SHOWN]
    items = "".join(f"<li>{escape(str(finding))}</li>" for finding in deciding)
    steps = f"<span class='su-steps'>{escape(', '.join(one.steps))}</span>" if one.steps else ""
    return (
        f"<td><details><summary><b class='su-word su-{one.word}'>{one.word}</b>{steps}</summary>"
        f"<p>{escape(one.resolution)}</p><ul>{items}</ul></details></td>"
    )
