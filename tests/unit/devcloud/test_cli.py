"""The command line: what a user's mistake costs is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from devcloud.cli import main, parser
from devcloud.commands.lifecycle import settings_for
from devcloud.services.catalog import chosen
from devcloud.state import Settings, State
from pytest_whitebox.core.errors import StackproofError

SMALLEST = chosen("")


@pytest.fixture
def cloud(tmp_path: Path) -> State:
    """A state folder of a cloud that was never up."""
    state = State(tmp_path / "cloud")
    state.create(Settings(services=("keystone", "nova"), subnet=97))
    return state


@pytest.mark.parametrize("words", [["--state", "/a", "status"], ["status", "--state", "/a"]])
def test_state_is_taken_before_and_after_the_verb(words: list[str]) -> None:
    assert parser().parse_args(words).state == Path("/a")


@pytest.mark.parametrize(
    "verb",
    [
        ["down"],
        ["status"],
        ["env"],
        ["clouds-yaml"],
        ["logs", "nova-api"],
        ["ssh", "a"],
        ["drain", "nova-api"],
        ["ready", "nova-api", "b"],
        ["metrics"],
    ],
)
def test_without_a_cloud_every_verb_says_how_to_make_one(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(tmp_path / "none"), *verb]) == 1
    said = capsys.readouterr()
    assert said.err == f"devcloud: there is no cloud in {tmp_path / 'none'}; make one with `devcloud up`\n"
    assert said.out == ""
    assert not (tmp_path / "none").exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter").write_text("dear operator")
    assert main(["--state", str(tmp_path), "destroy"]) == 1
    assert "no devcloud made it" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["letter"]


@pytest.mark.parametrize(
    ("verb", "said"),
    [("up", "is no folder; give a folder with --state DIR"), ("status", "make one with `devcloud up`")],
)
def test_a_state_folder_that_is_no_folder_is_told(verb: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--state", "/dev/null", verb]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["logs", "nova-api", "-n", "-5"], ["drain", "nova-api", "--timeout", "0"]])
def test_a_number_that_makes_no_sense_is_misuse(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--state", "/dev/null", *words])
    assert left.value.code == 2
    assert f"'{words[-1]}' is no whole number above 0" in capsys.readouterr().err


def test_unknown_service_is_answered_with_those_there_are(cloud: State, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--state", str(cloud.path), "logs", "nova-comput"]) == 1
    said = capsys.readouterr().err
    assert "no service 'nova-comput'" in said
    assert "nova-compute" in said.split("choose from", 1)[1]


def test_an_instance_that_is_not_there_is_answered_with_how_to_make_it(
    cloud: State, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(cloud.path), "drain", "nova-api", "b"]) == 1
    assert (
        capsys.readouterr().err == "devcloud: nova-api has no instance b; `devcloud up --workers 2` makes instance b\n"
    )


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (["--release", "2025.1"], "is 2024.2, not 2025.1"),
        (["--tls"], "made without TLS"),
        (["--computes", "2"], "has 3 compute hosts"),
    ],
)
def test_a_cloud_that_is_there_cannot_be_wished_into_another(cloud: State, wish: list[str], refusal: str) -> None:
    cloud.write(Settings("2024.2", ("keystone", "nova"), computes=3))
    with pytest.raises(StackproofError, match=refusal):
        settings_for(parser().parse_args(["up", *wish]), cloud)


@pytest.mark.parametrize(
    ("wish", "then"),
    [
        ([], Settings(services=(*SMALLEST, "cinder"))),
        (["--services", "swift"], Settings(services=(*SMALLEST, "cinder", "swift"))),
        (["--computes", "3", "--workers", "2"], Settings(services=(*SMALLEST, "cinder"), computes=3, workers=2)),
    ],
)
def test_a_cloud_that_is_there_can_grow(cloud: State, wish: list[str], then: Settings) -> None:
    cloud.write(Settings(services=(*SMALLEST, "cinder")))
    assert settings_for(parser().parse_args(["up", *wish]), cloud) == then


def test_misuse_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["frobnicate"])
    assert left.value.code == 2
    assert "invalid choice: 'frobnicate'" in capsys.readouterr().err


def test_env_is_shell_lines_that_name_the_cloud(
    cloud: State, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["env", "--state", str(cloud.path)]) == 0
    assert (
        capsys.readouterr().out == f"export OS_CLIENT_CONFIG_FILE={cloud.path}/clouds.yaml\nexport OS_CLOUD=devcloud\n"
    )
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "localhost")
    assert main(["env", "--state", str(cloud.path)]) == 0
    assert "export no_proxy=localhost,10.213.97.11\n" in capsys.readouterr().out
