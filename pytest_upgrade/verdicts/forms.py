"""Verdicts for programs and people: JSON, Markdown, JUnit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from pytest_upgrade.verdicts.verdict import ServiceVerdict, Word, worst

#: The version of the document's form.
FORM = 1


def as_json(run: str, verdicts: Sequence[ServiceVerdict]) -> dict[str, Any]:
    """All of it, for programs."""
    return {
        "stackproof_upgrade_verdicts": FORM, "run": run, "verdict": worst(one.word for one in verdicts).value,
        "verdicts": [one.to_json() for one in verdicts],
    }  # fmt: skip


def as_markdown(run: str, verdicts: Sequence[ServiceVerdict]) -> str:
    """A table for a review or an issue."""
    rows = [
        f"| {one.service} | {one.tag} | **{one.word}** | {_cell(one.reason)} | {_cell(', '.join(one.steps))} |"
        for one in verdicts
    ]
    head = ["| service | tag | verdict | why | steps |", "|---|---|---|---|---|"]
    return "\n".join([f"Upgrade run {run}: **{worst(one.word for one in verdicts)}**", "", *head, *rows]) + "\n"


def as_junit(run: str, verdicts: Sequence[ServiceVerdict]) -> str:
    """A test case for each verdict; one that is inconclusive is a failure of its own type."""
    failed = [one for one in verdicts if one.word is not Word.PASS]
    suite = Element("testsuite", name=f"upgrade run {run}", tests=str(len(verdicts)), failures=str(len(failed)))
    for one in verdicts:
        case = SubElement(suite, "testcase", classname=f"upgrade.{one.service}", name=one.tag)
        properties = SubElement(case, "properties")
        SubElement(properties, "property", name="resolution", value=one.resolution)
        for step in one.steps:
            SubElement(properties, "property", name="step", value=step)
        if one.word is not Word.PASS:
            told = SubElement(case, "failure", type=str(one.word), message=one.reason)
            told.text = "\n".join(str(finding) for finding in one.findings if finding.word is not Word.PASS)
    return tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
