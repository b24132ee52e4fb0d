"""What a run left, in HTML for the report; everything that comes from a cloud or a test is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from pytest_cleanup.aftermath import Aftermath
from pytest_cleanup.evidence.bugreport import groups
from pytest_cleanup.leak import Leak
from pytest_cleanup.resource import Key

_LONGEST = 20_000  # characters of one piece of evidence in the page; the file has all of it

STYLE = """
.sp-leaks { border-collapse: collapse; table-layout: fixed; width: 100%; margin: .5rem 0 1rem; font-size: .85rem; }
.sp-leaks th { text-align: left; background: #f3f5f8; padding: .3rem .6rem; border: 1px solid #e3e8ee; }
.sp-leaks td { vertical-align: top; padding: .3rem .6rem; border: 1px solid #e3e8ee; overflow-wrap: anywhere; }
.sp-leaks tr.sp-cause td { background: #fafbfc; font-weight: 600; }
.sp-leaks .sp-id { display: block; }
.sp-leaks th:last-child { width: 36%; }
.sp-leaks details.sp { display: inline-block; box-sizing: border-box; max-width: 100%; }
.sp-leaks details.sp { margin: 0 .3rem 0 0; padding: .1rem .5rem; }
.sp-leaks details.sp summary { white-space: nowrap; }
.sp-leaks details.sp pre { white-space: pre-wrap; }
.sp-good { color: #14743e; } .sp-bad { color: #a3231b; }
"""


def section(told: Aftermath) -> str:
    """A table of all leaks by their cause, each with its test and its evidence, and the verdict on top."""
    mood = "sp-bad" if told.problem or (told.leaks and told.done is None) or told.exit_code else "sp-good"
    head = f'<h2>Left in the cloud</h2><p class="sp-verdict {mood}">{escape(told.verdict)}</p>'
    rows = "".join(_group(cause, leaks, told.folders) for cause, leaks in groups(told.leaks))
    titles = "<tr><th>resource</th><th>made by</th><th>evidence</th></tr>"
    table = f'<table class="sp-leaks">{titles}{rows}</table>' if rows else ""
    more = [
        ("Plan", told.plan), ("Changed", told.changes), ("Gone since", [str(one) for one in told.lost]),
        ("Kept", [f"{one}: {why}" for one, why in told.others]),
        ("Behind the APIs", told.beneath), ("Not looked behind the APIs", told.unseen),
        ("Not looked at", [f"{kind}: {why}" for kind, why in told.unknown.items()]),
        ("Did not go", [line for failure in (told.done.failures if told.done else ()) for line in failure.lines()]),
    ]  # fmt: skip
    return head + table + "".join(_fold(title, lines) for title, lines in more if lines)


def of_tests(leaks: Iterable[Mapping[str, Any]]) -> str:
    """The same of what tests were found to have left as soon as they ended, where nobody looked at the whole cloud."""
    rows = "".join(
        f"<tr><td>{escape(_name(leak))}<span class='sp-id'>{escape(leak['cause'])}</span></td>"
        f"<td>{escape((leak['attribution'] or {}).get('nodeid', ''))}</td></tr>"
        for leak in leaks
    )
    head = "<h2>Left in the cloud</h2>"
    return f'{head}<table class="sp-leaks"><tr><th>resource</th><th>made by</th></tr>{rows}</table>' if rows else ""


def _group(cause: str, leaks: list[Leak], folders: Mapping[Key, Path]) -> str:
    head = f'<tr class="sp-cause"><td colspan="3">{len(leaks)} x {escape(cause)}</td></tr>'
    return head + "".join(_row(leak, folders.get(leak.resource.key)) for leak in leaks)


def _row(leak: Leak, folder: Path | None) -> str:
    resource, made = leak.resource, leak.attribution
    name = f'<b>{escape(resource.kind)}</b> {escape(resource.name)} <span class="sp-id">{escape(resource.id)}</span>'
    status = f" {escape(resource.status)}" if resource.status else ""
    who = escape(str(made) if made else "nobody that is known")
    files = sorted(folder.iterdir()) if folder and folder.is_dir() else []
    shown = "".join(
        _fold(file.name, [file.read_text(errors="replace")[-_LONGEST:]]) for file in files if file.is_file()
    )
    return f"<tr><td>{name}{status}</td><td>{who}</td><td>{shown}</td></tr>"


def _fold(title: str, lines: Iterable[str]) -> str:
    text = escape("\n".join(lines))
    return f'<details class="sp"><summary>{escape(title)}</summary><pre>{text}</pre></details>'


def _name(leak: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (leak["kind"], leak.get("name", ""), leak["id"], leak.get("status") or "")))
