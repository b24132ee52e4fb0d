"""What Tempest's tests raise, log and print has no secrets in it, wherever pytest tells of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import CANARY, Run

SAMPLE = "sample_tempest_plugin.tests.test_secrets"
KNOWN, ACCOUNT = "of-the-administrator", "of/an&account"
_FILES = {"junit.xml", "report.html", "results.subunit", "tempest.log", "said"}


@pytest.fixture
def told(
    pytester: pytest.Pytester, run_apart: Run, monkeypatch: pytest.MonkeyPatch, tempest_sample: Path,
    cache_of_all: str, workers: str,
) -> dict[str, str]:  # fmt: skip
    """What a run of all of them has written, by the name of the file; ``said`` is its output."""
    monkeypatch.setenv("PYTHONPATH", str(tempest_sample))
    monkeypatch.setenv("COLUMNS", "200")
    accounts = pytester.path / "accounts.yaml"
    accounts.write_text(f"[{{username: u, project_name: p, roles: [member], password: '{ACCOUNT}'}}]\n")
    conf = pytester.path / "own.conf"
    conf.write_text(
        "[DEFAULT]\nlog_file = tempest.log\ndebug = true\n[auth]\nuse_dynamic_credentials = false\n"
        f"test_accounts_file = {accounts}\nadmin_password = {KNOWN}\n[oslo_concurrency]\nlock_path = locks\n"
    )
    result = run_apart(
        f"--tempest={SAMPLE}", f"--tempest-config={conf}", workers, "-o", cache_of_all, "-rA", "-vv", "--showlocals",
        "--junitxml=junit.xml", "--html=report.html", "--self-contained-html",
    )  # fmt: skip
    result.assert_outcomes(failed=7, passed=2, skipped=1, errors=2)
    (run,) = (pytester.path / ".stackproof" / "runs").glob("*Z-*")
    found = [pytester.path / name for name in ("junit.xml", "report.html", "tempest.log")]
    files = {file.name: file.read_text(errors="replace") for file in [*found, run / "results.subunit"]}
    return {**files, "said": result.stdout.str() + result.stderr.str()}


def test_no_secret_is_told_and_all_else_is(told: dict[str, str], pytester: pytest.Pytester) -> None:
    made_up = (pytester.path / "made-up").read_text()

    assert set(told) == _FILES
    for secret in (CANARY, KNOWN, ACCOUNT, made_up):
        assert [name for name, text in told.items() if secret in text] == [], secret
    for name, text in told.items():
        assert "***" in text, name
    pytest.LineMatcher(told["said"].splitlines()).fnmatch_lines_random([
        "E *tempest.lib.exceptions.BadRequest: Bad request", "*'name': 'kept', 'password': '[*][*][*]'*",
        "E *User: cirros, Password: [*][*][*]", "*ValueError: nobody has [*][*][*]",
        "*ValueError: a wrong password is [*][*][*]", "it is [*][*][*]", "printed: [*][*][*]",
        "*AssertionError: the key is -----BEGIN RSA PRIVATE KEY-----[*][*][*]-----END RSA PRIVATE KEY-----",
        "ERROR *::Before::test_never - tempest.lib.exceptions.Unauthorized: Unauthorized*",
        "    | RuntimeError: cannot remove {'secret': '[*][*][*]'}", "*password = '[*][*][*]'*",
        "SKIPPED *the answer was {'password': '[*][*][*]'}",
    ])  # fmt: skip
    assert "ValueError: password='***'" in told["tempest.log"]
