"""A guideline by our own small plugin of Tempest: what is collected, and what is told at the end."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.refstack import Refstack, serve

from .conftest import Run

_NAME = "sample_tempest_plugin.tests.test_outcomes.Outcomes."
_UUID = "5f1b7a4e-0000-4000-8000-00000000000"


@pytest.fixture
def words(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tempest_sample: Path, cache_of_all: str
) -> list[str]:
    """The sample plugin, a tempest.conf for no cloud and a guideline of three capabilities, as arguments of pytest."""
    monkeypatch.setenv("PYTHONPATH", str(tempest_sample))
    conf = pytester.path / "tempest.conf"
    conf.write_text("[auth]\nuse_dynamic_credentials = false\n")
    tests = {
        "passing": {
            f"{_NAME}test_passed_before": {"idempotent_id": f"id-{_UUID}1", "aliases": [f"{_NAME}test_passes"]}
        },
        "failing": {f"{_NAME}test_fails": {"idempotent_id": f"id-{_UUID}2"}},
        "gone": {f"{_NAME}test_gone": {"idempotent_id": f"id-{_UUID}8"}},
    }
    guideline = {
        "metadata": {"id": "2026.01", "schema": "2.0"},
        "platforms": {"OpenStack Powered Compute": {"components": [{"name": "os_powered_compute"}]}},
        "components": {"os_powered_compute": {"capabilities": {"required": list(tests)}}},
        "capabilities": {name: {"tests": known} for name, known in tests.items()},
    }
    (pytester.path / "guideline.json").write_text(json.dumps(guideline))
    return [
        "-o",
        cache_of_all,
        f"--tempest-config={conf}",
        "--interop-guideline=guideline.json",
        "--interop-target=compute",
    ]


@pytest.fixture
def refstack() -> Iterator[Refstack]:
    with serve() as server:
        yield server


def test_capabilities_are_told_with_what_they_lack(
    pytester: pytest.Pytester, run_apart: Run, words: list[str], workers: str
) -> None:
    result = run_apart(*words, workers)

    result.assert_outcomes(passed=1, failed=1, warnings=1)
    result.stdout.fnmatch_lines([
        "*PytestWarning: 1 of guideline 2026.01 are no tests here: *Outcomes.test_gone",
        "*guideline 2026.01, target compute: 1 of 3 capabilities met*",
        "failing: failed, by sample_tempest_plugin.tests.test_outcomes.Outcomes.test_fails",
        "gone: not run, 1 of 1 tests, the first *Outcomes.test_gone",
        "results for Refstack: *results.json",
    ])  # fmt: skip
    (file,) = Path(pytester.path / ".stackproof" / "runs").glob("*Z-*/interop.json")
    table = {one.pop("capability"): one for one in json.loads(file.read_text())["capabilities"]}
    verdicts = {capability: one["verdict"] for capability, one in table.items()}
    results = json.loads(file.with_name("results.json").read_text())
    assert results["results"] == [{"name": f"{_NAME}test_passes", "uuid": f"{_UUID}1"}]
    assert len(results["cpid"]) == 32
    assert verdicts == {"passing": "met", "failing": "failed", "gone": "not run"}
    assert (table["failing"]["failed"], table["gone"]["not run"]) == ([f"{_NAME}test_fails"], [f"{_NAME}test_gone"])


def test_the_report_has_a_table_of_the_capabilities(
    pytester: pytest.Pytester, run_apart: Run, words: list[str]
) -> None:
    run_apart(*words, "--html=report.html", "--self-contained-html")
    shown = (pytester.path / "report.html").read_text()
    rows = re.findall(r'<tr class="sp-([\w-]+)"><td[^>]*>(\w+)</td><td[^>]*>([\w ]+)</td><td[^>]*>([\w ]+)</td>', shown)

    assert "<h2>Guideline 2026.01, target compute</h2>" in shown
    assert "3 capabilities: 1 met, 1 failed, 1 not run" in shown
    assert rows == [
        ("failed", "failing", "failed", "0 of 1"), ("not-run", "gone", "not run", "0 of 1"),
        ("met", "passing", "met", "1 of 1"),
    ]  # fmt: skip
    assert f"<em>failed:</em><code>{_NAME}test_fails</code>" in shown.replace("<wbr>", "")


def test_a_test_of_our_own_counts_by_its_uuid(
    pytester: pytest.Pytester, run_apart: Run, words: list[str], workers: str
) -> None:
    pytester.makepyfile(
        test_own=f"""
        import pytest

        @pytest.mark.idempotent_id("{_UUID}8")
        def test_moved_here(): pass

        @pytest.mark.idempotent_id("{_UUID}9")
        def test_of_nothing(): pass
    """
    )
    result = run_apart(*words, "test_own.py", workers)

    result.stdout.fnmatch_lines("*guideline 2026.01, target compute: 2 of 3 capabilities met*")
    (file,) = Path(pytester.path / ".stackproof" / "runs").glob("*Z-*/results.json")
    sent = {one["name"]: one["uuid"] for one in json.loads(file.read_text())["results"]}
    assert sent == {f"{_NAME}test_passes": f"{_UUID}1", f"{_NAME}test_gone": f"{_UUID}8"}


def test_signed_results_are_said_to_be_of_the_guideline(
    pytester: pytest.Pytester, run_apart: Run, words: list[str], refstack: Refstack
) -> None:
    key = pytester.path / "key.pem"
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(key)]
    subprocess.run(command, check=True)
    asked = [f"--interop-upload={refstack.url}", f"--interop-key={key}", "--interop-openid=https://id/me"]
    result = run_apart(*words, *asked, "--interop-share", "--tempest=test_passes")

    result.stdout.fnmatch_lines(["results uploaded: http://ui/*", "results are said to be of 2026.01, compute, public"])
    sent = {path: body.decode() for path, body, _ in refstack.seen[1:]}
    meta = "/v1/results/0a6c/meta"
    assert sent == {f"{meta}/guideline": "2026.01.json", f"{meta}/target": "compute", f"{meta}/shared": "true"}
    assert all(headers["Authorization"].startswith("Bearer ") for _, _, headers in refstack.seen[1:])


def test_what_is_of_no_use_is_one_sentence(run_apart: Run, words: list[str]) -> None:
    result = run_apart(*words, "--interop-openid=https://id/me")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: --interop-openid is of use only with a key; name it with --interop-key")
    result = run_apart(*words, "--interop-share")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: --interop-share is of use only for results that are somebody's; say whose *")


def test_only_tests_of_the_guideline_are_results_for_refstack(
    pytester: pytest.Pytester, run_apart: Run, words: list[str]
) -> None:
    pytester.makepyfile(test_own="def test_beside():\n    pass")
    result = run_apart(*words, "--tempest=test_passes", "test_own.py")

    result.assert_outcomes(passed=2, warnings=1)
    (file,) = Path(pytester.path / ".stackproof" / "runs").glob("*Z-*/results.json")
    assert [one["name"] for one in json.loads(file.read_text())["results"]] == [f"{_NAME}test_passes"]


def test_an_unknown_target_is_one_sentence(run_apart: Run, words: list[str], workers: str) -> None:
    result = run_apart(*words, "--interop-target=dns", workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("ERROR: guideline 2026.01 has no target 'dns'; choose from compute")


def test_results_that_are_refused_fail_the_run(run_apart: Run, words: list[str], dead_port: int) -> None:
    result = run_apart(*words, "--tempest=test_passes", f"--interop-upload=http://127.0.0.1:{dead_port}")

    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines("results: http://127.0.0.1:*/v1/results cannot be reached: *; the results are kept*")
