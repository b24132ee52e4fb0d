"""The report of a run: how each service stands under each tag, and the page that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.report.page import page
from pytest_upgrade.report.summary import Standing, steps
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event, Evidence, Finding, HealthSign, Outcome, Run

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north", release_from="2025.1", release_to="2025.2")


def outcome(phase: str, word: str, reason: str = "", test: str = "suites/t.py::test_a") -> Outcome:
    return Outcome(1, phase, test, "compute", "rolling", word, reason)


@pytest.mark.parametrize(
    ("outcomes", "verdict", "reasons"),
    [
        ([outcome("pre", "passed"), outcome("post", "passed")], "pass", ()),
        ([outcome("post", "failed", "assert 1 == 2\nmore")], "fail", ("post: t.py::test_a: assert 1 == 2",)),
        ([outcome("post", "failed"), outcome("post", "passed")], "pass", ()),  # the last attempt counts
        ([outcome("during", "error", "x"), outcome("post", "passed")], "fail", ("during: t.py::test_a: x",)),
        ([outcome("post", "inconclusive", "no")], "inconclusive", ("post: t.py::test_a: no",)),
        ([outcome("pre", "passed")], "inconclusive", ("nothing was tested after the upgrade",)),
        ([outcome("post", "skipped")], "inconclusive", ("nothing was tested after the upgrade",)),
    ],
)
def test_service_stands_as_its_tests_say(outcomes: list[Outcome], verdict: str, reasons: tuple[str, ...]) -> None:
    found = Standing.of("compute", "rolling", outcomes)
    assert (found.verdict, found.reasons) == (verdict, reasons)


def test_step_that_was_done_again_is_there_twice_and_one_without_an_end_is_told() -> None:
    events = [
        Event("", "begin", at=1), Event("nova", "begin", "nova", "c1", 2, text="replace it"),
        Event("nova", "end", "nova", "c1", 5, False, "full"), Event("nova", "begin", "nova", "c1", 7),
        Event("nova", "task", at=8), Event("nova", "end", "nova", "c1", 9, True),
        Event("nova", "end", at=9.5, ok=False), Event("glance", "begin", at=10),
    ]  # fmt: skip
    assert [(one.step, one.seconds, one.ok, one.text) for one in steps(events)] == [
        ("nova", 3, False, "full"), ("nova", 2, True, ""), ("glance", None, None, ""),
    ]  # fmt: skip


def test_page_tells_what_is_known_and_takes_no_text_for_html(tmp_path: Path) -> None:
    with Store.open("sqlite://") as store:
        store.add_run(RUN)
        store.outcomes.add(RUN.id, outcome("post", "failed", "<script>alert(1)</script>"))
        store.events.add(RUN.id, Event("nova/api-a", "begin", "nova", "controller", 1.0, text="replace nova-api"))
        store.findings.add(RUN.id, Finding("post", "server", "web", "intact", False, "was rebooted"))
        store.evidence.add(RUN.id, Evidence("during", "compute", "c1", "process of nova-api", "nova 32", ["2025.2"]))
        store.signs.add(RUN.id, HealthSign("post", "compute", "c2", "nova-compute", False, "does not run"))
        text = page(store, RUN, tmp_path)
    told_of = (
        "3f9a1c", "2025.1 to 2025.2", "nova/api-a", "nobody says", "intact NO: was rebooted", "does not run",
        "process of nova-api on c1: nova 32 (2025.2)", 'compute<td>rolling<td class="fail"',
    )  # fmt: skip
    for told in told_of:
        assert told in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_page_of_a_run_is_written_into_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("UPGRADE_STORE", raising=False)
    with Store.open(Places(tmp_path).url) as store:
        store.add_run(RUN)
    assert main(["report", "3f9", "--upgrade-runs", str(tmp_path)]) == 0
    file = Path(capsys.readouterr().out.strip())
    assert file == tmp_path / RUN.name / "report.html"
    assert "inconclusive" in file.read_text()
    assert main(["report", "3f9", "--upgrade-runs", str(tmp_path), "-o", str(tmp_path / "no/such.html")]) == 3
    assert "No such file or directory; name another --output" in capsys.readouterr().err
