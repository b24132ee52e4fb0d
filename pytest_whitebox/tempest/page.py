"""The capabilities of a guideline in the report in HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from pytest_whitebox.tempest.interop import VERDICTS, Judged

_FEW = 5  # tests that are named of one capability; interop.json has all

#: For itself, since a run that chooses no cloud has no other.
STYLE = """
.sp-interop { margin: 1rem 0 1.5rem; color: #1c2733; }
.sp-interop h2 { font-size: 1.15rem; margin: .25rem 0; } .sp-interop p { margin: .25rem 0; }
.sp-interop > p { color: #66727f; font-size: .8rem; overflow-wrap: anywhere; }
.sp-interop table { border-collapse: collapse; width: 100%; margin: .6rem 0; table-layout: fixed; }
.sp-interop th { background: #f3f5f8; text-align: left; font-weight: 600; }
.sp-interop th, .sp-interop td { border: 1px solid #e3e8ee; padding: .3rem .6rem; vertical-align: top; }
.sp-interop td { overflow-wrap: anywhere; } .sp-interop code { display: block; font-size: .75rem; }
.sp-interop .sp-verdict-cell { width: 6rem; white-space: nowrap; font-weight: 600; }
.sp-interop .sp-number { width: 5rem; white-space: nowrap; }
.sp-interop .sp-capability { width: 32%; } .sp-interop td em { color: #66727f; font-style: normal; font-size: .75rem; }
.sp-met .sp-verdict-cell::before { content: "\\25CF\\00A0"; color: #1a9c54; }
.sp-failed .sp-verdict-cell::before { content: "\\25CF\\00A0"; color: #d0342c; }
.sp-not-run .sp-verdict-cell::before { content: "\\25CB\\00A0"; color: #66727f; }
"""
_HEAD = (
    '<tr><th class="sp-capability">capability</th><th class="sp-verdict-cell">verdict</th>'
    '<th class="sp-number">tests</th><th>why not</th></tr>'
)


def capabilities(title: str, judged: Sequence[Judged], notes: Iterable[str]) -> str:
    """What became of each capability, those that are not met first; ``notes`` say where results went."""
    counts = Counter(one.verdict for one in judged)
    told = ", ".join(f"{counts[word]} {word}" for word in ("met", "failed", "not run") if counts[word])
    rows = "".join(_row(one) for one in sorted(judged, key=lambda one: VERDICTS.index(one.verdict)))
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f'<style>{STYLE}</style><section class="sp-interop"><h2>{escape(title)}</h2>'
        f'<p class="sp-verdict">{len(judged)} capabilities: {told or "none"}</p><table>{_HEAD}{rows}</table>'
        f"{below}</section>"
    )


def _row(one: Judged) -> str:
    word = one.verdict.replace(" ", "-")
    passed = one.tests - len(one.failed) - len(one.not_run)
    status = "" if one.status == "required" else f"<br><em>{escape(one.status)}</em>"
    return (
        f'<tr class="sp-{word}"><td class="sp-capability">{escape(one.capability)}{status}</td>'
        f'<td class="sp-verdict-cell">{one.verdict}</td><td class="sp-number">{passed} of {one.tests}</td>'
        f"<td>{_named('failed', one.failed)}{_named('not run', one.not_run)}{'' if one.tests else 'it has no test'}"
        "</td></tr>"
    )


def _named(word: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = "".join(f"<code>{_broken(escape(name))}</code>" for name in names[:_FEW])
    return f"<em>{word}:</em>{shown}" + (f"<em>and {len(names) - _FEW} more</em>" if len(names) > _FEW else "")


def _broken(name: str) -> str:
    """A long name that may go on in the next line after a dot or an underscore."""
    return name.replace(".", ".<wbr>").replace("_", "_<wbr>")
