"""The DevStack plugin, the Zuul jobs and the worker's unit of docs/ci: their form, for they do not run here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_whitebox.core.setting import Setting
from worker import settings

CI = Path(__file__).parents[3] / "docs/ci"


@pytest.mark.parametrize("name", ["plugin.sh", "settings"])
def test_the_devstack_plugin_is_bash(name: str) -> None:
    subprocess.run(["bash", "-n", CI / "devstack" / name], check=True)


@pytest.mark.parametrize(
    ("phase", "called"),
    [
        (["stack", "install"], "install"),
        (["stack", "test-config"], "configure"),
        (["stack", "extra"], ""),
        (["clean"], ""),
    ],
)
def test_the_plugin_acts_in_its_phases(phase: list[str], called: str, tmp_path: Path) -> None:
    script = """
    is_service_enabled() { true; }
    define_plugin() { :; }
    python3() { echo install; }
    mkdir() { echo configure; command mkdir "$@"; }
    DEST=$1 DATA_DIR=$1 HOME=$1 STACK_USER=stack
    shift
    . "$0/settings"
    STACKPROOF_VENV=$DATA_DIR/venv
    command mkdir -p "$STACKPROOF_VENV/bin"
    printf '#!/bin/sh\\n' >"$STACKPROOF_VENV/bin/pip"
    chmod +x "$STACKPROOF_VENV/bin/pip"
    . "$0/plugin.sh" "$@"
    """
    command = ["bash", "-euc", script, str(CI / "devstack"), str(tmp_path), *phase, *[""] * (2 - len(phase))]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split() == ([called] if called else [])
    if called == "configure":
        told = yaml.safe_load((tmp_path / "venv/etc/hosts.yaml").read_text())
        assert told == {"defaults": {"user": "stack", "key": f"{tmp_path}/.ssh/id_rsa"}, "hosts": {}}


def _of(kind: str) -> Iterator[dict[str, Any]]:
    for item in yaml.safe_load((CI / "zuul.d/jobs.yaml").read_text()):
        if kind in item:
            yield item[kind]


def test_every_job_has_what_zuul_wants_and_its_playbooks_exist() -> None:
    jobs = {job["name"]: job for job in _of("job")}
    assert set(jobs) == {"stackproof-devstack-nfv", "stackproof-tripleo-standalone"}
    for job in jobs.values():
        assert {"name", "parent", "description", "run", "post-run", "timeout", "vars"} <= set(job)
        for phase in ("pre-run", "run", "post-run"):
            assert phase not in job or (CI / job[phase]).is_file()


def test_the_jobs_of_the_project_and_their_nodes_are_defined() -> None:
    names = {job["name"] for job in _of("job")}
    (project,) = _of("project")
    assert {job for pipeline in project.values() for job in pipeline["jobs"]} == names
    (nodes,) = _of("nodeset")
    known = {node["name"] for node in nodes["nodes"]}
    assert len(known) == 2
    assert {node for group in nodes["groups"] for node in group["nodes"]} == known
    assert nodes["name"] in {job.get("nodeset") for job in _of("job")}


def test_every_playbook_is_a_list_of_plays() -> None:
    books = sorted((CI / "playbooks").glob("*.yaml"))
    assert len(books) == 4
    for book in books:
        for play in yaml.safe_load(book.read_text()):
            assert {"name", "hosts"} < set(play)
            assert all("name" in task and len(task) >= 2 for task in play.get("tasks", []))


def test_every_word_of_the_workers_unit_is_known() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: install systemd")
    unit = CI / "worker" / "stackproof-worker.service"
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "stackproof" in line] == []


def test_worker_is_started_as_its_command_line_wants() -> None:
    unit = (CI / "worker" / "stackproof-worker.service").read_text()
    container = (CI / "worker" / "Containerfile").read_text()
    entry, command = (json.loads(line) for line in re.findall(r"(?m)^(?:ENTRYPOINT|CMD) (.*)$", container))
    (start,) = re.findall(r"(?m)^ExecStart=/usr/bin/python3 (.*)$", unit)
    assert ["python", *start.split()] == entry + command == ["python", "/opt/stackproof/worker.pyz", "run"]
    known = {setting.env for setting in vars(settings).values() if isinstance(setting, Setting)}
    set_ = set(re.findall(r"(?m)^(?:Environment=|ENV )(\w+)=", unit + container))
    assert len(set_) == 3
    assert set_ <= known
