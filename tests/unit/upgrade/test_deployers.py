"""Deployers: by commands and by hand, and what is said of files that are wrong."""

from __future__ import annotations

import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pytest_upgrade.deployers.command import Command
from pytest_upgrade.deployers.configured import deployer as configured
from pytest_upgrade.deployers.manual import Manual
from pytest_whitebox.core.deployers import Deployer, Outcome, StepEvent, Target
from pytest_whitebox.core.deployers.contract import DeployerContract
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for


def step(script: str, **more: Any) -> dict[str, Any]:
    return {"command": [sys.executable, "-uc", script], **more}


class TestCommand(DeployerContract):
    @pytest.fixture
    def target(self) -> Target:
        return Target("2025.2")

    @pytest.fixture
    def deployer(self) -> Deployer:
        steps = [step("print('TASK [one]')", id="one", events=["TASK"], hosts=["a"], service="nova"), step("print(2)")]
        return Command({"steps": steps})

    @pytest.fixture
    def hanging(self) -> Deployer:
        return Command({"steps": [step("import signal; signal.signal(15, signal.SIG_IGN); signal.pause()")]})


class TestManual(DeployerContract):
    @pytest.fixture
    def target(self) -> Target:
        return Target()

    @pytest.fixture
    def deployer(self, tmp_path: Path) -> Deployer:
        (tmp_path / "done").touch()
        return Manual({"file": str(tmp_path / "done")})

    @pytest.fixture
    def hanging(self) -> Deployer:
        return Manual({})


def test_lines_that_fit_a_pattern_are_events_and_all_lines_are_kept() -> None:
    script = "print('PLAY [all]'); print('TASK [nova : db sync]'); print('changed: [ctl1]')"
    found = Command({"steps": [step(script, id="nova", events=[r"^TASK \[(.*)\]", "^changed"])]})
    events: list[StepEvent] = []
    outcome = found.run(found.plan(Target())[0], events.append)
    assert [(event.step, event.text) for event in events[1:]] == [("nova", "nova : db sync"), ("nova", "changed")]
    assert events[0].text == f"began as process {events[0].pid}"
    assert outcome.output.splitlines()[0] == b"PLAY [all]"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ([sys.executable, "-c", "print('no space left'); raise SystemExit(3)"], "exited with 3: no space left"),
        (["no-such-program-here"], "`no-such-program-here` cannot be started: No such file or directory"),
    ],
)
def test_step_that_fails_says_how(command: list[str], told: str) -> None:
    found = Command({"steps": [{"command": command}]})
    outcome = found.run(found.plan(Target())[0], lambda _: None)
    assert (outcome.ok, outcome.text) == (False, told)


def test_nothing_is_left_of_a_step_that_is_aborted() -> None:
    script = (
        "import subprocess as s; print(s.Popen(['sleep', '600'], start_new_session=True).pid);"
        " s.Popen(['sleep', '600']).wait()"
    )
    found = Command({"steps": [step(script, events=[r"^\d+$"])]})
    children = list[int]()
    one = found.plan(Target())[0]
    running = threading.Thread(
        target=lambda: found.run(one, lambda event: children.append(int(event.text)) if not event.pid else None)
    )
    running.start()
    wait_for(lambda: children, timeout=20, what="the step to start another session")
    found.abort(one, 0)
    running.join(timeout=20)
    wait_for(lambda: not Path(f"/proc/{children[0]}").exists(), timeout=20, what="its process to end")


def test_plan_has_the_steps_of_a_service_and_those_of_none() -> None:
    steps = [step("", id=name, service=service) for name, service in (("a", ""), ("b", "nova"), ("c", "glance"))]
    found = Command({"steps": steps})
    assert [one.id for one in found.plan(Target(services=frozenset({"nova"})))] == ["a", "b"]
    with pytest.raises(StackproofError, match="no step for the service 'swift'") as caught:
        found.plan(Target(services=frozenset({"swift"})))
    assert caught.value.hint == "choose from glance, nova"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, "has no `steps`"),
        ({"stepps": []}, "has the key 'stepps', and only `steps` is known"),
        ({"steps": [{"comand": ["true"]}]}, "step 1 .*: it has no `command`, a list of words"),
        ({"steps": [{"command": "true"}]}, "it has no `command`, a list of words"),
        ({"steps": [{"command": ["true"], "pausee": 1}]}, "the key 'pausee', which is none of command, environment"),
        ({"steps": [{"command": ["true"], "timeout": "soon"}]}, "'soon' is no time"),
        ({"steps": [{"command": ["true"], "events": ["("]}]}, "step 1 .*unterminated subpattern"),
        ({"steps": [{"command": ["true"], "kind": "dance"}]}, "its kind 'dance' is none of prepare"),
        ({"steps": [{"command": ["true"], "id": "a"}, {"command": ["true"], "id": "a"}]}, "have the same id"),
    ],
)
def test_file_that_is_wrong_is_told_in_one_sentence(config: dict[str, Any], told: str) -> None:
    with pytest.raises(StackproofError, match=told) as caught:
        Command(config)
    assert caught.value.hint


def test_deployer_is_found_by_its_name_and_file(tmp_path: Path) -> None:
    file = tmp_path / "steps.yaml"
    file.write_text("steps:\n  - command: [true]\n")
    assert configured("command", file).plan(Target())[0].title == "True"
    with pytest.raises(StackproofError, match="no deployer is called 'mule'") as caught:
        configured("mule", None)
    assert "command, devcloud, manual" in caught.value.hint
    for text in ("steps: [", "- a\n", "\x00"):
        file.write_text(text)
        with pytest.raises(StackproofError, match="the deployer's file"):
            configured("command", file)
    with pytest.raises(StackproofError, match="cannot be read"):
        configured("command", tmp_path / "none.yaml")


def test_manual_step_ends_by_a_request_and_tells_of_steps_in_between(dead_port: int) -> None:
    found = Manual({"port": dead_port})
    events: list[StepEvent] = []
    outcomes: list[Outcome] = []
    one = found.plan(Target())[0]
    running = threading.Thread(target=lambda: outcomes.append(found.run(one, events.append)))
    running.start()

    def post(path: str) -> int:
        return urllib.request.urlopen(f"http://127.0.0.1:{dead_port}{path}", data=b"").status  # type: ignore[no-any-return]

    assert wait_for(lambda: post("/begin/nova"), timeout=20, what="the door", ignore=(OSError,)) == 204
    assert post("/end/nova") == 204
    assert running.is_alive()
    assert post("/end") == 204
    running.join(timeout=20)
    assert [event.text for event in events] == ["begin nova", "end nova"]
    assert [outcome.ok for outcome in outcomes] == [True]


def test_manual_step_ends_by_a_mark_and_no_later_than_its_timeout() -> None:
    marks: list[int] = []
    found = Manual({"timeout": "1s"})
    outcome = found.run(found.plan(Target(marked=lambda: bool(marks)))[0], lambda _: None)
    assert not outcome.ok
    assert "waited 1 s for somebody to say" in outcome.text
    marks.append(1)
    assert found.run(found.plan(Target(marked=lambda: bool(marks)))[0], lambda _: None).ok


@pytest.fixture
def dead_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
