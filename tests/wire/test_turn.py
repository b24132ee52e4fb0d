"""Tests of a cloud with two compute hosts, in runs of pytest as a user starts them: who runs beside whom."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for
from tests.plugin.cloud_on_loopback import serve

from .conftest import SshServer, start_sshd, stop

HOSTS = ("compute1", "compute2")

_CLOUDS = """
clouds:
  lab:
    region_name: north
    auth: {{auth_url: '{url}/v3', username: u, password: p, project_name: demo, user_domain_name: Default,
           project_domain_name: Default}}
"""
# Each test writes down when it began and ended; two that must not meet look for each other while they run.
_TESTS = """
import json, os, pathlib, time
import pytest
from pytest_whitebox.core.wait import wait_for

LOG = pathlib.Path(os.environ["MEETINGS"])

@pytest.fixture
def at(request):
    def note(host="", wait_for_others=0.5):
        me = request.node.name
        with LOG.open("a") as log:
            print(json.dumps([me, host, "in", time.monotonic()]), file=log, flush=True)
        deadline = time.monotonic() + wait_for_others
        wait_for(lambda: time.monotonic() >= deadline, timeout=30, every=0.02, what="others to come")
        with LOG.open("a") as log:
            print(json.dumps([me, host, "out", time.monotonic()]), file=log, flush=True)
    return note
"""


@dataclass(frozen=True)
class Stay:
    """How long a test was in its body, and on which host."""

    test: str
    host: str
    began: float
    ended: float

    def meets(self, other: Stay) -> bool:
        return self.began < other.ended and other.began < self.ended


@pytest.fixture
def lab(
    pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A cloud on the loopback and its two hosts, each of which has a /var/lib of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to give each host a /var/lib of its own")
    for name in [name for name in os.environ if name.startswith(("OS_", "WHITEBOX_", "PYTEST_"))]:
        monkeypatch.delenv(name)
    servers = [_host(tmp_path_factory.mktemp(name), name) for name in HOSTS]
    config = pytester.path / "ssh_config"
    config.write_text("".join(server.ssh_config.read_text().replace("Host server", f"Host {name}")
                              for server, name in zip(servers, HOSTS, strict=True)))  # fmt: skip
    monkeypatch.setenv("HOME", str(pytester.path))
    monkeypatch.setenv("MEETINGS", str(pytester.path / "meetings"))
    with serve() as cloud:
        cloud.computes = HOSTS
        (pytester.path / "clouds.yaml").write_text(_CLOUDS.format(url=cloud.url))
        yield pytester.path
    for server in servers:
        stop(server.process)


def _host(folder: Path, name: str) -> SshServer:
    return start_sshd(
        folder, within=("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /var/lib && exec "$@"', "sh")
    )


def _stays(lab: Path) -> list[Stay]:
    """Who was where, in the order of their ends."""
    began: dict[str, float] = {}
    stays = []
    for line in (lab / "meetings").read_text().splitlines():
        test, host, way, moment = json.loads(line)
        if way == "in":
            began[test] = moment
        else:
            stays.append(Stay(test, host, began[test], moment))
    return stays


def _run(pytester: pytest.Pytester, tests: str, *words: str) -> pytest.RunResult:
    pytester.makepyfile(_TESTS + tests)
    return pytester.runpytest_subprocess(
        "--os-cloud=lab", "--whitebox-ssh-config=ssh_config", "-p", "no:cacheprovider", *words
    )


_OWN = """
@pytest.mark.parametrize("number", range(4))
def test_own(own_host, at, number):
    at(own_host.name)
"""


@pytest.mark.parametrize(("workers", "hosts"), [("-n0", {"compute1"}), ("-n2", set(HOSTS))])
def test_tests_with_a_host_of_their_own_never_meet_there(
    lab: Path, pytester: pytest.Pytester, workers: str, hosts: set[str]
) -> None:
    _run(pytester, _OWN, workers).assert_outcomes(passed=4)
    stays = _stays(lab)
    assert {stay.host for stay in stays} == hosts
    meetings = [(a, b) for a in stays for b in stays if a is not b and a.meets(b)]
    assert {a.host == b.host for a, b in meetings} == ({False} if workers == "-n2" else set())


_MIXED = """
def test_alone(alone, at):
    at()

@pytest.mark.parametrize("number", range(3))
def test_shared(hosts, at, number):
    at()
"""


def test_who_has_all_hosts_meets_nobody_and_the_others_meet(lab: Path, pytester: pytest.Pytester) -> None:
    _run(pytester, _MIXED, "-n4").assert_outcomes(passed=4)
    stays = {stay.test: stay for stay in _stays(lab)}
    lonely = stays.pop("test_alone")
    assert len(stays) == 3
    assert not any(lonely.meets(other) for other in stays.values())
    assert any(a.meets(b) for a in stays.values() for b in stays.values() if a is not b)


def test_two_runs_meet_on_the_host(lab: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_TESTS + "def test_alone(alone, at):\n    at(wait_for_others=7)\n")
    command = [sys.executable, "-m", "pytest", "--os-cloud=lab", "--whitebox-ssh-config=ssh_config", "-n0"]
    runs = [subprocess.Popen(command, cwd=lab, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate(timeout=180)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    first, second = _stays(lab)
    assert not first.meets(second)
    (waited,) = [line for text in said for line in text.splitlines() if "waits" in line]
    assert re.match(r"test_alone waits: the host compute1 is in use by \d+@\S+ for \S+::test_alone since", waited)


_LACKING = """
@pytest.mark.parametrize("number", range(2))
def test_shared(hosts, at, number):
    at(wait_for_others=2)

@pytest.mark.requires("dns")
@pytest.mark.parametrize("number", range(2))
def test_lacks(alone, number):
    raise AssertionError("the cloud has no DNS")

@pytest.mark.skip
def test_skipped(alone):
    raise AssertionError("it is skipped")
"""
_WHEN = """
import json, os, time

def pytest_runtest_logreport(report):
    if report.skipped and "PYTEST_XDIST_WORKER" not in os.environ:
        with open(os.environ["MEETINGS"], "a") as log:
            for way in ("in", "out"):
                print(json.dumps([report.nodeid, "", way, time.monotonic()]), file=log, flush=True)
"""


def test_what_is_skipped_waits_for_nobody(lab: Path, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(_WHEN)
    _run(pytester, _LACKING, "-n5").assert_outcomes(passed=2, skipped=3)
    stays = _stays(lab)
    over = max(stay.ended for stay in stays if "shared" in stay.test)
    assert len(stays) == 5
    assert all(stay.ended < over for stay in stays if "shared" not in stay.test)


_CHANGED = """
def test_shared(hosts):
    with hosts[0].write_file("/var/lib/stackproof-test", b"x"):
        pass

def test_own(own_host, hosts):
    with own_host.write_file("/var/lib/stackproof-test", b"x"):
        pass
    other, = (host for host in hosts if host.name != own_host.name)
    with other.write_file("/var/lib/stackproof-test", b"x"):
        pass
"""


def test_what_is_shared_cannot_be_changed(lab: Path, pytester: pytest.Pytester) -> None:
    result = _run(pytester, _CHANGED, "-n0")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*this test shares compute1 with others and must not change it*"])
    result.stdout.fnmatch_lines(["*this test shares compute2 with others and must not change it*"])
    result.stdout.fnmatch_lines(["*hint: have it ask for the fixture own_host, and change that one, or for alone*"])


_CRASH = """
import os, signal

def test_dies(alone, at):
    at(wait_for_others=0)
    os.kill(os.getpid(), signal.SIGKILL)

def test_goes_on(alone, at):
    at()
"""


def test_a_worker_that_dies_lets_go(lab: Path, pytester: pytest.Pytester) -> None:
    result = _run(pytester, _CRASH, "-n2", "--max-worker-restart=1")
    result.assert_outcomes(passed=1, failed=1)
    assert [stay.test for stay in _stays(lab) if stay.test == "test_goes_on"] == ["test_goes_on"]


def test_a_host_out_of_reach_stops_only_who_changes_it(lab: Path, pytester: pytest.Pytester) -> None:
    config = lab / "ssh_config"
    config.write_text(config.read_text().replace("IdentityFile", "IdentityFile /nonexistent #", 1))
    result = _run(pytester, "def test_shared(hosts, at): at()\ndef test_alone(alone): pass\n", "-n0")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*compute1 is not locked, so another run may restart its services*"])


_MODULE = """
@pytest.fixture(scope="module")
def changed(module_host):
    with module_host.write_file("/var/lib/stackproof-test", b"x"):
        yield module_host

@pytest.mark.parametrize("number", range(3))
def test_kept(changed, at, number):
    assert changed.run(["cat", "/var/lib/stackproof-test"]).stdout == "x"
    at(changed.name, wait_for_others=4)
"""


def test_a_module_keeps_its_host_between_its_tests(lab: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_module=_TESTS + _MODULE, test_other=_TESTS + "def test_other(own_host, at):\n    at()\n")
    command = [sys.executable, "-m", "pytest", "--os-cloud=lab", "--whitebox-ssh-config=ssh_config", "-n0"]
    first = subprocess.Popen([*command, "test_module.py"], cwd=lab, stdout=subprocess.PIPE, text=True)
    wait_for((lab / "meetings").exists, timeout=60, what="the module to begin")
    second = subprocess.run([*command, "test_other.py"], cwd=lab, capture_output=True, text=True, timeout=60)
    said = first.communicate(timeout=180)[0]
    assert (first.returncode, second.returncode) == (0, 0), said + second.stdout
    assert [stay.test for stay in _stays(lab)][-1:] == ["test_other"]
    assert len(_stays(lab)) == 4


_EVERYTHING = """
@pytest.fixture(scope="module")
def changed(module_host):
    with module_host.write_file("/var/lib/stackproof-test", b"x"):
        yield module_host

@pytest.mark.parametrize("number", range(2))
def test_of_the_module(changed, number):
    assert changed.file("/var/lib/stackproof-test").exists

@pytest.mark.parametrize("number", range(3))
def test_own(own_host, number):
    with own_host.write_file("/var/lib/stackproof-own", b"x"):
        assert number != 1

@pytest.mark.parametrize("number", range(3))
def test_makes(create, hosts, number):
    assert create.flavor().name.startswith("sp-")
    assert len(hosts) == 2

def test_undo_fails(ledger, any_host):
    ledger.add("it", lambda: 1 / 0)

@pytest.mark.requires("dns")
def test_lacks(alone):
    pass

def test_alone(alone, hosts):
    assert not any(host.file("/var/lib/stackproof-own").exists for host in hosts)

def test_is_told(hosts):
    hosts["compute3"]
"""
_OUTCOMES = """
import json, os

def pytest_runtest_logreport(report):
    if "PYTEST_XDIST_WORKER" not in os.environ and (report.when == "call" or not report.passed):
        with open(os.environ["MEETINGS"], "a") as log:
            print(json.dumps([report.nodeid, report.when, report.outcome]), file=log, flush=True)
"""


def test_results_are_the_same_with_workers_and_without(lab: Path, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(_OUTCOMES)
    told = []
    for workers in ("-n0", "-n4"):
        _run(pytester, _EVERYTHING, workers).assert_outcomes(passed=9, failed=2, errors=1, skipped=1)
        told.append(sorted((lab / "meetings").read_text().splitlines()))
        (lab / "meetings").unlink()
    assert told[0] == told[1]
