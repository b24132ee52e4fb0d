"""Machines that know nothing of each other: one of them restores a cloud, and the others are told who does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier, Event

import pytest

from pytest_cleanup.look import look
from pytest_cleanup.marker import REGION, Marker
from pytest_cleanup.refusal import Refused
from pytest_cleanup.resource import Key
from pytest_cleanup.view import View
from pytest_whitebox.core.wait import wait_for
from tests.doubles.openstack import Openstack
from tests.wire.cleanup.scene import view_of

MACHINES = 6


def left_by_another(cloud: Openstack, until: str) -> None:
    words = f"is being restored by 7@elsewhere until {until} (theirs)"
    cloud.put("identity", "regions", id=REGION, description=words)


def markers(cloud: Openstack) -> list[str]:
    return [row["description"] for row in cloud.of("identity", "regions").values()]


def test_marker_is_there_while_it_is_held_and_is_no_resource(cloud: Openstack, view: View) -> None:
    from pytest_cleanup.kinds import kinds

    cloud.put("identity", "regions", id="north", description="")
    with Marker(view, "ours") as marker:
        assert marker.missing == ""
        assert len(markers(cloud)) == 2
        found = look(view, [kinds()["region"]])
        assert found.resources.keys() == {Key("region", "north")}
    assert markers(cloud) == [""]


def test_marker_says_again_and_again_that_it_lives(cloud: Openstack, view: View) -> None:
    with Marker(view, "ours", every=0.05):
        (first,) = markers(cloud)
        wait_for(lambda: markers(cloud) != [first], timeout=30, every=0.05, what="a later time in the marker")
        assert first.partition(" until ")[0] in markers(cloud)[0]


def test_who_was_away_for_so_long_that_another_has_come_lets_him_be(cloud: Openstack, view: View) -> None:
    with Marker(view, "ours", every=0.05):
        with cloud.lock:
            left_by_another(cloud, "2099-01-01T00:00:00Z")
            looks = cloud.calls["GET"]
        wait_for(lambda: cloud.calls["GET"] > looks + 2, timeout=30, every=0.05, what="two looks at the marker")
        assert "7@elsewhere" in markers(cloud)[0]
    assert "7@elsewhere" in markers(cloud)[0]


def test_another_machine_is_waited_for(cloud: Openstack, view: View) -> None:
    left_by_another(cloud, "2099-01-01T00:00:00Z")
    said = "is being restored by 7@elsewhere, at least until 2099-01-01T00:00:00Z"
    with pytest.raises(Refused, match=said) as refused, Marker(view, "ours"):
        pass
    assert refused.value.hint.endswith(f"`openstack region delete {REGION}`")
    assert "7@elsewhere" in markers(cloud)[0]


@pytest.mark.parametrize(("until", "reach"), [("2020-01-01T00:00:00Z", "ours"), ("2099-01-01T00:00:00Z", "theirs")])
def test_what_nobody_holds_any_more_is_taken_over(cloud: Openstack, view: View, until: str, reach: str) -> None:
    # Its time is over, or it is of this machine, whose lock we hold.
    left_by_another(cloud, until)
    with Marker(view, reach):
        assert "7@elsewhere" not in markers(cloud)[0]
    assert markers(cloud) == []


def test_one_of_many_that_come_at_the_same_time_gets_it(cloud: Openstack, view: View) -> None:
    together, ended = Barrier(MACHINES), Barrier(MACHINES)

    def come(number: int) -> str:
        own = view_of(view.auth_url)
        together.wait(60)
        try:
            with Marker(own, f"machine{number}"):
                ended.wait(60)
                return "held"
        except Refused:
            ended.wait(60)
            return "refused"

    with ThreadPoolExecutor(MACHINES) as pool:
        assert sorted(pool.map(come, range(MACHINES))) == ["held", *["refused"] * (MACHINES - 1)]
    assert markers(cloud) == []


class Latecomer:
    """A machine that has found a marker, and is held up just before it does something about that."""

    def __init__(self, cloud: Openstack, url: str) -> None:
        self._pool, self._url, self._cloud = ThreadPoolExecutor(1), url, cloud
        self._asked: list[str] = []
        self._held, self._goes = Event(), Event()

    def _gate(self, method: str, service: str, path: str) -> int:
        if path.startswith("regions"):
            self._asked.append(method)
            if method != "GET" and "GET" in self._asked and not self._held.is_set():
                self._held.set()
                self._goes.wait(60)
        return 0

    def come(self) -> None:
        """Let it come as far as that."""
        self._cloud.fail = self._gate
        self._came: Future[None] = self._pool.submit(self._restore)
        assert self._held.wait(60)

    def go_on(self) -> None:
        """Let it go on, to its end; raises what it raises."""
        self._goes.set()
        try:
            self._came.result(60)
        finally:
            self._pool.shutdown()

    def _restore(self) -> None:
        with Marker(view_of(self._url), "late"):
            pass


def took_over(view: View) -> ExitStack:
    """Somebody who was there in time has taken the place of a dead one."""
    held = ExitStack()
    held.enter_context(Marker(view, "early"))
    return held


def took_over_and_ended(view: View) -> ExitStack:
    """He has ended since, and another has come, who found nothing."""
    took_over(view).close()
    return took_over(view)


@pytest.mark.parametrize("meanwhile", [took_over, took_over_and_ended])
def test_who_comes_late_to_a_dead_marker_does_not_take_that_of_another(
    cloud: Openstack, view: View, meanwhile: Callable[[View], ExitStack]
) -> None:
    left_by_another(cloud, "2020-01-01T00:00:00Z")
    late = Latecomer(cloud, view.auth_url)
    late.come()
    with meanwhile(view):
        with pytest.raises(Refused, match="is being restored by"):
            late.go_on()
        (marker,) = markers(cloud)
        assert marker.endswith(" (early)")
    assert markers(cloud) == []


def test_marker_of_who_has_taken_our_place_stays(cloud: Openstack, view: View) -> None:
    with Marker(view, "ours"):
        left_by_another(cloud, "2099-01-01T00:00:00Z")
    assert "7@elsewhere" in markers(cloud)[0]


def test_keystone_that_lets_us_make_none_is_told(cloud: Openstack, view: View) -> None:
    cloud.fail = lambda method, service, path: 403 if (method, path) == ("POST", "regions") else 0
    with Marker(view, "ours") as marker:
        assert marker.missing.startswith(
            "restores by other machines are not kept away: identity POST /regions answered 403"
        )
