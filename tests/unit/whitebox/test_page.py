from pathlib import Path

from pytest_whitebox import page
from pytest_whitebox.core.domain.difference import Change, Difference

NASTY = "<script>alert('x')</script>"


def test_what_comes_from_a_cloud_or_a_test_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "console.log"
    file.write_text(NASTY)
    facts = {"cloud": NASTY, "services": [NASTY], "hosts": {NASTY: {NASTY: "up"}}, "facts": {NASTY: [NASTY]}}
    parts = [
        page.cloud(facts), page.evidence(file), page.name_cell(f"a.py::test_{NASTY}"), page.seen_cell([], NASTY),
        page.seen_cell([(1, NASTY, NASTY)], ""), page.facts([(1, NASTY, NASTY)]),
        page.difference(Difference((Change(NASTY, NASTY, None),), (f"+{NASTY}", NASTY))),
    ]  # fmt: skip

    assert [part for part in parts if "<script" in part] == []
    assert [part for part in parts if "&lt;script&gt;" not in part] == []


def test_long_evidence_keeps_its_end_and_says_where_the_rest_is(tmp_path: Path) -> None:
    file = tmp_path / "nova.log"
    file.write_text("early\n" + "x" * 200_000 + "\nlate")
    shown = page.evidence(file)

    assert "early" not in shown
    assert "late" in shown
    assert str(file) in shown


def test_a_service_that_is_down_is_seen() -> None:
    shown = page.cloud({"cloud": "lab", "hosts": {"one": {"nova-compute": "down", "agent": "up"}}})

    assert '<li class="sp-down">nova-compute</li>' in shown
    assert '<li class="sp-up">agent</li>' in shown


def test_one_test_is_no_plural() -> None:
    assert "1 test in 5 s: 1 passed" in page.verdict({"passed": 1}, 5.2)
    assert "3 tests in 2 min 1 s: 2 passed, 1 failed" in page.verdict({"passed": 2, "failed": 1}, 121)
