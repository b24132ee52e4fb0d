"""What other tools found out, taken into a run: JUnit, subunit, Rally."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.results.reading import read
from pytest_upgrade.results.result import Result
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Run
from pytest_upgrade.verdicts.forms import as_junit
from pytest_upgrade.verdicts.verdict import Finding, ServiceVerdict, Word
from pytest_whitebox.core.errors import StackproofError

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north", began=0.0)

#: What pytest 8 writes.
JUNIT = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1"
failures="1" skipped="1" tests="4" time="0.040" timestamp="2026-11-30T03:40:00.000000+00:00" hostname="ctl1">
<testcase classname="tests.suites.image.test_rolling" name="test_bytes" time="1,001.25" />
<testcase classname="tests.suites.image.test_rolling" name="test_list" time="0.001"><failure
message="AssertionError: assert 1 == 2">def test_list(): ...</failure></testcase>
<testcase classname="tests.suites.network.test_dhcp" name="test_lease" time="0.000"><error
message="failed on setup">E   gone</error></testcase>
<testcase classname="test_it" name="test_other" time="0.000"><skipped type="pytest.skip" message="no SR-IOV" />
</testcase></testsuite></testsuites>"""


def rally(errors: list[list[str]], sla: list[dict[str, Any]], scenario: str = "NovaServers.boot_server") -> bytes:
    """A report as `rally task report --json` has it, format 1.2, with its fields that are looked at."""
    made = [{"timestamp": 1.0, "duration": 2.0, "error": error, "atomic_actions": []} for error in errors]
    workload = {
        "scenario": {scenario: {"flavor": {"name": "m1.tiny"}}}, "position": 1, "data": made, "full_duration": 7.5,
        "load_duration": 6.0, "sla_results": {"sla": sla}, "pass_sla": all(one["success"] for one in sla),
    }  # fmt: skip
    tasks = [{"title": "upgrade", "status": "finished", "subtasks": [{"title": "boot", "workloads": [workload]}]}]
    return json.dumps({"info": {"rally_version": "5.1.1", "format_version": "1.2"}, "tasks": tasks}).encode()


def subunit_stream(*tests: tuple[str, str, str], end: bool = True) -> bytes:
    """A stream as stestr writes it: each test with its status and its reason."""
    from subunit import StreamResultToBytes

    written = io.BytesIO()
    stream = StreamResultToBytes(written)
    at = datetime(2026, 11, 30, tzinfo=UTC)
    for name, status, reason in tests:
        stream.status(test_id=name, test_status="inprogress", timestamp=at)
        if reason:
            stream.status(test_id=name, file_name="traceback", file_bytes=reason.encode(), mime_type="text/plain")
        if end:
            stream.status(test_id=name, test_status=status, timestamp=at + timedelta(seconds=3))
    return written.getvalue()


def test_junit_has_a_result_for_each_case() -> None:
    form, found = read(JUNIT, "junit.xml")
    assert form == "JUnit"
    assert found == [
        Result("tests.suites.image.test_rolling.test_bytes", "passed", 1001.25),
        Result("tests.suites.image.test_rolling.test_list", "failed", 0.001, "AssertionError: assert 1 == 2"),
        Result("tests.suites.network.test_dhcp.test_lease", "error", 0.0, "failed on setup"),
        Result("test_it.test_other", "skipped", 0.0, "no SR-IOV"),
    ]
    assert [one.service for one in found] == ["image", "image", "network", ""]


def test_our_own_junit_keeps_what_could_not_be_judged() -> None:
    finding = Finding("steps", Word.INCONCLUSIVE, "nobody has told when the upgrade was")
    verdict = ServiceVerdict("compute", "zero_downtime", Word.INCONCLUSIVE, "", (finding,))
    _, found = read(as_junit("3f9a1c", [verdict]).encode(), "judged.xml")
    assert [(one.outcome, one.reason) for one in found] == [("inconclusive", str(finding))]


def test_entities_of_junit_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    text = f"""<!DOCTYPE a [<!ENTITY s SYSTEM "file://{secret}">]>
    <testsuite><testcase name="a"><failure>&s;</failure></testcase></testsuite>"""
    _, found = read(text.encode(), "junit.xml")
    assert "canary" not in found[0].reason


def test_subunit_has_a_result_for_each_test_that_was_begun() -> None:
    name = "tempest.api.volume.test_volumes_get.VolumesGetTest.test_{}"
    data = subunit_stream(
        (name.format("a"), "success", ""), (name.format("b"), "fail", "Traceback: 503"), (name.format("c"), "skip", ""),
        (name.format("d"), "xfail", ""), (name.format("e"), "uxsuccess", ""),
    )  # fmt: skip
    form, found = read(data, "run.subunit")
    assert form == "subunit"
    assert [one.outcome for one in found] == ["passed", "failed", "skipped", "passed", "failed"]
    assert (found[1].reason, found[1].seconds, found[1].service) == ("Traceback: 503", 3.0, "block-storage")
    _, broken_off = read(subunit_stream((name.format("a"), "success", ""), end=False), "run.subunit")
    assert [(one.outcome, one.reason) for one in broken_off] == [("error", "its last word is inprogress")]


@pytest.mark.parametrize(
    ("errors", "sla", "outcome", "reason"),
    [
        ([[], []], [], "passed", ""),
        ([[], ["Timeout", "waited 300 s", "Traceback"]], [], "failed", "1 of 2 failed: Timeout waited 300 s"),
        (
            [[], ["Timeout", "x", "y"]],
            [{"criterion": "failure_rate", "success": True, "detail": "50 %"}],
            "passed",
            "",
        ),
        (
            [[], []],
            [{"criterion": "max_avg_duration", "success": False, "detail": "7 s, not 5 s"}],
            "failed",
            "max_avg_duration: 7 s, not 5 s",
        ),
        ([], [], "inconclusive", "it was not done once"),
    ],
)
def test_rally_fails_by_its_sla_or_without_one_by_its_iterations(
    errors: list[list[str]], sla: list[dict[str, Any]], outcome: str, reason: str
) -> None:
    form, found = read(rally(errors, sla), "rally.json")
    assert form == "Rally"
    assert found == [Result("NovaServers.boot_server[1]", outcome, 7.5, reason)]  # type: ignore[arg-type]
    assert found[0].service == "compute"


def test_what_is_no_result_is_told_in_one_sentence() -> None:
    for data, told in (
        (b"<testsuites>", "x cannot be read as JUnit: "),
        (b"<html/>", "x cannot be read as JUnit: its root is <html>, and not <testsuites>"),
        (b"<testsuites/>", "x has no test in it"),
        (b"{", "x cannot be read as Rally: "),
        (b'{"tasks": [{}]}', "x cannot be read as Rally: it has no 'subtasks'"),
        (b'[{"key": {"name": "a"}}]', "x cannot be read as Rally: it has no 'pos'"),
        (b"[1]", "x cannot be read as Rally: "),
        (subunit_stream(("a", "success", ""))[:20], "x cannot be read as subunit: "),
        (b"hello", "x cannot be understood"),
        (b"", "x cannot be understood"),
    ):
        with pytest.raises(StackproofError) as caught:
            read(data, "x")
        assert str(caught.value).startswith(told), data
        assert "\n" not in caught.value.sentence


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Store]:
    monkeypatch.chdir(tmp_path)
    for name in ("UPGRADE_STORE", "UPGRADE_RUNS", "UPGRADE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    places = Places(tmp_path / ".stackproof/upgrades")
    with Store.open(places.url) as store:
        store.add_run(RUN)
    return lambda: Store.open(places.url)


def test_results_are_taken_into_the_open_run_with_their_file(
    opened: Callable[[], Store], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("junit.xml").write_bytes(JUNIT)
    assert main(["import", "junit.xml", "--phase", "post", "--tag", "rolling"]) == 0
    told = "run 3f9a1c: 1 error, 1 failed, 1 passed, 1 skipped in post, from JUnit in junit.xml"
    assert told in capsys.readouterr().out
    Path("r.json").write_bytes(rally([[]], []))
    assert main(["import", "r.json", "--phase", "pre", "--service", "placement"]) == 0
    with opened() as store:
        outcomes = store.outcomes.of(RUN.id)
        assert [(one.attempt, one.phase, one.service, one.tag) for one in outcomes][::4] == [
            (0, "post", "image", "rolling"), (0, "pre", "placement", ""),
        ]  # fmt: skip
        assert store.artifacts.of(RUN.id)[0].data == JUNIT
    assert main(["show"]) == 1


def test_results_without_their_phase_change_nothing(
    opened: Callable[[], Store], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("junit.xml").write_bytes(JUNIT)
    assert main(["import", "junit.xml"]) == 3
    assert "does not say in which phase of an upgrade it was written; pass --phase pre" in capsys.readouterr().err
    assert main(["export", "-o", "run.json"]) == 0
    assert main(["import", "run.json", "--phase", "pre"]) == 3
    assert "is a whole run, which says its phase itself" in capsys.readouterr().err
    assert main(["import", "none.xml"]) == 3
    assert "none.xml cannot be read: No such file or directory; name a file" in capsys.readouterr().err
    with opened() as store:
        assert store.outcomes.of(RUN.id) == []
