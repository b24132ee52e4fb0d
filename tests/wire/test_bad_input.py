"""What `pytest-upgrade` says of what cannot be, against the surface of a cloud: a sentence, and nothing half done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Run
from tests.doubles.openstack import Openstack

from .test_observe import cloud, project

__all__ = ["cloud", "project"]


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert said.startswith("pytest-upgrade: ")
    return said


def runs(project: Path) -> list[Run]:
    with Store.open(Places(project / ".stackproof/upgrades").url) as store:
        return store.runs()


@pytest.mark.parametrize("verb", ["release", "health"])
def test_service_that_the_cloud_does_not_have_is_named_with_those_that_it_has(
    project: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", verb, "--service", "compute", "--service", "nova"]) == 3
    assert told(capsys).endswith(
        "this cloud has no service of the type 'nova' to look at;"
        " choose from identity, compute, network, block-storage, image\n"
    )


@pytest.mark.parametrize("verb", ["start", "cost"])
def test_observer_of_a_service_that_is_missing_leaves_no_run_and_no_user(
    project: Path, cloud: Openstack, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.fail = lambda *_: 0
    cloud.put("identity", "roles", id="member", name="member")
    assert main(["observe", verb, "--service", "nonsense"]) == 3
    assert "there is nothing to observe: no lanes; name a service of `openstack catalog list`" in told(capsys)
    assert [run.closed is None for run in runs(project)] == [False]
    assert ("POST", "identity", "users") in cloud.asked
    assert not cloud.of("identity", "users")
    assert not cloud.of("identity", "projects")


def test_observer_that_is_not_let_in_leaves_no_run_and_one_that_was_open_stays_open(
    project: Path, cloud: Openstack, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.fail = lambda method, service, path: 401 if path == "auth/tokens" else 0
    assert main(["observe", "start"]) == 3
    assert "cloud 'envvars' at http://127.0.0.1:" in told(capsys)
    (first,) = runs(project)
    assert first.closed is not None
    open = Run("3f9a1c", "20261121T073000Z-3f9a1c", "envvars", "127.0.0.1", "north")
    with Store.open(Places(project / ".stackproof/upgrades").url) as store:
        store.add_run(open)
    assert main(["observe", "start"]) == 3
    assert [run.closed for run in runs(project) if run.id == open.id] == [None]


def test_run_that_keeps_nothing_is_no_pass(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(Places(project / ".stackproof/upgrades").url) as store:
        store.add_run(Run("3f9a1c", "20261121T073000Z-3f9a1c", "envvars", "127.0.0.1", "north"))
    assert main(["check", "resources"]) == 2
    assert "run 3f9a1c keeps nothing that could be looked at" in capsys.readouterr().out


def test_deployers_file_that_is_not_there_is_told_in_the_systems_words(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--deployer", "command", "--deployer-file", "none.yaml"]) == 3
    assert "the deployer's file none.yaml cannot be read: No such file or directory; it is" in told(capsys)


STEPS = "steps: [{id: nova, service: nova, command: ['true']}]\n"


@pytest.mark.parametrize("verb", ["plan", "run"])
@pytest.mark.parametrize(
    ("file", "more", "sentence"),
    [
        (STEPS, ["--upgrade-to", "1999.9"], "--upgrade-to is wrong: '1999.9' is no release"),
        (STEPS, ["--service", "swift"], "the deployer has no step for the service 'swift'; choose from nova"),
        (STEPS.replace("nova,", "nova, pausee: 1,", 1), [], "it has the key 'pausee', which is none of command, "),
        (STEPS.replace("steps", "stepps"), [], "the deployer's file has the key 'stepps', and only `steps` is known"),
    ],
    ids=["release", "service", "key of a step", "key"],
)
def test_upgrade_that_cannot_be_is_told_before_anything_is_begun(
    project: Path, verb: str, file: str, more: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "steps.yaml").write_text(file)
    assert main([verb, "--deployer", "command", "--deployer-file", "steps.yaml", *more]) in (3, 4)
    said = told(capsys)
    assert sentence in said
    assert "; " in said
    assert runs(project) == []


def test_two_open_runs_and_one_of_another_cloud_are_told_and_left_as_they_are(
    project: Path, cloud: Openstack, capsys: pytest.CaptureFixture[str]
) -> None:
    open = Run("3f9a1c", "20261121T073000Z-3f9a1c", "envvars", "127.0.0.1", "north", fingerprint="another-keystone")
    with Store.open(Places(project / ".stackproof/upgrades").url) as store:
        store.add_run(open)
    for verb in (["check", "resources"], ["sweep"], ["observe", "start"]):
        assert main(verb) == 3
        assert "run 3f9a1c was begun on another cloud: there Keystone is another-keystone in the" in told(capsys)
    with Store.open(Places(project / ".stackproof/upgrades").url) as store:
        store.add_run(replace(open, id="7d10b4", name="20261122T073000Z-7d10b4", fingerprint=""))
    for verb in (["mark", "begin"], ["judge"], ["sweep"]):
        assert main(verb) == 3
        assert "2 runs are open: 3f9a1c of envvars and 7d10b4 of envvars; name one with --upgrade-run" in told(capsys)
    assert [run.closed for run in runs(project)] == [None, None]
    assert not [method for method, _, path in cloud.asked if method != "GET" and path != "auth/tokens"]
