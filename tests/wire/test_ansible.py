"""The deployer of Ansible's playbooks, by a real ansible-playbook on this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_upgrade.deployers.ansible import Ansible
from pytest_whitebox.core.deployers import Deployer, Outcome, StepEvent, Target
from pytest_whitebox.core.deployers.contract import DeployerContract
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.processtree import ProcessTree
from pytest_whitebox.core.wait import wait_for
from tests.doubles.serving import nobody

CANARY = "canary-9d21"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
Play = Callable[..., dict[str, Any]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """``play(task, …)``: the configuration of a deployer whose playbook has these tasks for two hosts."""
    monkeypatch.setenv("PATH", PATH)
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    monkeypatch.setenv("ANSIBLE_REMOTE_TMP", str(tmp_path / "remote"))

    def written(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
        hosts = {"ctl1": LOCAL, "comp1": LOCAL}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        one = {"name": "Upgrade nova", "hosts": "all", "gather_facts": False, "tasks": list(tasks)}
        (tmp_path / "upgrade.yml").write_text(yaml.safe_dump([one]))
        return {"project": str(tmp_path), "playbook": "upgrade.yml", "inventory": str(tmp_path / "hosts.yml"), **more}

    return written


def command(line: str, **more: Any) -> dict[str, Any]:
    return {"name": line, "ansible.builtin.command": line, **more}


def done(config: dict[str, Any], number: int = 0) -> tuple[Outcome, list[StepEvent]]:
    """What becomes of a step, and what is told of it after its beginning."""
    deployer, events = Ansible(config), list[StepEvent]()
    outcome = deployer.run(deployer.plan(Target())[number], events.append)
    assert events[0].pid > 0
    return outcome, events[1:]


class TestAnsible(DeployerContract):
    @pytest.fixture
    def target(self) -> Target:
        return Target("2025.2")

    @pytest.fixture
    def deployer(self, play: Play) -> Deployer:
        steps = [{"service": "nova", "tags": ["nova"], "hosts": ["ctl1"]}, {"tags": "none"}]
        return Ansible(play(command("true", tags=["nova"]), steps=steps))

    @pytest.fixture
    def hanging(self, play: Play) -> Deployer:
        return Ansible(play(command("sleep infinity")))


def test_plays_tasks_and_what_they_changed_on_each_host_are_events(play: Play) -> None:
    outcome, events = done(play(command("true"), {"name": "look", "ansible.builtin.debug": {"msg": "hello"}}))

    assert (outcome.ok, outcome.text) == (True, "")
    assert [event.text for event in events if not event.host] == ["play Upgrade nova", "task true", "task look"]
    hosts = {(event.host, event.text, event.ok) for event in events if event.host}
    assert hosts == {("ctl1", "true: changed", True), ("comp1", "true: changed", True)}
    assert b"TASK [look]" in outcome.output
    assert b'"msg": "hello"' in outcome.output
    assert b"\x1b" not in outcome.output
    assert b"\x1e" not in outcome.output
    assert b'"ok"' not in outcome.output


def test_task_that_fails_is_named_with_its_host(play: Play) -> None:
    tasks = [command("false", ignore_errors=True), command("false", when="inventory_hostname == 'comp1'")]
    outcome, events = done(play(*tasks))

    assert (outcome.ok, outcome.text) == (False, "comp1: false: non-zero return code")
    assert [(event.host, event.text) for event in events if event.ok is False] == [
        ("comp1", "false: non-zero return code")
    ]
    assert ("ctl1", "false: failed, which is ignored", None) in [(one.host, one.text, one.ok) for one in events]


def test_host_that_cannot_be_reached_is_named(play: Play, tmp_path: Path) -> None:
    config = play(command("true"))
    with nobody() as port:
        away = {"ansible_host": "127.0.0.1", "ansible_port": port}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"comp2": away}}}))
        outcome, events = done(config)

    assert not outcome.ok
    assert outcome.text.startswith("comp2: cannot be reached: ")
    assert [(event.host, event.ok) for event in events if event.host] == [("comp2", False)]


def test_what_modules_are_given_is_not_told(play: Play) -> None:
    outcome, events = done(play({"name": "keep", "ansible.builtin.set_fact": {"password": CANARY}}))

    assert outcome.ok
    assert b"TASK [keep]" in outcome.output
    assert CANARY not in f"{outcome.output!r} {events}"


def test_playbook_that_ansible_refuses_is_told_in_its_words(play: Play) -> None:
    outcome, _ = done(play({"name": "what", "no.such.module": {}}))

    assert not outcome.ok
    assert "no.such.module" in outcome.text


def test_a_step_has_its_tags_hosts_and_variables(play: Play, tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text("word: one")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.yml").write_text("word: two")
    says = {"ansible.builtin.debug": {"msg": "{{ word }}-{{ lookup('env', 'SAID') }}"}}
    config = play(
        {"name": "nova", **says, "tags": ["nova"]}, {"name": "glance", **says, "tags": ["glance"]},
        variables=[str(tmp_path / "one.yml"), str(tmp_path / "more" / "*.yml"), str(tmp_path / "none" / "*")],
        environment={"SAID": "so"}, steps=[{"service": "nova", "tags": ["nova"], "limit": "ctl1"}],
    )  # fmt: skip
    outcome, events = done(config)

    assert [event.text for event in events] == ["play Upgrade nova", "task nova"]
    assert outcome.output.count(b'"msg": "two-so"') == 1
    assert b"comp1" not in outcome.output


def test_preset_upgrades_as_kolla_ansible_does(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (programs := tmp_path / "kolla" / "bin").mkdir(parents=True)
    for name in ("ansible-playbook", "kolla-ansible"):
        real = shutil.which("ansible-playbook")
        assert real
        (programs / name).symlink_to(real)
    project = tmp_path / "kolla" / "share" / "kolla-ansible" / "ansible"
    project.mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{PATH}")
    monkeypatch.setenv("KOLLA_CONFIG_PATH", str(tmp_path / "etc"))
    (inventory := tmp_path / "etc" / "ansible" / "inventory").mkdir(parents=True)
    says = {"ansible.builtin.debug": {"msg": "{{ kolla_action }} {{ CONFIG_DIR }} {{ release }}"}}
    play({"name": "nova", **says, "tags": ["nova"]}, {"name": "glance", **says, "tags": ["glance"]})
    (tmp_path / "upgrade.yml").rename(project / "site.yml")
    (tmp_path / "hosts.yml").rename(inventory / "all-in-one")
    (tmp_path / "etc" / "globals.yml").write_text("release: '2025.2'")
    (tmp_path / "etc" / "passwords.yml").write_text("{}")

    deployer = Ansible({"preset": "kolla-ansible"})
    (*others, nova) = deployer.plan(Target(services=frozenset({"nova"})))
    assert [(one.id, one.service) for one in others] == [("common", ""), ("infrastructure", "")]
    outcome = deployer.run(nova, lambda _: None)
    assert outcome.ok, outcome.text
    assert outcome.output.count(f'"msg": "upgrade {tmp_path / "etc"} 2025.2"'.encode()) == 2
    assert b"TASK [glance]" not in outcome.output


def test_preset_upgrades_as_openstack_ansible_does(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (programs := tmp_path / "local" / "bin").mkdir(parents=True)
    (programs / "openstack-ansible").write_text("#!/bin/sh\n")
    (programs / "openstack-ansible").chmod(0o755)
    # Its wrapper brings the inventory along.
    (programs / "ansible-playbook").write_text(
        f'#!/bin/sh\nexec {shutil.which("ansible-playbook")} -i {tmp_path / "hosts.yml"} "$@"\n'
    )
    (programs / "ansible-playbook").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{PATH}")
    play({"name": "package", "ansible.builtin.debug": {"msg": "{{ package_state }}"}})
    for name in ("setup-hosts", "setup-infrastructure", "os-nova-install"):
        shutil.copy(tmp_path / "upgrade.yml", tmp_path / f"{name}.yml")

    with pytest.raises(StackproofError, match=r"there is no playbook .*/os-keystone-install.yml"):
        Ansible({"preset": "openstack-ansible", "project": str(tmp_path)})
    steps = [{"service": "nova", "playbook": "os-nova-install.yml"}]
    outcome, _ = done({"preset": "openstack-ansible", "project": str(tmp_path), "steps": steps})
    assert outcome.ok, outcome.text
    assert outcome.output.count(b'"msg": "latest"') == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"preset": "puppet"}, "no preset is called 'puppet'"),
        ({"preset": "kolla-ansible"}, "there is no kolla-ansible on the PATH"),
        ({"playbok": "x"}, "has the key 'playbok', which is none of arguments, binaries"),
        ({"playbook": "none.yml"}, "there is no playbook .*/none.yml"),
        ({"playbook": ""}, "step 1 .*: it has no `playbook`, and the file names none for all"),
        ({"variables": ["/nowhere.yml"]}, "there is no file of variables /nowhere.yml"),
        ({"variables": 1}, "`variables` of the deployer's file is no list"),
        ({"steps": [{"tags": {}}]}, "step 1 .*: its tags are no list"),
        ({"steps": ["nova"]}, "step 1 .*: it is no mapping"),
        ({"steps": [{"command": ["true"]}]}, "it has the key 'command', which is none of arguments, hosts"),
    ],
)
def test_file_that_is_wrong_is_told_in_one_sentence(play: Play, change: dict[str, Any], told: str) -> None:
    with pytest.raises(StackproofError, match=told) as caught:
        Ansible({**play(command("true")), **change})
    assert caught.value.hint


def test_without_ansible_it_is_told_what_is_missing(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    config = play(command("true"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StackproofError, match="there is no ansible-playbook on the PATH") as caught:
        Ansible(config)
    assert "`binaries`" in caught.value.hint


def test_nothing_is_left_of_a_step_that_is_aborted(play: Play, tmp_path: Path) -> None:
    deployer, events = Ansible(play(command("sleep 6173"))), list[StepEvent]()
    step = deployer.plan(Target())[0]
    running = threading.Thread(target=lambda: deployer.run(step, events.append))
    running.start()
    wait_for(
        lambda: [one for one in processes().values() if b"sleep\x006173" in one], timeout=60, what="the task to run"
    )
    assert [one for one in processes().values() if str(tmp_path).encode() in one]
    deployer.abort(step, 5)
    running.join(timeout=20)
    left = (str(tmp_path).encode(), b"sleep\x006173")
    wait_for(
        lambda: not [one for one in processes().values() if any(word in one for word in left)],
        timeout=20,
        what="the end",
    )


#: Runs the one step of a configuration that it is given.
RUNS = """
import json, sys
from pytest_upgrade.deployers.ansible import Ansible
from pytest_whitebox.core.deployers import Target
deployer = Ansible(json.load(sys.stdin))
deployer.run(deployer.plan(Target())[0], print)
"""


def test_nothing_secret_is_in_a_file_after_all_was_killed(play: Play, tmp_path: Path) -> None:
    (tmp_path / "passwords.yml").write_text(f"password: {CANARY}")
    for name in ("tmp", "home"):
        (tmp_path / name).mkdir()
    task = f"sleep 6174.{os.getpid()}"
    config = play(
        {"name": "keep", "ansible.builtin.set_fact": {"kept": "{{ password }}"}}, command(task),
        variables=[str(tmp_path / "passwords.yml")], steps=[{"limit": "ctl1"}],
        environment={"OS_PASSWORD": CANARY},
    )  # fmt: skip
    variables = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path / "home")}
    runs = subprocess.Popen([sys.executable, "-c", RUNS], stdin=subprocess.PIPE, env=variables, text=True)
    assert runs.stdin
    with runs.stdin:
        json.dump(config, runs.stdin)
    word, tree = task.encode().replace(b" ", b"\0"), ProcessTree.of(runs.pid)

    def works() -> bool:
        tree.look()
        return any(one.startswith(word) for one in processes().values())

    try:
        wait_for(works, timeout=60, what="the task to run")
    finally:
        runs.kill()
        runs.wait()
        tree.end(signal.SIGKILL, 0)
    assert not [one for one in processes().values() if one.startswith(word)]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file.name for file in files if CANARY.encode() in file.read_bytes()] == ["passwords.yml"]


def processes() -> dict[int, bytes]:
    """The command lines of all processes, by their numbers."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found[int(file.parent.name)] = file.read_bytes()
    return found
