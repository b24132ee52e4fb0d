"""The command line: what its words mean, and what is said of those that mean nothing."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from pytest_whitebox.core.errors import StackproofError
from tests.doubles.serving import nobody
from worker import cli, settings
from worker.advice import Advice, advise
from worker.commands.using import _asked
from worker.payload import Payload
from worker.tokens import Tokens


def asked(*words: str) -> Payload:
    options = cli.parser().parse_args(["submit", *words])
    return Payload.from_mapping(_asked(options))


def test_options_of_submit_are_a_job(tmp_path: Path) -> None:
    payload = asked(
        "--cloud", "prod", "--tempest", "47.0.0", "--guideline", "2020.06", "--target", "compute",
        "--set", "compute.min_compute_nodes=2", "--set", "service_available.swift=False",
        "--set", "compute.flavor_ref=m1.tiny", "--priority", "high", "--deadline", "60",
    )  # fmt: skip
    assert payload.tests.target == "compute"
    assert payload.overrides["compute"] == {"min_compute_nodes": 2, "flavor_ref": "m1.tiny"}
    assert payload.overrides["service_available"] == {"swift": False}
    assert (payload.priority, payload.deadline) == ("high", 60)
    file = tmp_path / "job.json"
    file.write_text(payload.text)
    assert asked("--json", str(file)) == payload


def test_file_of_tests_is_a_list_of_names(tmp_path: Path) -> None:
    file = tmp_path / "tests"
    file.write_text("tempest.api.a.A.test_a\n\ntempest.api.a.A.test_b\n")
    payload = asked("--cloud", "prod", "--tempest", "47.0.0", "--tests", str(file))
    assert payload.tests.names == ("tempest.api.a.A.test_a", "tempest.api.a.A.test_b")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["submit", "--cloud", "prod", "--tempest", "47.0.0"], 3, "no tests are named; give --guideline"),
        (["submit", "--cloud", "prod", "--tempest", "1", "--guideline", "2020.06"], 3, "tempest is no release"),
        (["submit", "--json", "/nowhere"], 3, "/nowhere is no job in JSON"),
        (["status", "--url", "ftp://x"], 3, "ftp://x is no address of a monitor"),
        (["watch", "../../etc"], 3, "test_id is no id of a job"),
        (["run"], 3, "no Gearman server is named; set GEARMAN_SERVER"),
        (["run", "--gearman-server", "x", "--slots", "0"], 3, "--slots is wrong: '0' is no number from 1"),
        (["serve", "--listen", "0.0.0.0:1"], 3, "tokens would cross the network to 0.0.0.0 in the clear"),
        (["serve", "--listen", "nowhere"], 3, "nowhere is no place to listen at"),
        (["serve", "--gearman-listen", "0.0.0.0"], 3, "anybody could give jobs to a Gearman server at 0.0.0.0"),
        (["serve", "--gearman-key", "x"], 3, "TLS to the Gearman server takes three files"),
        (
            ["serve", "--gearman-key", "/x", "--gearman-certificate", "/x", "--gearman-authority", "/x"],
            3,
            "the Gearman server cannot use its certificate",
        ),
        (["serve", "--certificate", "x"], 3, "a certificate and its key belong together"),
        (["serve", "--lease", "0"], 4, "'0' is no number of seconds"),
        (["prepare", "--tempest", "47.0.0,1.0"], 3, "1.0 is no release of Tempest"),
        (["token", "host", "../x"], 3, "'../x' is no name"),
        (["token", "host", "nobody", "--remove"], 3, "nobody has no token"),
        (["dance"], 4, "invalid choice: 'dance'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    words: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "token"
    file.touch(mode=0o600)
    monkeypatch.setenv("WORKER_TOKEN_FILE", str(file))
    monkeypatch.setenv("WORKER_STATE", str(tmp_path / "state"))
    for name in ("GEARMAN_SERVER", "GEARMAN_PORT", "WORKER_URL"):
        monkeypatch.delenv(name, raising=False)
    try:
        assert cli.main(words) == code
    except SystemExit as end:
        assert end.code == code  # noqa: PT017 -- argparse ends by itself
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_monitor_that_is_away_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    monkeypatch.setenv("WORKER_TOKEN_FILE", str(file))
    with nobody() as port:
        assert cli.main(["status", "--url", f"http://127.0.0.1:{port}"]) == 3
    error = capsys.readouterr().err
    assert f"http://127.0.0.1:{port} cannot be reached: Connection refused" in error
    assert error.count("\n") == 1


def test_token_is_printed_once_and_kept_as_a_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKER_STATE", str(tmp_path))
    assert cli.main(["token", "host", "node1"]) == 0
    token = capsys.readouterr().out.strip()
    file = tmp_path / "tokens.json"
    assert (len(token) > 40, token in file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (True, False, 0o600)
    assert Tokens(file).name("hosts", token) == "node1"
    assert Tokens(file).name("users", token) is None
    assert cli.main(["token", "host", "node1"]) == 0
    assert Tokens(file).name("hosts", token) is None


def test_file_of_tokens_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    ours, theirs = Tokens(tmp_path / "t.json"), Tokens(tmp_path / "t.json")
    token = ours.make("users", "ann")
    assert theirs.name("users", token) == "ann"
    ours.remove("users", "ann")
    assert theirs.name("users", token) is None


def test_token_that_others_may_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text("canary-7a2d")
    file.chmod(0o644)
    monkeypatch.setenv("WORKER_TOKEN_FILE", str(file))
    assert cli.main(["status"]) == 3
    assert capsys.readouterr().err == f"worker: {file} can be read by others; `chmod 600 {file}`\n"


def test_seeds_variables_name_the_gearman_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEARMAN_SERVER", "gearman.example")
    monkeypatch.setenv("GEARMAN_PORT", "4731")
    options = cli.parser().parse_args(["run"])
    assert str(settings.gearman(options)) == "gearman.example:4731"


def test_refstack_cfg_names_the_gearman_server_where_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GEARMAN_SERVER", "GEARMAN_PORT"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "refstack.cfg"
    file.write_text('TEST_METHOD = "gearman"\nGEARMAN_SERVER = "gearman.example"  # ours\nGEARMAN_PORT = 4731\n')
    options = cli.parser().parse_args(["run", "--config", str(file)])
    assert str(settings.gearman(options)) == "gearman.example:4731"
    monkeypatch.setenv("GEARMAN_SERVER", "other.example")
    assert str(settings.gearman(options)) == "other.example:4731"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("GEARMAN_SERVER = x\n", "has TEST_METHOD not set"),
        ("TEST_METHOD = docker\nGEARMAN_SERVER = x\n", "has TEST_METHOD docker"),
        ("TEST_METHOD = 'gearman\n", "cannot be read: No closing quotation"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_refstack_cfg_that_is_not_for_gearman_is_refused(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "refstack.cfg"
    if text is not None:
        file.write_text(text)
    with pytest.raises(StackproofError, match=said):
        settings.gearman(cli.parser().parse_args(["run", "--config", str(file)]))


def test_json_of_a_job_may_be_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps(["no job"]))
    (tmp_path / "token").touch(mode=0o600)
    assert cli.main(["submit", "--json", str(file), "--token-file", str(tmp_path / "token")]) == 3
    assert "is no job in JSON" in capsys.readouterr().err


def test_doctor_names_what_is_missing_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GEARMAN_SERVER", "WORKER_TOKEN_FILE", "WORKER_CLOUDS", "WORKER_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORKER_STATE", str(tmp_path))
    assert cli.main(["doctor"]) == 1
    said = dict(line[5:].split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert said["uv"].startswith("uv ")
    assert said["cache"].startswith(f"{tmp_path}/cache, ")
    assert said["clouds"].startswith(f"{tmp_path}/clouds has no cloud; write NAME/tempest.conf")
    assert said["gearman"].startswith("no Gearman server is named; set GEARMAN_SERVER")
    assert said["monitor"].startswith("there is no token; name its file")
    conf = tmp_path / "clouds" / "prod" / "tempest.conf"
    conf.parent.mkdir(parents=True)
    conf.touch(mode=0o644)
    assert cli.main(["doctor"]) == 1
    assert f"{conf} can be read by others; `chmod 600" in capsys.readouterr().out
    conf.chmod(0o600)
    assert cli.main(["doctor"]) == 1
    assert "ok   clouds: prod\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("counts", "slots"),
    [
        ({}, 0),
        ({"queued": 1}, 1),
        ({"running": 1}, 1),
        ({"queued": 100}, 12),
        ({"queued": 90, "installing": 10, "running": 10}, 12),
        ({"queued": 2, "passed": 1000}, 1),
    ],
)
def test_advice_is_enough_slots_and_no_more_than_jobs(counts: dict[str, int], slots: int) -> None:
    ended = [{"began": 1.0, "changed": 301.0}, {"began": 1.0, "changed": 501.0}, {"began": 0.0, "changed": 1e9}]
    assert advise(counts, ended, within=3600, usual=60).slots == slots


def test_advice_knows_no_more_than_it_was_told() -> None:
    assert advise({"queued": 10}, [], within=60, usual=30) == Advice(10, 0, 30, 5)
    assert advise({"queued": 10}, [], within=1, usual=3000).slots == 10
