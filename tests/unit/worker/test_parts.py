"""Clouds, lists of tests, what a run tells, and whose locks are used."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from worker.calling import called
from worker.clouds import Held, cpid
from worker.environment import Environments
from worker.fetching import listed, names
from worker.payload import MOST_TESTS, Payload, Refused
from worker.releases import LATEST
from worker.runner import Telling
from worker.running import Order, Run
from worker.states import State

PAYLOAD = Payload.from_mapping({"cloud": "prod", "tempest": "47.0.0", "tests": {"names": ["a.b"]}})


def cloud(folder: Path, text: str = "[identity]\nuri_v3 = http://keystone.example/v3\n") -> Path:
    (folder / "prod").mkdir(parents=True)
    (folder / "prod" / "tempest.conf").write_text(text)
    return folder


def test_conf_of_a_job_is_the_clouds_with_what_the_job_sets(tmp_path: Path) -> None:
    held = Held.find(cloud(tmp_path / "clouds", "[compute]\n# ours\nmin_compute_nodes = 1\nflavor_ref = 1\n"), "prod")
    asked = {"compute": {"min_compute_nodes": "2"}, "service_available": {"swift": "False"}}
    file = held.conf(tmp_path, asked)
    text = file.read_text()
    assert "# ours\nmin_compute_nodes = 2\nflavor_ref = 1\n" in text
    assert "[service_available]\nswift = False\n" in text
    assert f"lock_path = {tmp_path / 'locks'}" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["staging", "..", "prod/../prod"])
def test_cloud_that_is_not_held_is_none(tmp_path: Path, name: str) -> None:
    folder = cloud(tmp_path / "clouds")
    if name == "staging":
        with pytest.raises(StackproofError, match="holds no cloud 'staging'"):
            Held.find(folder, name)
    else:
        with pytest.raises(Refused, match="cloud is no name of a cloud"):
            Payload.from_mapping({**PAYLOAD.mapping, "cloud": name})


def test_cloud_is_known_by_its_tempest_conf_and_cleaned_by_its_clouds_yaml(tmp_path: Path) -> None:
    conf, asked = tmp_path / "prod" / "tempest.conf", tmp_path / "prod" / "clouds.yaml"
    cloud(tmp_path)
    assert Held.find(tmp_path, "prod") == Held("prod", conf, None)
    asked.touch()
    assert Held.find(tmp_path, "prod") == Held("prod", conf, asked)
    conf.unlink()
    assert Held.find(tmp_path, "prod") == Held("prod", asked, asked)


def test_id_for_refstack_stays_and_leads_to_nobody(tmp_path: Path) -> None:
    conf = cloud(tmp_path / "clouds") / "prod" / "tempest.conf"
    first, again = cpid(conf, tmp_path / "key"), cpid(conf, tmp_path / "key")
    assert (first == again, first == cpid(conf, tmp_path / "other")) == (True, False)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", [b"", b"Invalid target: x\n", b"<html>", b"a.b\n--pdb\n", b"a.b\n" + b"c.d%d\n" * 2, b"\xff\xfe"]
)
def test_what_is_no_list_of_tests_is_refused(text: bytes) -> None:
    with pytest.raises(Refused, match=r"tests.url is no list of tests"):
        names(text)


def test_list_of_tests_has_an_end() -> None:
    with pytest.raises(Refused):
        names(b"".join(b"a.b%d\n" % number for number in range(MOST_TESTS + 1)))


def test_list_is_not_fetched_from_elsewhere() -> None:
    with pytest.raises(Refused, match="not allowed"):
        listed("http://169.254.169.254/latest", ["refstack.example"])


def test_order_comes_back_from_its_line(tmp_path: Path) -> None:
    order = Order("job", PAYLOAD, tmp_path / "a", tmp_path, tmp_path, tmp_path / "k", ("x:1",), ("plugin==1",))
    assert Order.from_line(order.line) == order


def test_run_without_its_cloud_says_so_and_leaves_no_folder(tmp_path: Path) -> None:
    out = io.StringIO()
    Run(Order("job", PAYLOAD, tmp_path / "jobs" / "job", tmp_path, tmp_path / "cache", tmp_path), out).do()
    first, last = map(json.loads, out.getvalue().splitlines())
    assert (first, last["state"]) == ({"event": "state", "state": "installing"}, "failed")
    assert "holds no cloud 'prod'" in last["sentence"]
    assert not (tmp_path / "jobs" / "job").exists()


def test_uv_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'error: no such index'\nexit 2\n")
    uv.chmod(0o755)
    said: list[str] = []
    with pytest.raises(StackproofError, match=r"libraries of Tempest 47\.0\.0 cannot be chosen: error: no such index"):
        Environments(tmp_path / "cache", uv=str(uv)).prepare("47.0.0", said.append, Event())
    assert said == ["error: no such index\n"]


def test_libraries_in_c_are_new_and_all_others_of_tempests_time(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/words\nfor last; do :; done\ncp "$last" "${{last%.in}}.new"\n')
    uv.chmod(0o755)
    lock = Environments(tmp_path / "cache", uv=str(uv)).prepare("30.0.0", print, Event())
    assert lock.read_text().splitlines() == ["tempest==30.0.0", "pytest>=8", "os-service-types", "setuptools<70"]
    words = (tmp_path / "words").read_text()
    assert "--exclude-newer 2022-04-09 " in words
    assert "--python-version 3.11 " in words
    for name in ("pytest", "pyyaml", "cffi"):
        assert f"--exclude-newer-package {name}={LATEST}" in words


@pytest.mark.parametrize("own", [False, True])
def test_what_is_stopped_ends_with_its_children_however_deaf(tmp_path: Path, own: bool) -> None:
    """Also with one that leads a session of its own."""
    deaf = "import signal, subprocess, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    deaf += "p = subprocess.Popen([sys.executable, '-c', 'import signal; signal.signal(2, signal.SIG_IGN); "
    deaf += f'print("child", flush=True); signal.pause()\'], start_new_session={own}); '
    deaf += "print(p.pid, flush=True); signal.pause()"
    stopped, said = Event(), []

    def hear(line: str) -> None:
        said.append(line.strip())
        if len(said) == 2:
            stopped.set()

    began = time.monotonic()
    status = called([sys.executable, "-c", deaf], dict(os.environ), hear, stopped, tmp_path, grace=0.5)
    assert (status, time.monotonic() - began < 30) == (-signal.SIGKILL, True)
    (child,) = (int(line) for line in said if line.isdecimal())
    wait_for(lambda: not _lives(child), timeout=10, what="the child to end")


def _lives(pid: int) -> bool:
    """False also for one that has ended and that nobody has asked how."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_log_that_nobody_fetches_has_an_end() -> None:
    telling = Telling(most=10)
    for _ in range(5):
        telling.log("1234")
    telling.state(State.INSTALLING)
    telling.state(State.RUNNING)
    telling.progress(1, 2)
    news = telling.news()
    assert (news.log, news.state, news.done, news.total) == ("12341234", State.RUNNING, 1, 2)
    assert news.passed == (State.CLAIMED, State.INSTALLING)
    telling.log("more")
    assert telling.news().log == "more"
