"""Whatever a cloud has, is left with, and fails in: nothing of the snapshot goes, and all goes that can."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_cleanup.look import look
from tests.doubles.openstack import Openstack, serve
from tests.wire.cleanup.scene import KINDS, Scene, furnished, network, patient, quick, server, view_of, volume

#: Each example is a cloud of its own with some hundred requests.
THOROUGH = settings(
    max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
_STATES = ("available", "available", "error", "attaching", "in-use", "error_deleting")


@dataclass(frozen=True)
class Left:
    """How many things were there and how many were left; the seed decides how they are tied to each other."""

    kept: int
    leaked: int
    seed: int
    faults: float = 0.0


@dataclass
class Faults:
    """Requests that fail, by chance: listings, deletions, anything; ``kinds`` are the statuses they fail with."""

    share: float
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def __call__(self, method: str, service: str, path: str) -> int:
        if path == "auth/tokens" or not path or self.chance.random() >= self.share:
            return 0
        return self.chance.choice((400, 403, 404, 409, 500, 500))


def furnish(cloud: Openstack, word: str, count: int, chance: random.Random) -> None:
    """Networks with routers, servers on them, volumes with snapshots, images, projects and users."""
    network(cloud, word)
    cloud.put("identity", "projects", id=f"{word}-project", name=word, domain_id="default")
    for number in range(count):
        name = f"{word}-{number}"
        state = chance.choice(_STATES) if word == "leaked" else "available"
        volume(cloud, f"{name}-volume", project=chance.choice(("p", f"{word}-project")), status=state)
        if chance.random() < 0.5:
            cloud.put(
                "block-storage", "snapshots", id=f"{name}-snapshot", volume_id=f"{name}-volume", status="available"
            )
        if chance.random() < 0.5:
            cloud.put("identity", "users", id=f"{name}-user", name=name, default_project_id=f"{word}-project")
        if chance.random() < 0.3:
            protected = chance.random() < 0.5
            cloud.put("image", "images", id=f"{name}-image", visibility="private", protected=protected, tags=[])


def plug(cloud: Openstack, count: int, chance: random.Random) -> None:
    """Servers that were left, with volumes and ports of their own and of what was there."""
    volumes = [id for id in cloud.of("block-storage", "volumes") if id.endswith("-volume")]
    for number in range(count):
        mine = chance.sample(volumes, k=min(len(volumes), chance.randint(0, 2)))
        free = {
            id: chance.random() < 0.5
            for id in mine
            if cloud.of("block-storage", "volumes")[id]["status"] == "available"
        }
        server(cloud, f"leaked-server-{number}", free)
        if chance.random() < 0.3:
            where = chance.choice(("kept-net", "leaked-net"))
            port = {"device_owner": "", "device_id": "", "fixed_ips": [], "project_id": "p"}
            cloud.put("network", "ports", id=f"leaked-port-{number}", name="", network_id=where, **port)


def scene_of(cloud: Openstack, url: str, left: Left) -> tuple[Scene, set[str]]:
    """A cloud that was looked at, and then left with leaks; and what was there."""
    chance = random.Random(left.seed)
    furnish(cloud, "kept", left.kept, chance)
    view = view_of(url)
    before = look(view, KINDS.values())
    there = cloud.ids()
    furnish(cloud, "leaked", left.leaked, chance)
    plug(cloud, left.leaked, chance)
    return Scene(cloud, view, before), there


lefts = st.builds(Left, kept=st.integers(0, 4), leaked=st.integers(0, 5), seed=st.integers(0, 10_000))


@THOROUGH
@given(lefts)
@example(Left(kept=2, leaked=4, seed=7))
def test_all_that_was_left_goes_and_nothing_else(left: Left) -> None:
    cloud = furnished()
    with serve(cloud) as url:
        scene, there = scene_of(cloud, url, left)
        done = scene.restore()
        assert done.equal, [line for failure in done.failures for line in failure.lines()]
        assert cloud.ids() == there


@THOROUGH
@given(lefts, st.floats(0.02, 0.6), st.integers(0, 10_000))
@example(Left(kept=4, leaked=4, seed=3), 0.3, 5)
def test_nothing_of_the_snapshot_goes_whatever_fails(left: Left, share: float, seed: int) -> None:
    cloud = furnished()
    with serve(cloud) as url:
        scene, there = scene_of(cloud, url, left)
        now = look(scene.view, KINDS.values())
        cloud.fail = Faults(share, random.Random(seed))
        done = scene.restore(quick(), kinds=patient(0.05), now=now)
        cloud.fail = lambda method, service, path: 0
        assert there - cloud.ids() == set()
        assert not done.equal or cloud.ids() == there
        # What failed by chance goes the next time.
        again = scene.restore()
        assert again.equal, [line for failure in again.failures for line in failure.lines()]
        assert cloud.ids() == there
