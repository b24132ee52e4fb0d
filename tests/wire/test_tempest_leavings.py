"""What killed runs leave in a cloud: theirs goes, with what holds it, nothing else; and roles that several need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.clouds import Choice, choose
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.create import Create
from pytest_whitebox.tempest import journal, leavings, roles
from pytest_whitebox.tempest.needs import Kind
from pytest_whitebox.tempest.pool import Pool
from tests.doubles.openstack import Openstack, environment, serve

_ROOT = Path(__file__).parents[2]
PREFIX = "sp-3f9a1c-tempest"
#: A run that writes down what it is about to make, and is killed.
_KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_whitebox.core.clouds import choose
from pytest_whitebox.core.rundirectory import RunDirectory
from pytest_whitebox.tempest.journal import Journal
run = RunDirectory(Path(sys.argv[1]), "20261121T073000Z-3f9a1c")
run.folder()
journal = Journal(run, choose(None, "", os.environ, Path("/nowhere")))
for what in sys.argv[2:]:
    journal.add(what, print)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def double() -> Openstack:
    return Openstack()


@pytest.fixture
def choice(double: Openstack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Choice]:
    """The cloud as the environment names it, where the user's state is in a folder of its own."""
    with serve(double) as url:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        for name, text in environment(url).items():
            monkeypatch.setenv(name, text)
        found = choose(None, "", os.environ, Path("/nowhere"))
        assert found is not None
        yield found


@pytest.fixture
def cloud(choice: Choice) -> Iterator[Cloud]:
    with Cloud.connect(choice) as cloud:
        yield cloud


class Session:
    """What of a run counts here."""

    def __init__(self, choice: Choice | None) -> None:
        self.choice = choice


def killed(folder: Path, *made: str) -> Path:
    """Have a run killed after it has made these things; returns its folder."""
    command = [sys.executable, "-c", _KILLED, str(folder / "runs"), *made]
    assert subprocess.run(command, cwd=_ROOT, check=False).returncode == -9
    return folder / "runs" / "20261121T073000Z-3f9a1c"


def removed(choice: Choice | None) -> list[str]:
    session: Any = Session(choice)
    return leavings.remove(session)


def test_what_a_killed_run_made_goes_with_what_its_tests_made_and_nothing_else(
    double: Openstack, choice: Choice, tmp_path: Path
) -> None:
    for own, name in (("p1", f"{PREFIX}-project1"), ("p2", "somebody")):
        double.put("identity", "projects", id=own, name=name)
        double.put("compute", "servers", id=f"s-{own}", name="same", tenant_id=own, status="ACTIVE")
        double.put("network", "networks", id=f"n-{own}", name=f"{PREFIX}-network3" if own == "p1" else "n")
        double.put(
            "network", "ports", id=f"port-{own}", name="", network_id=f"n-{own}", project_id=own, device_id="",
            device_owner="",
        )  # fmt: skip
        double.put("network", "security-groups", id=f"g-{own}", name="default", project_id=own)
        double.put(
            "block-storage", "volumes", id=f"v-{own}", name="same", status="available",
            **{"os-vol-tenant-attr:tenant_id": own},
        )  # fmt: skip
    run = killed(
        tmp_path, "the connection", f"project {PREFIX}-project1",
        f"default security group of {PREFIX}-project1", f"network {PREFIX}-network3", f"flavor {PREFIX}-flavor9",
    )  # fmt: skip
    (run / "tempest.conf").write_text("[auth]\nadmin_password = secret\nadmin_username = me\n")

    assert removed(choice) == ["removed the 4 things that run 3f9a1c, which was killed, had made"]
    assert double.ids() == {"p2", "s-p2", "n-p2", "port-p2", "g-p2", "v-p2"}
    assert (run / "tempest.conf").read_text() == "[auth]\nadmin_password = ***\nadmin_username = me\n"
    assert removed(choice) == []


def test_what_cannot_be_removed_is_told_and_tried_again(double: Openstack, choice: Choice, tmp_path: Path) -> None:
    double.put("identity", "users", id="u1", name=f"{PREFIX}-user1")
    killed(tmp_path, f"user {PREFIX}-user1")
    double.fail = lambda method, _, __: 403 if method == "DELETE" else 0

    (told,) = removed(choice)
    assert told.startswith(
        "1 of 1 things that run 3f9a1c, which was killed, had made are still there: while undoing: us"
    )
    double.fail = lambda *_: 0
    assert removed(choice) == ["removed the 1 things that run 3f9a1c, which was killed, had made"]
    assert double.ids() == set()


def test_what_is_in_another_cloud_is_told(double: Openstack, choice: Choice, tmp_path: Path) -> None:
    double.put("identity", "users", id="u1", name=f"{PREFIX}-user1")
    run = killed(tmp_path, f"user {PREFIX}-user1")
    (run / "tempest.conf").write_text("admin_password = secret\n")

    for other in (None, replace(choice, auth_host="other")):
        (told,) = removed(other)
        assert told.startswith("what run 3f9a1c, which was killed, made in cloud envvars is still there; the next run")
    assert double.ids() == {"u1"}
    assert "secret" not in (run / "tempest.conf").read_text()


def test_a_journal_of_another_machine_is_its_own(choice: Choice, tmp_path: Path) -> None:
    killed(tmp_path, f"user {PREFIX}-user1")
    (file,) = journal.folder().iterdir()
    text = file.read_text()
    file.write_text(text.replace('"host": "', '"host": "not-'))
    assert removed(choice) == []
    file.write_text(text + '{"made": "us')
    assert removed(choice) == ["removed the 1 things that run 3f9a1c, which was killed, had made"]


def create(cloud: Cloud, run: str = "3f9a1c") -> Create:
    return Create(cloud, Ledger(), f"sp-{run}-tempest")


def role_names(double: Openstack) -> set[str]:
    return {row["name"] for row in double.of("identity", "roles").values()}


def test_a_role_that_is_there_is_used_and_stays(double: Openstack, cloud: Cloud) -> None:
    double.put("identity", "roles", id="r1", name="ResellerAdmin", description=None)
    made = create(cloud)
    roles.have(made, "ResellerAdmin")

    assert role_names(double) == {"ResellerAdmin"}
    assert made.ledger.unwind() is None
    assert role_names(double) == {"ResellerAdmin"}


def test_a_role_goes_with_the_last_run_that_needs_it(double: Openstack, cloud: Cloud) -> None:
    first, second = create(cloud, "aaaaaa"), create(cloud, "bbbbbb")
    roles.have(first, "ResellerAdmin")
    roles.have(second, "ResellerAdmin")

    (made,) = [id for id, row in double.of("identity", "roles").items() if row["name"] == "ResellerAdmin"]
    assert first.ledger.unwind() is None
    assert made in double.of("identity", "roles")
    assert second.ledger.unwind() is None
    assert role_names(double) == set()


def test_a_run_that_makes_the_role_at_the_same_time_is_no_error(double: Openstack, cloud: Cloud) -> None:
    asked = {"POST": 0}

    def another_is_faster(method: str, _: str, path: str) -> int:
        if (method, path) == ("POST", "roles"):
            asked["POST"] += 1
            if asked["POST"] == 2:
                ours = "made by stackproof for tests of Tempest, and removed with the last run that needs it"
                double.put("identity", "roles", id="theirs", name="ResellerAdmin", description=ours)
                double.put("identity", "roles", id="their-need", name="sp-bbbbbb-tempest-needs-ResellerAdmin")
        return 0

    double.fail = another_is_faster
    made = create(cloud)
    roles.have(made, "ResellerAdmin")

    assert asked["POST"] == 2
    assert made.ledger.unwind() is None
    assert role_names(double) == {"ResellerAdmin", "sp-bbbbbb-tempest-needs-ResellerAdmin"}


def test_a_role_that_somebody_else_makes_meanwhile_stays(double: Openstack, cloud: Cloud) -> None:
    made = create(cloud)

    def another_is_faster(method: str, _: str, path: str) -> int:
        if (method, path) == ("POST", "roles") and double.of("identity", "roles"):
            double.put("identity", "roles", id="theirs", name="ResellerAdmin", description=None)
        return 0

    double.fail = another_is_faster
    roles.have(made, "ResellerAdmin")

    assert made.ledger.unwind() is None
    assert role_names(double) == {"ResellerAdmin"}


def test_who_comes_between_the_last_look_and_the_removal_has_the_role(double: Openstack, cloud: Cloud) -> None:
    made = create(cloud)
    roles.have(made, "ResellerAdmin")

    def comes(method: str, _: str, path: str) -> int:
        (own,) = [id for id, row in double.of("identity", "roles").items() if row["name"] == "ResellerAdmin"] or [""]
        if (method, path) == ("DELETE", f"roles/{own}"):
            double.put("identity", "roles", id="their-need", name="sp-bbbbbb-tempest-needs-ResellerAdmin")
        return 0

    double.fail = comes
    assert made.ledger.unwind() is None
    assert role_names(double) == {"ResellerAdmin", "sp-bbbbbb-tempest-needs-ResellerAdmin"}


def test_a_pool_has_accounts_of_domains(double: Openstack, cloud: Cloud) -> None:
    for name in ("admin", "member", "reader"):
        double.put("identity", "roles", id=name, name=name, description=None)
    made = create(cloud)
    pool = Pool(made, "Default")
    needed = {Kind("domain", ("reader",)): 2, Kind("system", ("admin",)): 1, Kind("project", ("member",)): 1}
    pool.fill(needed, networks=False)

    first, *others = pool.entries
    of_domains = [entry for entry in others if "domain_name" in entry]
    rows = {row["name"]: id for id, row in double.of("identity", "domains").items()}
    users = {row["name"]: id for id, row in double.of("identity", "users").items()}
    assert "project_name" in first
    assert len({entry["domain_name"] for entry in of_domains}) == 2
    for entry in of_domains:
        assert entry["roles"] == ["reader"]
        assert not {"project_name", "system"} & set(entry)
        domain, user = rows[entry["domain_name"]], users[entry["username"]]
        assert f"domains/{domain}/users/{user}/roles/reader" in double.given
    assert made.ledger.unwind() is None
    assert double.ids() == {"admin", "member", "reader"}
