"""The verbs of the observer from a shell, against the surface of a cloud."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.observers import outside
from pytest_upgrade.store import Store
from pytest_whitebox.core.command import run
from pytest_whitebox.core.wait import wait_for
from tests.doubles.openstack import CORE, Openstack, environment, serve


@pytest.fixture
def cloud() -> Openstack:
    """One whose user is no administrator."""
    services = {**CORE, "image": "v2", "network": "v2.0"}
    return Openstack(
        services=services, fail=lambda method, service, path: 403 if (method, path) == ("POST", "projects") else 0
    )


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cloud: Openstack) -> Iterator[Path]:
    """A shell with the variables of a cloud, in a project without a run."""
    for name in [name for name in os.environ if name.startswith(("OS_", "UPGRADE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with serve(cloud) as url:
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        yield tmp_path
        for lock in tmp_path.glob(f".stackproof/upgrades/*/{outside.LOCK}"):
            outside.stop(lock.parent)


def test_an_observer_is_begun_with_a_run_of_its_own_asked_and_ended(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["observe", "start", "--service", "compute", "--only-read"]) == 0
    said = capsys.readouterr().out
    places = Places(project / ".stackproof/upgrades")
    with Store.open(places.url) as store:
        (run,) = store.runs()
    assert f"run {run.id} of envvars begins" in said
    assert "no control lane" in said
    assert f"run {run.id}: process {outside.alive(places.directory(run.name).path)} observes 4 lanes" in said

    def answered() -> bool:
        main(["observe", "status"])
        return "GET compute /servers (new): ok; " in capsys.readouterr().out

    wait_for(answered, timeout=60, what="a sample of what users ask for")
    assert main(["observe", "status"]) == 0
    assert main(["observe", "stop"]) == 0
    assert main(["observe", "stop"]) == 1
    assert main(["judge", "--tag", "zero_downtime"]) == 2
    assert "compute zero_downtime: INCONCLUSIVE" in capsys.readouterr().out


def test_a_machine_that_is_far_too_busy_is_told_and_observes_all_the_same(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for load, cpus, is_told in ((9.3, 2, True), (7.9, 2, False)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0))
        monkeypatch.setattr(os, "cpu_count", lambda cpus=cpus: cpus)
        assert main(["observe", "start", "--service", "compute", "--only-read"]) == 0
        assert main(["observe", "stop"]) == 0
        said = capsys.readouterr().err
        assert (f"this machine is too busy to observe (load {load}, CPUs 2): slots will be " in said) is is_told


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_pytest_tells_that_its_observer_is_on_a_machine_that_is_far_too_busy(project: Path, workers: str) -> None:
    (project / "conftest.py").write_text("import os\n\nos.getloadavg = lambda: (99.0 * os.cpu_count(), 0.0, 0.0)\n")
    (project / "test_it.py").write_text(
        "import pytest\n\n"
        '@pytest.mark.zero_downtime(probe="GET compute /servers")\n'
        "def test_it(timeline): assert not timeline.outages\n\n"
        '@pytest.mark.phase("pre")\ndef test_before(): pass\n'
    )
    said = run([sys.executable, "-m", "pytest", "--phase=pre", workers], cwd=str(project), timeout=120).stdout
    assert "1 passed" in said
    assert "observer: this machine is too busy to observe (load " in said


def test_what_canaries_write_is_told_and_goes_away_and_a_sweep_takes_what_was_left(
    project: Path, cloud: Openstack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["observe", "start", "--service", "compute"]) == 0
    said = capsys.readouterr().out
    assert "observes 5 lanes" in said
    run = said.partition("run ")[2].partition(" ")[0]

    def told() -> bool:
        main(["observe", "status"])
        return "ledger of POST compute /os-keypairs (new): 2 accepted, 2 of them" in capsys.readouterr().out

    wait_for(told, timeout=60, what="the ledger to have a key pair that came and went")
    assert main(["observe", "stop"]) == 0
    assert not cloud.of("compute", "os-keypairs")
    assert {name.startswith((f"pu-{run}-canary-",)) for name in cloud.deleted} == {True}

    for name in (f"pu-{run}-canary-a1b2c3-9", "mine"):
        cloud.put("compute", "os-keypairs", id=name, name=name)
        cloud.put("network", "networks", id=f"net-{name}", name=name)
        cloud.put("compute", "servers", id=f"server-{name}", name=name, status="ACTIVE")
    assert main(["sweep", "--list"]) == 0
    assert "canary" in capsys.readouterr().out
    assert main(["sweep"]) == 0
    assert list(cloud.of("compute", "os-keypairs")) == ["mine"]
    assert list(cloud.of("network", "networks")) == ["net-mine"]
    assert list(cloud.of("compute", "servers")) == ["server-mine"]


def test_a_sweep_takes_what_canaries_have_left_before_the_user_whose_it_is(
    project: Path, cloud: Openstack, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a user who is gone nobody could remove anything any more."""
    cloud.fail = lambda *_: 0
    cloud.put("identity", "roles", id="member", name="member")
    assert main(["observe", "start", "--service", "compute"]) == 0
    run = capsys.readouterr().out.partition("run ")[2].partition(" ")[0]
    assert main(["observe", "stop"]) == 0
    (user,) = cloud.of("identity", "users")
    left = f"pu-{run}-canary-a1b2c3-9"
    cloud.put("compute", "os-keypairs", id=left, name=left)
    assert main(["sweep"]) == 0
    assert [one for one in cloud.deleted if one in (left, user)] == [left, user]


def test_what_a_lane_costs_is_measured_and_too_much_is_refused(
    project: Path, cloud: Openstack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["observe", "cost", "--service", "compute", "--most", "1000"]) == 0
    said = capsys.readouterr().out
    lanes = {line.partition("(")[0].strip() for line in said.splitlines() if " ms, " in line}
    assert lanes == {"GET compute /", "GET compute /servers", "POST compute /os-keypairs"}
    assert "POST compute /os-keypairs (new): every 10 s, " in said
    assert not cloud.of("compute", "os-keypairs")

    cloud.delay = 0.2
    assert main(["observe", "cost", "--service", "compute", "--only-read", "--most", "0.3"]) == 1
    said = capsys.readouterr().out
    (share,) = [float(line.split()[1]) for line in said.splitlines() if line.endswith("in all")]
    # Two lanes a second that each wait for 0.2 s, and for nothing that a busy machine adds less.
    assert share >= 40
    assert "too much for compute: more than 30 % of a worker" in said
    assert "os-keypairs" not in said


@pytest.mark.parametrize("share", ["0", "-1", "nan", "half", "inf"])
def test_a_share_that_is_none_is_misuse(project: Path, share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="4"):
        main(["observe", "cost", f"--most={share}"])
    assert "is no share" in capsys.readouterr().err
