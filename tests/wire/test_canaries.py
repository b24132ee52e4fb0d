"""What canaries make in a cloud, and what the ledger has of it when the cloud does not do as it says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from pytest_upgrade.observers import canaries, clock
from pytest_upgrade.observers.canary import filled
from pytest_upgrade.observers.cycle import Pace
from pytest_upgrade.observers.entry import Entry, Word
from pytest_upgrade.observers.login import Token
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample
from pytest_upgrade.observers.writing import Writing
from tests.doubles.openstack import CORE, Openstack, serve
from tests.doubles.serving import nobody

PREFIX = "pu-3f9a1c-canary-a1b2c3"
PACE = Pace(first=0.02, look=0.05, longest=0.1, settled=0.4, budget=1.5)
SERVICES = {
    "block-storage": "volumes", "compute": "os-keypairs", "compute /servers": "servers",
    "identity": "users/u1/application_credentials", "image": "images", "network": "networks", "object-store": "objects",
}  # fmt: skip
MADE = ["make accepted", "make there"]
TAKEN = ["remove accepted", "remove gone"]


@dataclass
class Written:
    """A cloud, what was written to it, and what came of that."""

    cloud: Openstack
    url: str
    samples: list[Sample] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def write(self, what: str, times: int = 1, pace: Pace = PACE) -> list[str]:
        """What the ledger has when all has come to its end; of the first lane of a service, or of that of a path."""
        service, _, path = what.partition(" ")
        lanes = canaries.lanes(service, f"{self.url}/{service}/{self.cloud.services[service]}".rstrip("/"))
        lane = next(lane for lane in lanes if not path or lane.path == path)
        lane = replace(filled(lane, RUN="pu-3f9a1c", USER="u1", IMAGE="i1", FLAVOR="f1"), timeout=2.0)

        async def written() -> None:
            writing = Writing(lane, 1, Token(None), PREFIX, self.entries.append, asyncio.Event(), pace=pace)
            self.samples += [await writing.ask(slot, clock.now()) for slot in range(times)]
            await writing.finish(60)

        asyncio.run(written())
        return self.words

    @property
    def words(self) -> list[str]:
        return [f"{one.verb} {one.word}" for one in self.entries]

    def left(self, what: str) -> list[str]:
        rows = self.cloud.of(what.partition(" ")[0], SERVICES[what]).values()
        return [str(row.get("name", row["id"])) for row in rows]


@pytest.fixture
def written() -> Iterator[Written]:
    cloud = Openstack(services={**CORE, "object-store": "v1/AUTH_admin"})
    with serve(cloud) as url:
        yield Written(cloud, url.removesuffix("/identity/v3"))


def only(method: str, word: str, times: int = 1) -> Callable[[str, str, str], str]:
    """A mishap of the first requests of a method."""
    left = [word] * times
    return lambda asked, service, path: left.pop() if asked == method and left else ""


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_something_made_and_taken_away(written: Written, service: str) -> None:
    assert written.write(service) == MADE + TAKEN
    assert [sample.result for sample in written.samples] == [Result.OK]
    assert {one.name for one in written.entries} == {f"{PREFIX}-0"}
    assert [name for name in written.left(service) if "pu-3f9a1c-canary/" in name or "pu-" not in name] == []
    assert written.cloud.deleted


def test_a_server_is_made_of_an_image_and_a_flavor_and_has_no_network(written: Written) -> None:
    written.cloud.slow = 2
    assert written.write("compute /servers") == MADE + TAKEN
    (asked,) = [said["server"] for said in written.cloud.said if "server" in said]
    assert asked == {"name": f"{PREFIX}-0", "imageRef": "i1", "flavorRef": "f1", "networks": "none"}
    methods = [method for method, _, path in written.cloud.asked if path.startswith("servers")]
    # It is looked at until it is active, and only then taken away.
    assert methods[: methods.index("DELETE")] == ["POST", "GET", "GET", "GET"]


def test_a_server_that_no_host_takes_is_told_and_taken_away(written: Written) -> None:
    written.cloud.slow = 1000

    def no_host(method: str, service: str, path: str) -> str:
        for row in written.cloud.of("compute", "servers").values():
            row["status"] = "ERROR" if row["status"] == "BUILD" else row["status"]
        written.cloud.slow = 1
        return ""

    written.cloud.mishap = no_host
    assert written.write("compute /servers") == ["make accepted", "make error", *TAKEN]


def test_each_thing_has_a_name_of_its_own(written: Written) -> None:
    written.write("network", times=3)
    assert {one.name for one in written.entries} == {f"{PREFIX}-{slot}" for slot in range(3)}
    assert len(written.cloud.deleted) == 3


def test_an_answer_that_was_lost_is_found_by_its_name_and_taken_away(written: Written) -> None:
    written.cloud.mishap = only("POST", "lost")
    assert written.write("network") == ["make unknown", "make there", *TAKEN]
    assert written.samples[0].result.failed
    assert written.left("network") == []


def test_what_was_not_answered_and_not_carried_out_is_absent(written: Written) -> None:
    written.cloud.fail = lambda method, service, path: 504 if method == "POST" else 0
    assert written.write("network") == ["make unknown", "make absent"]


def test_a_refusal_and_a_failure_have_made_nothing(written: Written) -> None:
    for status, word in ((403, "rejected"), (500, "failed")):
        written.entries.clear()
        written.cloud.fail = lambda method, service, path, status=status: status if method == "POST" else 0  # type: ignore[misc]
        assert written.write("network") == [f"make {word}", "make absent"]


def test_what_was_never_sent_is_not_looked_for(written: Written) -> None:
    with nobody() as port:
        written.url = f"http://127.0.0.1:{port}"
        assert written.write("network") == ["make unsent"]


@pytest.mark.parametrize(
    ("mishap", "words"),
    [
        ("untold", ["make failed", "make untold", *TAKEN]),
        ("forgotten", ["make accepted", "make vanished"]),
        ("twice", ["make accepted", "make duplicate", *TAKEN, *TAKEN]),
    ],
)
def test_halves_and_duplicates_are_found_and_taken_away(written: Written, mishap: str, words: list[str]) -> None:
    written.cloud.mishap = only("POST", mishap)
    assert written.write("network") == words
    assert written.left("network") == []


def test_a_volume_that_ends_in_an_error_is_told_and_taken_away(written: Written) -> None:
    written.cloud.mishap = only("POST", "error")
    assert written.write("block-storage") == ["make accepted", "make error", *TAKEN]


def test_a_removal_without_an_answer_that_was_carried_out_is_gone(written: Written) -> None:
    written.cloud.mishap = only("DELETE", "lost")
    assert written.write("network") == [*MADE, "remove unknown", "remove gone"]


def test_what_is_still_there_after_it_was_to_go_is_told_and_asked_for_again(written: Written) -> None:
    written.cloud.mishap = only("DELETE", "forgotten")
    words = written.write("compute")
    assert words == [*MADE, "remove accepted", "remove undead", *TAKEN]
    assert [one.turn for one in written.entries if one.verb == "remove"] == [0, 0, 1, 1]


def test_a_removal_that_fails_is_tried_again_with_ever_longer_pauses(written: Written) -> None:
    failing = [503] * 4
    written.cloud.fail = lambda method, service, path: failing.pop() if method == "DELETE" and failing else 0
    words = written.write("network")
    assert words == [*MADE, *["remove failed", "remove absent"] * 4, *TAKEN]
    sent = [one.sent for one in written.entries if one.verb == "remove" and one.word in (Word.FAILED, Word.ACCEPTED)]
    pauses = [(after - before) / clock.SECOND for before, after in pairwise(sent)]
    assert len(pauses) == 4
    assert all(pause >= least for pause, least in zip(pauses, (0.04, 0.08, 0.1, 0.1), strict=True))


@pytest.mark.parametrize("after", ["POST", "DELETE"])
def test_what_was_accepted_is_not_asked_for_again_while_nobody_tells_what_became_of_it(
    written: Written, after: str
) -> None:
    """A service that goes away right after its answer, for longer than any thing takes to come or to go."""
    asked: list[int] = []

    def away(method: str, service: str, path: str) -> int:
        if method == after:
            asked.append(clock.now())
        dark = asked and clock.now() - asked[0] < 2 * PACE.settled * clock.SECOND
        return 503 if method == "GET" and dark else 0

    written.cloud.fail = away
    assert written.write("network") == MADE + TAKEN
    assert len(asked) == 1


def test_a_service_that_comes_and_goes_leaves_no_request_unaccounted_for(written: Written) -> None:
    """Refused before it was carried out, cut off after it, answered by a balancer: each has its end, nothing stays."""
    chance = random.Random(7)
    written.cloud.fail = lambda method, service, path: chance.choice([0, 0, 0, 503, 504])
    written.cloud.mishap = lambda method, service, path: chance.choice(["", "", "lost"])
    written.write("network", times=20, pace=replace(PACE, budget=60.0))
    by_request: dict[tuple[int, str, int], list[Word]] = {}
    for one in written.entries:
        by_request.setdefault((one.slot, one.verb, one.turn), []).append(one.word)
    assert {answer for answer, _ in by_request.values()} == {Word.ACCEPTED, Word.FAILED, Word.UNKNOWN}
    ends = [end for _, end in by_request.values()]
    assert set(ends) == {Word.THERE, Word.ABSENT, Word.GONE}
    assert ends.count(Word.THERE) == ends.count(Word.GONE) == len(written.cloud.deleted)
    assert written.left("network") == []


def test_what_cannot_be_removed_is_given_up_after_its_time(written: Written) -> None:
    written.cloud.fail = lambda method, service, path: 503 if method == "DELETE" else 0
    words = written.write("network")
    assert words[-1] == "remove left"
    assert written.left("network") == [f"{PREFIX}-0"]


def test_an_object_that_comes_back_as_something_else_is_an_error(written: Written) -> None:
    rows = written.cloud.of("object-store", "objects")

    def spoil(rows: dict[str, dict[str, object]]) -> str:
        for row in rows.values():
            row["content"] = b"something else"
        return ""

    written.cloud.mishap = lambda method, service, path: spoil(rows) if method == "GET" else ""
    words = written.write("object-store")
    assert words == ["make accepted", "make error", *TAKEN]


def test_what_is_on_its_way_when_the_observer_ends_is_told(written: Written) -> None:
    written.cloud.mishap = lambda method, service, path: "forgotten" if method == "DELETE" else ""
    (lane,) = canaries.lanes("network", f"{written.url}/network")

    async def ended() -> None:
        writing = Writing(lane, 1, Token(None), PREFIX, written.entries.append, asyncio.Event())
        await writing.ask(0, clock.now())
        await writing.finish(1.0)

    asyncio.run(ended())
    assert written.words[-1] == "remove left"
