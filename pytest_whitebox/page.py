"""The parts of the report in HTML; everything that comes from a cloud or a test is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_whitebox.seen import Fact

if TYPE_CHECKING:
    from pytest_whitebox.core.domain.difference import Change, Difference

_LONGEST = 100_000  # characters of one piece of evidence in the page; the file has all of it
_SHORT, _FEW = 110, 4  # a cell shows that many characters of that many facts

STYLE = """
body { display: flex; flex-direction: column; max-width: 1400px; margin: 0 auto; padding: 1.5rem;
       font: 14px/1.5 system-ui, sans-serif; color: #1c2733; }
#title { font-size: 1.5rem; margin: 0; } body > p { color: #66727f; font-size: .8rem; }
#environment-header, #environment { order: 9; opacity: .7; }
.sp-cloud { display: flex; flex-wrap: wrap; gap: .75rem; margin: .5rem 0 1rem; }
.sp-card { border: 1px solid #d8dee5; border-radius: 8px; padding: .6rem .9rem; background: #fafbfc; }
.sp-card b { display: block; font-size: .72rem; color: #66727f; font-weight: 600; letter-spacing: .03em; }
.sp-host { flex: 1 1 22rem; } .sp-host ul { list-style: none; margin: .2rem 0 0; padding: 0; columns: 2; }
.sp-up::before { content: "\\25CF "; color: #1a9c54; } .sp-down::before { content: "\\25CF "; color: #d0342c; }
.run-count, .filter:not(input) { display: none; }
.sp-verdict { font-size: 1.15rem; font-weight: 600; margin: .25rem 0; }
#results-table { border-color: #e3e8ee; } #results-table th { background: #f3f5f8; }
#results-table, .sp-name, .sp-seen code { color: #1c2733; } #results-table td { vertical-align: top; }
.col-result { font-weight: 600; width: 5rem; } td.col-testId { width: 34%; } td.col-duration { width: 5rem; }
.logwrapper .log { background: #f8fafb; }
.sp-name { font-weight: 600; } .sp-id { color: #66727f; font-size: .75rem; }
.sp-seen code { display: block; font-size: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.sp-seen em { color: #66727f; font-style: normal; }
.sp-seen code em { display: block; padding-left: 1.5em; }
details.sp { margin: .35rem 0; border: 1px solid #d8dee5; border-radius: 6px; background: #fff; }
details.sp > summary { cursor: pointer; padding: .35rem .7rem; font-weight: 600; }
details.sp pre { margin: 0; padding: .7rem; max-height: 32rem; overflow: auto; font-size: .75rem;
                 border-top: 1px solid #e3e8ee; background: #f8fafb; }
.sp-changes { border-collapse: collapse; margin: .5rem .7rem; font: .78rem/1.6 ui-monospace, monospace; }
.sp-changes th { text-align: left; font-weight: 600; color: #66727f; padding-right: 1.5rem; }
.sp-changes td { padding-right: 1.5rem; vertical-align: top; overflow-wrap: anywhere; }
.sp-before { background: #fdeceb; color: #a3231b; } .sp-after { background: #e6f6ec; color: #14743e; }
details.sp pre .sp-before, details.sp pre .sp-after { display: inline-block; min-width: 100%; }
.sp-at { color: #66727f; }
"""


def cloud(facts: Mapping[str, Any]) -> str:
    """Which cloud this was: its name, release and services, and what ran on each host."""
    words = ("cloud", "release", "region", "auth host", "compute microversion", "missing")
    cards = [_card(word, str(facts[word])) for word in words if facts.get(word)]
    cards += [_card("services", ", ".join(facts["services"]))] if facts.get("services") else []
    told = facts.get("facts", {})
    hosts = [_host(name, services, told.get(name, ())) for name, services in facts.get("hosts", {}).items()]
    return f'<div class="sp-cloud">{"".join(cards)}</div><div class="sp-cloud">{"".join(hosts)}</div>'


def verdict(outcomes: Mapping[str, int], seconds: float) -> str:
    """The run in one line, such as ``10 tests in 4 min 12 s: 9 passed, 1 failed``."""
    minutes, rest = divmod(round(seconds), 60)
    time = f"{minutes} min {rest} s" if minutes else f"{rest} s"
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    total = sum(outcomes.values())
    return f'<p class="sp-verdict">{total} test{"" if total == 1 else "s"} in {time}: {escape(counts)}</p>'


def name_cell(nodeid: str) -> str:
    """A test by its name, in words, and its id."""
    words = nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return (
        f'<td class="col-testId"><span class="sp-name">{escape(words)}</span><br>'
        f'<span class="sp-id">{escape(nodeid)}</span></td>'
    )


def seen_cell(facts: Iterable[Fact], otherwise: str) -> str:
    """The first facts of a test, or why there are none."""
    facts = list(facts)
    shown = [
        f"<code>{escape(_first_line(assertion))}<em>{escape(_first_line(values))}</em></code>"
        for _, assertion, values in facts[:_FEW]
    ]
    more = f"<em>and {len(facts) - _FEW} more</em>" if len(facts) > _FEW else ""
    return f'<td class="col-seen sp-seen">{"".join(shown) + more or f"<em>{escape(otherwise)}</em>"}</td>'


def facts(facts: Iterable[Fact]) -> str:
    """Every assertion that held, with the values of its parts."""
    told = "\n\n".join(f"line {line}: assert {assertion}\n  {values}" for line, assertion, values in facts)
    return _details("What was seen", told) if told else ""


def difference(found: Difference) -> str:
    """The facts of a guest that changed, as a table, and the lines of its XML that did."""
    count = len(found.changes)
    rows = "".join(map(_change, found.changes))
    lines = "\n".join(map(_line, found.lines))
    return (
        f'<details class="sp" open><summary>{count} fact{"" if count == 1 else "s"} of the guest changed</summary>'
        f'<table class="sp-changes"><tr><th>fact</th><th>before</th><th>after</th></tr>{rows}</table>'
        f"{f'<pre>{lines}</pre>' if lines else ''}</details>"
    )


def evidence(file: Path) -> str:
    """A file of the evidence, folded."""
    text = file.read_text(errors="replace")
    cut = f"(the first {len(text) - _LONGEST} characters are in {file})\n" if len(text) > _LONGEST else ""
    return _details(file.name, cut + text[-_LONGEST:])


def _details(title: str, text: str) -> str:
    return f'<details class="sp"><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>'


def _change(change: Change) -> str:
    from pytest_whitebox.core.domain.part import shown

    before, after = escape(shown(change.before)), escape(shown(change.after))
    return (
        f"<tr><td>{escape(change.fact)}</td>"
        f'<td><span class="sp-before">{before}</span></td><td><span class="sp-after">{after}</span></td></tr>'
    )


def _line(line: str) -> str:
    kind = {"-": "sp-before", "+": "sp-after", "@": "sp-at"}.get(line[:1])
    return f'<span class="{kind}">{escape(line)}</span>' if kind else escape(line)


def _card(title: str, text: str) -> str:
    return f'<div class="sp-card"><b>{escape(title)}</b>{escape(text)}</div>'


def _host(name: str, services: Mapping[str, str], facts: Iterable[str]) -> str:
    rows = [
        f'<li class="sp-{"up" if state == "up" else "down"}">{escape(service)}</li>'
        for service, state in services.items()
    ]
    told = "".join(f'<br><span class="sp-id">{escape(fact)}</span>' for fact in facts)
    return f'<div class="sp-card sp-host"><b>host</b>{escape(name)}{told}<ul>{"".join(rows)}</ul></div>'


def _first_line(values: str) -> str:
    line = values.splitlines()[0] if values else ""
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "…"
