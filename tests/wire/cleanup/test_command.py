"""The command line as a user has it: what it prints and its exit codes, against a cloud on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from pytest_cleanup.marker import REGION
from pytest_whitebox.core.wait import wait_for
from tests.doubles.openstack import Openstack, environment, serve
from tests.doubles.serving import nobody
from tests.wire.cleanup.scene import network, server, volume

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def auth_url(cloud: Openstack) -> Iterator[str]:
    network(cloud, "kept")
    volume(cloud, "kept-volume")
    with serve(cloud) as url:
        yield url


@pytest.fixture
def start(auth_url: str, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """``start(*words)``: the command in a folder of its own, which knows this cloud only."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    environ = {
        **inherited,
        **environment(auth_url),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(tmp_path),
    }

    def command(*words: str) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "pytest_cleanup.cli", *words]
        return subprocess.Popen(
            line, cwd=tmp_path, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return command


@pytest.fixture
def run(start: Callable[..., subprocess.Popen[str]]) -> Run:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        process = start(*words)
        out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    return command


def test_snapshot_leak_report_restore(run: Run, cloud: Openstack) -> None:
    there = cloud.ids()
    taken = run("snapshot")
    assert (taken.returncode, taken.stderr) == (0, "")
    assert "resources of" in taken.stdout
    assert run("report").stdout.startswith("as in the snapshot of ")
    server(cloud, "leaked")
    cloud.of("network", "networks")["kept-net"]["description"] = "changed"
    told = run("report")
    assert told.returncode == 1
    assert "+ server 'leaked' (leaked)" in told.stdout
    assert "~ network 'kept' (kept-net)\n    description:  -> changed" in told.stdout
    planned = run("restore", "--scope", "cloud", "--dry-run")
    assert planned.returncode == 0
    assert "server 'leaked' (leaked): not in the snapshot; at once" in planned.stdout
    assert cloud.deleted == []
    done = run("restore", "--scope", "cloud")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "; the cloud is as it was" in done.stdout
    assert cloud.ids() == there


def test_restore_without_a_scope_is_refused(run: Run, cloud: Openstack) -> None:
    run("snapshot")
    server(cloud, "leaked")
    done = run("restore")
    assert done.returncode == 4
    assert "say --scope cloud if nobody else uses it" in done.stderr
    assert done.stderr.endswith("; nothing was deleted\n")
    assert cloud.deleted == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("restore", "--scope", "cloud", "--snapshot", "none.json"), "none.json cannot be read"),
        (("restore", "--scope", "everything"), "no scope is called 'everything'"),
        (("restore", "--scope", "project:none"), "there is no project none"),
        (("restore", "--nonsense"), "unrecognized arguments: --nonsense"),
        (("purge", "--every-project"), "say --yes-delete-everything, or --dry-run"),
        (("purge", "--yes-delete-everything"), "it was not said what to purge"),
    ],
)
def test_misuse_is_refused_with_four(run: Run, cloud: Openstack, words: tuple[str, ...], said: str) -> None:
    run("snapshot")
    done = run(*words)
    assert (done.returncode, set(cloud.deleted) - {REGION}) == (4, set())
    assert said in done.stderr


def test_cloud_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    with serve(Openstack()) as url:
        pass  # nobody listens there any more
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    environ = {**inherited, **environment(url), "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "pytest_cleanup.cli", "snapshot"]
    done = subprocess.run(line, cwd=tmp_path, env=environ, text=True, capture_output=True, timeout=100, check=False)
    said = f"pytest-cleanup: cloud of OS_* at {url} cannot be used: Connection refused; see that `openstack "
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"{said}token issue` works from here\n"


def test_service_that_does_not_answer_is_told_in_plain_words(run: Run, cloud: Openstack) -> None:
    with nobody() as port:
        cloud.elsewhere["compute"] = f"http://127.0.0.1:{port}/v2.1"
        done = run("snapshot")
    assert done.returncode == 1
    assert {line.partition(": ")[0] for line in done.stderr.splitlines()} == {"not in it, and so never deleted"}
    assert "server: compute GET /v2.1/ gave no answer: Connection refused; look at the logs of compute" in done.stderr


def test_what_stays_ends_in_one(run: Run, cloud: Openstack) -> None:
    run("snapshot")
    volume(cloud, "leaked")
    cloud.fail = lambda method, service, path: 403 if method == "DELETE" or path.endswith("/action") else 0
    done = run("restore", "--scope", "cloud")
    assert done.returncode == 1
    assert "volume 'leaked' (leaked) stays: block-storage DELETE /volumes/leaked answered 403" in done.stdout
    assert "the cloud is NOT as it was" in done.stdout


def test_killed_restore_is_gone_on_with(
    run: Run, start: Callable[..., subprocess.Popen[str]], cloud: Openstack
) -> None:
    there = cloud.ids()
    run("snapshot")
    for number in range(30):
        network(cloud, f"leaked-{number}")
    cloud.delay = 0.05
    process = start("restore", "--scope", "cloud")
    wait_for(lambda: len(cloud.deleted) > 10, timeout=60, every=0.01, what="some to be deleted")
    process.kill()
    process.communicate()
    cloud.delay = 0
    assert cloud.ids() > there
    done = run("restore", "--scope", "cloud")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloud.ids() == there


def test_two_restores_at_once_are_one_and_a_refusal(
    run: Run, start: Callable[..., subprocess.Popen[str]], cloud: Openstack
) -> None:
    run("snapshot")
    volume(cloud, "leaked")
    begun, refused = Event(), Event()

    def held(method: str, service: str, path: str) -> int:
        if method == "DELETE":
            begun.set()
            refused.wait(60)
        return 0

    cloud.fail = held
    first = start("restore", "--scope", "cloud")
    assert begun.wait(60)
    second = run("restore", "--scope", "cloud")
    refused.set()
    out, err = first.communicate(timeout=100)
    assert second.returncode == 4
    assert f"is being restored by {first.pid}@" in second.stderr
    assert (first.returncode, err) == (0, ""), out


def test_purge_of_a_project_takes_what_it_has_and_nothing_else(run: Run, cloud: Openstack) -> None:
    cloud.put("identity", "projects", id="p", name="demo", domain_id="default")
    volume(cloud, "theirs", project="q")
    server(cloud, "old")
    assert run("purge", "--project", "demo", "--dry-run").returncode == 0
    assert cloud.deleted == []
    done = run("purge", "--project", "demo", "--yes-delete-everything")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"old", "kept-net", "kept-volume"} <= set(cloud.deleted)
    assert {"theirs", "p", "admin-user"} <= cloud.ids()


def test_purge_keeps_what_tempest_conf_names(run: Run, cloud: Openstack, tmp_path: Path) -> None:
    cloud.put("identity", "projects", id="p", name="demo", domain_id="default")
    cloud.put("identity", "projects", id="q", name="leaked", domain_id="default")
    cloud.put("image", "images", id="image", name="cirros", visibility="public", tags=[])
    cloud.put("image", "images", id="other", name="other", visibility="private", tags=[])
    (tmp_path / "accounts.yaml").write_text("- {username: admin, project_name: demo, password: secret}\n")
    conf = "[auth]\ntest_accounts_file = accounts.yaml\n"
    for name in ("small", "big"):
        cloud.put("compute", "flavors", id=name, name=name, **{"os-flavor-access:is_public": True})
    conf += "[compute]\nimage_ref = image\nflavor_ref = small\n[network]\npublic_network_id = kept-net\n"
    (tmp_path / "tempest.conf").write_text(conf)
    done = run("purge", "--keep-tempest-conf", "tempest.conf", "--yes-delete-everything")
    # A network that is named is of use with its subnet only.
    assert {"p", "image", "small", "kept-net", "kept-subnet", "kept-dhcp", "admin-project", "admin-user"} <= cloud.ids()
    gone = {"q", "other", "big", "kept-volume", "kept-router", "kept-interface", "kept-free"}
    assert gone <= set(cloud.deleted), done.stdout + done.stderr
    assert "kept: network 'kept' (kept-net): configuration names it" in done.stdout
    assert (done.returncode, done.stdout.endswith("; the cloud is clean\n")) == (0, True)


def test_rate_is_kept(run: Run, cloud: Openstack) -> None:
    run("snapshot")
    before, began = len(cloud.asked), time.monotonic()
    done = run("report", "--rate", "20")
    assert done.returncode == 0
    asked = len(cloud.asked) - before
    assert asked > 40
    # Those that find out how to log in are not ours to delay.
    assert time.monotonic() - began > (asked - 5) / 20


def test_difference_of_two_snapshots(run: Run, cloud: Openstack) -> None:
    run("snapshot", "-o", "one.json")
    volume(cloud, "leaked")
    run("snapshot", "-o", "two.json")
    done = run("diff", "one.json", "two.json")
    assert (done.returncode, done.stdout) == (1, "+ volume 'leaked' (leaked)\n")
    assert run("diff", "one.json", "one.json").returncode == 0


def test_no_secret_is_in_a_snapshot(run: Run, cloud: Openstack, tmp_path: Path) -> None:
    cloud.put("identity", "users", id="other", name="other", password="canary-71ee", domain_id="default")
    cloud.put("compute", "servers", id="s", name="s", tenant_id="p", adminPass="canary-71ee", user_data="canary-71ee")
    run("snapshot")
    text = (tmp_path / "cloud-snapshot.json").read_text()
    assert '"id": "other"' in text
    assert "canary-71ee" not in text
    assert "gAAAA" not in text
