"""upgrade.toml: what may stand in it, what counts more, and what is said of mistakes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_upgrade.cli import main, parser
from pytest_upgrade.configured.configuration import Configuration, Misconfigured, commands, completed, schema
from pytest_upgrade.configured.settings import KEEP, KNOBS, LIMITS, RUNS, TO
from pytest_whitebox.core.errors import StackproofError

VARIABLES = {"--upgrade-to": "UPGRADE_TO", "--os-cloud": "OS_CLOUD"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("UPGRADE_STORE", "UPGRADE_RUNS", "UPGRADE_CONFIG", "UPGRADE_TO", "OS_CLOUD"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def written(here: Path, text: str) -> Configuration:
    (here / "upgrade.toml").write_text(text)
    return Configuration.near(here)


def words(here: Path, text: str, *given: str, **environ: str) -> list[str]:
    return completed(given, parser(), written(here, text), environ, VARIABLES)


def test_every_option_of_pytest_and_of_each_command_may_stand_in_it() -> None:
    known = schema(parser(), [knob.option for knob in KNOBS])
    assert {"upgrade-store", "upgrade-from", "upgrade-set", "phase", "os-cloud", "deployer"} <= known[()]
    assert {"deployer", "deployer-file", "service", "grace", "abort-left", "pytest"} <= known["run",]
    assert {"control", "longest"} <= known["observe", "start"]
    # Each command is a table, and no long option of any is left out.
    for path, made in commands(parser()):
        options = {
            one.removeprefix("--") for action in made._actions for one in action.option_strings if one[:2] == "--"
        }
        assert options - {"help", "upgrade-config"} == known[path] - {"pytest"}, path


def test_command_gets_what_stands_for_it_and_not_what_is_given(here: Path) -> None:
    text = """
    os-cloud = "lab"
    upgrade-to = "2025.2"
    [run]
    deployer = "command"
    deployer-file = "steps.yaml"
    service = ["nova", "glance"]
    grace = 60
    abort-left = true
    pytest = ["-m", "rolling"]
    [plan]
    deployer = "manual"
    """
    assert words(here, text, "run") == [
        "run", "--os-cloud=lab", "--upgrade-to=2025.2", "--deployer=command", f"--deployer-file={here}/steps.yaml",
        "--service=nova", "--service=glance", "--grace=60", "--abort-left", "--", "-m", "rolling",
    ]  # fmt: skip
    given = words(here, text, "run", "--service=keystone", "--grace", "1", "--", "-x", UPGRADE_TO="2026.1")
    assert given == [
        "run", "--os-cloud=lab", "--deployer=command", f"--deployer-file={here}/steps.yaml", "--abort-left",
        "--service=keystone", "--grace", "1", "--", "-x",
    ]  # fmt: skip
    assert words(here, text, "runs") == ["runs"]
    assert words(here, text, "run", "--help") == ["run", "--help"]


def test_url_of_the_store_is_put_on_no_command_line(here: Path) -> None:
    assert words(here, 'upgrade-store = "mysql+pymysql://u:p@db/s"', "runs") == ["runs"]


def test_nearest_file_upwards_counts_or_the_one_that_is_given(here: Path) -> None:
    written(here, "[run]\ngrace = 1\n")
    (here / "a/b").mkdir(parents=True)
    assert Configuration.near(here / "a/b").table("run") == {"grace": 1}
    (here / "other.toml").write_text("[run]\ngrace = 2\n")
    assert Configuration.near(here, str(here / "other.toml")).table("run") == {"grace": 2}
    with pytest.raises(Misconfigured, match=r"none.toml cannot be read: No such file"):
        Configuration.near(here, "none.toml")


def test_knob_takes_it_with_the_line_and_its_type(here: Path) -> None:
    text = (
        'upgrade-keep = true\nupgrade-runs = "runs"\n\nupgrade-to = "2099.9"\nupgrade-set = {p95 = 1.5, single = 1}\n'
    )
    found = written(here, text)
    assert KEEP.or_else(found) == (True, f"upgrade-keep in {here}/upgrade.toml, line 1")
    assert RUNS.or_else(found)[0] == f"{here}/runs"
    assert (LIMITS.or_else(found)[0].p95, LIMITS.or_else(found)[0].single) == (1.5, 1)
    with pytest.raises(
        StackproofError, match=r"upgrade-to in .*/upgrade.toml, line 4 is wrong: '2099.9' is no release"
    ):
        TO.or_else(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('upgrade-fromm = "2025.1"\n', "upgrade.toml, line 1: there is no 'upgrade-fromm'; `upgrade-from` is nearest"),
        ('[run]\ndepolyer = "x"\n', "line 2: there is no 'depolyer' in [run]; `deployer` is nearest"),
        ("[rnu]\n", "line 1: there is no 'rnu'; `run` is nearest"),
        ("[observe.begin]\nx = 1\n", "line 1: there is no 'begin' in [observe]"),
        ("[observe.start]\n\nlongset = 1\n", "line 3: there is no 'longset' in [observe.start]; `longest` is nearest"),
        ('[run]\ngrace = ["1", "2"]\n', "line 2: grace is one value and no list"),
        ('[run]\nabort-left = "yes"\n', "line 2: abort-left is true or false"),
        ("[run]\ndeployer = 2026-01-01\n", "line 2: deployer is no text and no number"),
        ("[run\n", "upgrade.toml cannot be read: "),
    ],
)
def test_mistake_is_one_sentence_with_file_line_and_key(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    (here / "upgrade.toml").write_text(text)
    assert main(["run"]) == 4
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_table_of_the_deployer_is_its_configuration(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[plan]\ndeployer = "command"\n[[deployer.steps]]\nid = "all"\ncommand = ["true"]\n'
    (here / "upgrade.toml").write_text(text)
    assert main(["plan"]) == 0
    assert capsys.readouterr().out == "all: true\n"


@pytest.mark.parametrize(("load", "is_told"), [(8.0, False), (8.1, True)])
def test_plan_says_that_this_machine_is_too_busy_to_observe(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, load: float, is_told: bool
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    (here / "upgrade.toml").write_text('[plan]\ndeployer = "command"\n[[deployer.steps]]\ncommand = ["true"]\n')
    assert main(["plan"]) == 0
    assert capsys.readouterr().err.startswith(f"this machine is too busy to observe (load {load}, CPUs 2): ") is is_told
