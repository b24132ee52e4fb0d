"""When nothing is deleted: the snapshot is not fit, or the cloud is not seen as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_cleanup.look import Look, look
from pytest_cleanup.refusal import Refused, check
from pytest_cleanup.resource import Key, Resource
from pytest_cleanup.snapshot import SCHEMA, Identity, Snapshot
from pytest_cleanup.view import View
from tests.doubles.openstack import Openstack
from tests.wire.cleanup.scene import KINDS, view_of, volume


@pytest.fixture
def snapshot(cloud: Openstack, view: View) -> Snapshot:
    volume(cloud, "kept")
    return Snapshot(Identity.of(view), look(view, KINDS.values()), {"user": ["demo"]})


@pytest.fixture
def file(snapshot: Snapshot, tmp_path: Path) -> Path:
    snapshot.write(tmp_path / "snapshot.json")
    return tmp_path / "snapshot.json"


def test_file_is_its_owners_and_says_all_again(file: Path, snapshot: Snapshot) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert Snapshot.read(file) == snapshot
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def _change(**words: Any) -> Callable[[Path], object]:
    return lambda file: file.write_text(json.dumps({**json.loads(file.read_text()), **words}))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "cannot be read: No such file or directory"),
        (lambda file: file.write_text(file.read_text()[:-200]), "is not whole"),
        (lambda file: file.write_text("[]"), "has no schema"),
        (_change(schema=SCHEMA + 1), f"has schema {SCHEMA + 1}, and this version knows up to {SCHEMA}"),
        (_change(resources=[]), "was changed after it was taken"),
        (_change(taken=None), "is not whole"),
    ],
)
def test_snapshot_that_is_not_fit_is_refused(file: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(file)
    with pytest.raises(Refused, match=said):
        Snapshot.read(file)


def test_snapshot_of_this_cloud_is_taken(snapshot: Snapshot, view: View) -> None:
    check(snapshot, Identity.of(view), look(view, KINDS.values()))


def test_other_cloud_is_refused(snapshot: Snapshot, view: View) -> None:
    other = replace(snapshot, cloud=replace(snapshot.cloud, endpoints=("another",)))
    with pytest.raises(Refused, match="the snapshot is of"):
        check(other, Identity.of(view), look(view, KINDS.values()))


def test_lost_role_is_refused(snapshot: Snapshot, cloud: Openstack, view: View) -> None:
    cloud.roles = ("member",)
    view.set_clock()
    with pytest.raises(Refused, match="taken with the role admin, which we do not have now"):
        check(snapshot, Identity.of(view), look(view, KINDS.values()))


def test_forbidden_listing_is_refused(snapshot: Snapshot, cloud: Openstack, view: View) -> None:
    cloud.fail = lambda method, service, path: 403 if path.startswith("volumes") else 0
    with pytest.raises(Refused, match="listing volume is forbidden now"):
        check(snapshot, Identity.of(view), look(view, KINDS.values()))


def test_empty_listing_of_what_was_not_empty_is_refused(snapshot: Snapshot, cloud: Openstack, view: View) -> None:
    cloud.of("block-storage", "volumes").clear()
    now = look(view, KINDS.values())
    with pytest.raises(Refused, match="lists no volume at all, and had 1") as refused:
        check(snapshot, Identity.of(view), now)
    assert "--emptied volume" in refused.value.hint
    check(snapshot, Identity.of(view), now, ["volume"])


def test_clock_that_went_back_is_refused(snapshot: Snapshot, cloud: Openstack, view: View) -> None:
    cloud.ahead = -3600
    later = view_of(view.auth_url)
    with pytest.raises(Refused, match="clock is behind the time of the snapshot"):
        check(snapshot, Identity.of(later), look(later, KINDS.values()))


def test_clocks_that_differ_are_refused(snapshot: Snapshot, view: View) -> None:
    now = replace(look(view, KINDS.values()), skew=61.0)
    with pytest.raises(Refused, match="clocks of the cloud's services are 61 s apart"):
        check(snapshot, Identity.of(view), now)


def test_skew_moves_what_counts_as_before(snapshot: Snapshot) -> None:
    from pytest_cleanup.scope import WholeCloud
    from pytest_cleanup.triage import triage

    taken = snapshot.look.taken

    def found(seconds: float, skew: float) -> set[str]:
        at = (taken - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        one = Resource("volume", "new", created=at)
        now: Look = replace(snapshot.look, resources={**snapshot.look.resources, Key("volume", "new"): one}, skew=skew)
        return {key.id for key in triage(snapshot.look, now, KINDS, WholeCloud())[0].leaks}

    assert found(30, skew=0) == set()
    assert found(30, skew=40) == {"new"}
