"""The user of a run, whose quota is too small, whose credentials have expired, or whose things are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_upgrade.persistent import owner
from pytest_upgrade.persistent.errors import Gone, Inconclusive
from pytest_upgrade.persistent.place import Place
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Finding, Kept, Run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory
from tests.doubles.openstack import Openstack, connected, serve

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "lab", "127.0.0.1", "north")
USER = {"given": False, "id": "u1", "name": "pu-3f9a1c", "project": "p1", "domain": "default", "enabled": True}
OLD = "canary-old"


class Keystone:
    """Lets nobody in once ``expired``, until somebody who may has given the user another password."""

    def __init__(self) -> None:
        self.expired, self.admin, self.full, self.revoked = False, True, False, False

    def fail(self, method: str, service: str, path: str) -> int:
        if (method, path) == ("PATCH", "users/u1"):
            self.expired = self.expired and not self.admin
            return 0 if self.admin else 403
        if (method, path) == ("POST", "os-keypairs") and self.full:
            return 403
        if (method, path) == ("GET", "auth/tokens") and self.revoked:
            return 404
        return 401 if path == "auth/tokens" and self.expired else 0


@pytest.fixture
def keystone() -> Keystone:
    return Keystone()


@pytest.fixture
def cloud(keystone: Keystone) -> Openstack:
    return Openstack(fail=keystone.fail, words="Quota exceeded, too many key pairs.")


@pytest.fixture
def place(tmp_path: Path, cloud: Openstack) -> Iterator[Callable[..., Place]]:
    """A new process in a phase of a run with a user, a token and a volume."""
    cloud.put("identity", "users", id="u1", name="pu-3f9a1c")
    cloud.put("block-storage", "volumes", id="v1", name="pu-3f9a1c-volume-one", status="available")
    with serve(cloud) as url, Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        store.add_run(RUN)
        store.resources.add(RUN.id, Kept(owner.KIND, owner.NAME, {}, USER, made=1.0))
        store.resources.add(RUN.id, Kept("volume", "one", {"name": "one"}, {"id": "v1"}, made=1.0))

        def begun(phase: str = "post") -> Place:
            given = connected(url)
            given.authorize()
            return Place(given, RUN, store, RunDirectory(tmp_path / "runs", RUN.name), phase)

        begun().secrets.replace({owner.PASSWORD: OLD, "token t1": "gAAAA", "key": "k"})
        yield begun


def findings(place: Place) -> list[Finding]:
    return place.store.findings.of(RUN.id)


def test_user_is_let_in_with_the_password_of_the_run(place: Callable[..., Place]) -> None:
    now = place()
    assert now.connection.session.get_token()
    assert now.secrets.get(owner.PASSWORD) == OLD


def test_administrator_gives_another_password_where_the_old_one_has_expired(
    place: Callable[..., Place], keystone: Keystone
) -> None:
    now = place()
    keystone.expired = True
    assert now.connection.session.get_token()
    assert now.secrets.get(owner.PASSWORD) not in (None, OLD)
    # Keystone revokes the tokens of a user who gets another password: what becomes of them says nothing of the upgrade.
    assert set(now.secrets.all()) == {owner.PASSWORD, "key"}


def test_thing_is_not_gone_because_nobody_is_let_in(place: Callable[..., Place], keystone: Keystone) -> None:
    now = place()
    keystone.expired, keystone.admin = True, False
    with pytest.raises(Inconclusive, match=r"the user of run 3f9a1c is not let in any more: ") as caught:
        now.kept("volume", "one", name="one")
    assert "nothing that is kept is lost" in caught.value.hint
    assert [(one.level, one.ok) for one in findings(now)] == [("exists", None)]
    assert now.secrets.all() == {owner.PASSWORD: OLD, "token t1": "gAAAA", "key": "k"}

    keystone.expired = False
    assert place().kept("volume", "one", name="one").id == "v1"
    assert [(one.level, one.ok) for one in findings(now)] == [("exists", None), ("exists", True)]


def test_token_that_is_not_taken_any_more_has_changed_and_one_whose_life_is_over_is_not_judged(
    place: Callable[..., Place], keystone: Keystone
) -> None:
    now = place()
    state = {"id": "t1", "expires": "2099-01-01T00:00:00.000000Z", "record": {"project": "admin-project"}}
    for name, expires in (("good", state["expires"]), ("old", "2026-01-01T00:00:00.000000Z")):
        now.store.resources.add(RUN.id, Kept("token", name, {}, {**state, "expires": expires}, made=1.0))
    assert now.kept("token", "good").changes == ()
    keystone.revoked = True
    (change,) = place().kept("token", "good").changes
    assert change == "it is no longer valid: Keystone answers 404, and its lifetime ends at 2099-01-01T00:00:00.000000Z"
    with pytest.raises(Inconclusive, match=r"the lifetime of token 'old' ended at 2026-01-01"):
        place().kept("token", "old")


def test_thing_that_was_deleted_between_the_phases_is_gone(place: Callable[..., Place], cloud: Openstack) -> None:
    assert place().kept("volume", "one", name="one").id == "v1"
    del cloud.of("block-storage", "volumes")["v1"]
    now = place()
    with pytest.raises(Gone, match="volume 'one' of run 3f9a1c is gone: "):
        now.kept("volume", "one", name="one")
    assert [(one.level, one.ok) for one in findings(now)] == [("exists", True), ("exists", False)]


def test_quota_that_is_too_small_is_told_and_pre_goes_on_from_there(
    place: Callable[..., Place], keystone: Keystone
) -> None:
    now = place("pre")
    keystone.full = True
    with pytest.raises(StackproofError, match=r"the quota is too small for keypair 'run': .*Quota exceeded") as caught:
        now.kept("keypair", "run")
    assert "raise the quota of the run's project with `openstack quota set`" in caught.value.hint
    assert "\n" not in caught.value.sentence
    assert [(one.name, one.made) for one in now.store.resources.of(RUN.id, kind="keypair")] == [("run", None)]
    keystone.full = False
    assert place("pre").kept("keypair", "run").name == "pu-3f9a1c-keypair-run"
    assert place("post").store.resources.of(RUN.id, kind="volume")[0].gone is None
