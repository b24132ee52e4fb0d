"""Things that outlive an upgrade: one maker, three levels, written down whatever happens; and values of before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from pytest_upgrade.persistent.errors import Gone, Inconclusive, Unusable
from pytest_upgrade.persistent.keeper import Keeper
from pytest_upgrade.persistent.place import Place
from pytest_upgrade.persistent.registry import kinds
from pytest_upgrade.phases.closing import in_order, not_found_well, sweep
from pytest_upgrade.store import Store
from pytest_upgrade.store.baseline import Baselines
from pytest_upgrade.store.values import Finding, Kept, Run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north", fingerprint="k1")


class Shelf:
    """A kind whose things are files: a service as simple as can be."""

    name = "book"
    service = "library"

    def __init__(self, folder: Path) -> None:
        self.folder, self.made, self.seconds = folder, 0, 0.0
        self.fails: Exception | None = None

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        self.made += 1
        with self.folder.with_name("made").open("a") as log:
            log.write(f"{name}\n")
        Event().wait(self.seconds)
        (self.folder / name).write_text(spec.get("text", ""))
        if self.fails:
            raise self.fails
        return {"id": name}

    def missing(self, place: Place, kept: Kept) -> str:
        return "" if (self.folder / kept.state["id"]).exists() else "it is on no shelf"

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        now = (self.folder / kept.state["id"]).read_text()
        if now != kept.spec.get("text", ""):
            yield f"its text is {now!r}"

    def use(self, place: Place, kept: Kept) -> str:
        if self.fails:
            raise self.fails
        return "read"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:
        if self.fails:
            raise self.fails
        (self.folder / name).unlink(missing_ok=True)


class Library:
    """The connection of a cloud whose only service is a library, and whose Keystone is ``k1``."""

    def has_service(self, name: str) -> bool:
        return name == "library"

    @property
    def session(self) -> Any:
        return self

    auth = service_catalog = session

    def get_access(self, _: object) -> Any:
        return self

    catalog = ({"type": "identity", "id": "k1"},)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return Shelf(folder)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as store:
        store.add_run(RUN)
        yield store


In = Callable[[str], Place]


@pytest.fixture
def place(store: Store, shelf: Shelf, tmp_path: Path) -> In:
    return lambda phase: Place(
        Library(), RUN, store, RunDirectory(tmp_path / "runs", RUN.name), phase, kinds={"book": shelf}
    )


def levels(store: Store) -> list[tuple[str, str, bool | None, str]]:
    return [(one.phase, one.level, one.ok, one.text) for one in store.findings.of(RUN.id)]


def test_thing_is_made_once_in_pre_and_found_in_post(place: In, shelf: Shelf, store: Store) -> None:
    for phase in ("pre", "pre", "post"):
        thing = place(phase).kept("book", "one", text="a")
        assert (thing.name, thing.changes, thing.use()) == ("pu-3f9a1c-book-one", (), "read")
    assert shelf.made == 1
    assert levels(store)[-3:] == [("post", level, True, "") for level in ("exists", "intact", "usable")]
    assert list(not_found_well(store, RUN.id)) == []


def test_each_level_is_judged_apart(place: In, shelf: Shelf, store: Store) -> None:
    place("pre").kept("book", "one", text="a")
    thing = place("post").kept("book", "one", text="a")
    (shelf.folder / thing.id).write_text("b")
    assert thing.changes == ("its text is 'b'",)
    shelf.fails = Unusable("no light", hint="lamp")
    with pytest.raises(Unusable, match="no light"):
        thing.use()
    shelf.fails = Inconclusive("nobody looked", hint="look")
    with pytest.raises(Inconclusive, match=r"^inconclusive: nobody looked"):
        thing.use()
    (shelf.folder / thing.id).unlink()
    with pytest.raises(Gone, match="book 'one' of run 3f9a1c is gone: it is on no shelf"):
        place("post").kept("book", "one", text="a")
    assert levels(store) == [
        ("post", "exists", True, ""), ("post", "intact", False, "its text is 'b'"),
        ("post", "usable", False, "no light"), ("post", "usable", None, "nobody looked"),
        ("post", "exists", False, "book 'one' of run 3f9a1c is gone: it is on no shelf"),
    ]  # fmt: skip
    assert [str(kept) for kept in not_found_well(store, RUN.id)] == ["book 'one'"]


def test_what_was_not_made_in_pre_is_told_in_post(place: In, shelf: Shelf) -> None:
    with pytest.raises(Gone, match="book 'one' was not made in pre of run 3f9a1c") as caught:
        place("post").kept("book", "one")
    assert "--phase=pre" in caught.value.hint
    assert shelf.made == 0


def test_what_is_half_made_is_removed_and_made_again(place: In, shelf: Shelf, store: Store) -> None:
    shelf.fails = RuntimeError("power cut")
    with pytest.raises(RuntimeError, match="power cut"):
        place("pre").kept("book", "one", text="a")
    (shelf.folder / "pu-3f9a1c-book-one").write_text("half")
    with pytest.raises(Gone, match="was not made in pre"):
        place("post").kept("book", "one", text="a")
    shelf.fails = None
    assert place("pre").kept("book", "one", text="a").changes == ()
    assert shelf.made == 2


def test_another_thing_of_the_same_name_and_a_service_that_is_missing_are_refused(place: In, shelf: Shelf) -> None:
    place("pre").kept("book", "one", text="a")
    with pytest.raises(StackproofError, match=r"was made with {'text': 'a'}, and now {'text': 'b'} is asked for"):
        place("post").kept("book", "one", text="b")
    with pytest.raises(StackproofError, match="no kind of thing is called 'scroll'"):
        place("pre").kept("scroll", "one")
    shelf.service = "archive"
    with pytest.raises(StackproofError, match="the catalog has no archive service for book 'two'"):
        place("pre").kept("book", "two")


def test_processes_that_want_the_same_thing_make_it_once(place: In, shelf: Shelf, store: Store, tmp_path: Path) -> None:
    shelf.seconds, children = 0.5, []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                with Store.open(f"sqlite:///{tmp_path}/store.sqlite") as own:
                    runs = RunDirectory(tmp_path / "runs", RUN.name)
                    Keeper(Place(Library(), RUN, own, runs, "pre", kinds={"book": shelf})).get(
                        "book", "one", {"text": "a"}
                    )
                os._exit(0 if shelf.made <= 1 else 1)
            finally:
                os._exit(2)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert (tmp_path / "made").read_text() == "pu-3f9a1c-book-one\n"


def test_run_that_was_begun_on_another_cloud_is_refused(place: In, store: Store) -> None:
    place("post").check_cloud()
    store.set_run(RUN.id, fingerprint="k2")
    with pytest.raises(StackproofError, match="run 3f9a1c was begun on another cloud: there Keystone is k2"):
        place("post").check_cloud()


def test_sweep_removes_all_and_closes_the_run_and_stays_open_if_something_stays(
    place: In, shelf: Shelf, store: Store
) -> None:
    here = place("pre")
    here.kept("book", "one")
    here.kept("book", "two")
    here.secrets.set("password", "x")
    shelf.fails = RuntimeError("locked")
    with pytest.raises(ExceptionGroup) as caught:
        sweep(place("post"))
    assert len(caught.value.exceptions) == 2
    assert (store.runs()[0].closed, here.secrets.get("password")) == (None, "x")

    shelf.fails = None
    said: list[str] = []
    sweep(place("post"), said.append)
    assert said == ["book 'two' is removed", "book 'one' is removed"]
    assert list(shelf.folder.iterdir()) == []
    assert store.runs()[0].closed is not None
    assert here.secrets.get("password") is None


def test_user_stays_as_long_as_anything_that_only_it_can_remove(place: In, shelf: Shelf, store: Store) -> None:
    here, users = place("pre"), Shelf(shelf.folder)
    users.name = "user"
    here.kinds = {"book": shelf, "user": users}
    here.kept("user", "run")
    here.kept("book", "one")
    shelf.fails = RuntimeError("locked")
    with pytest.raises(ExceptionGroup, match="1 of what run 3f9a1c has made could not be removed"):
        sweep(here)
    assert (shelf.folder / "pu-3f9a1c-user-run").exists()
    shelf.fails = None
    sweep(here)
    assert list(shelf.folder.iterdir()) == []


def test_what_stands_on_others_goes_before_them() -> None:
    half, server = Kept("server", "half", {}), Kept("server", "web", {}, made=3.0)
    network, volume = Kept("network", "web", {}, made=2.0), Kept("volume", "data", {}, made=4.0)
    assert in_order([server, half, network, volume]) == [half, volume, server, network]


def test_what_was_not_looked_at_in_post_is_not_found_well(store: Store) -> None:
    store.resources.add(RUN.id, Kept("book", "one", {}, made=1.0))
    store.findings.add(RUN.id, Finding("pre", "book", "one", "exists", True))
    assert len(list(not_found_well(store, RUN.id))) == 1
    store.findings.add(RUN.id, Finding("post", "book", "one", "exists", True))
    assert list(not_found_well(store, RUN.id)) == []
    store.findings.add(RUN.id, Finding("post", "book", "one", "usable", None))
    assert len(list(not_found_well(store, RUN.id))) == 1


class Shelves(Shelf):
    """A kind whose things need one of another kind each, which nobody asks for."""

    name = "series"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        place.kept("book", "first")
        return super().make(place, name, spec)

    def stands_on(self, kept: Kept) -> Iterator[tuple[str, str]]:
        yield "book", "first"


def test_what_was_made_for_another_thing_is_looked_at_with_it(place: In, shelf: Shelf, store: Store) -> None:
    both = {"book": shelf, "series": Shelves(shelf.folder)}
    replace(place("pre"), kinds=both).kept("series", "all")
    replace(place("post"), kinds=both).kept("series", "all")
    assert list(not_found_well(store, RUN.id)) == []

    shelf.remove(place("post"), "pu-3f9a1c-book-first", {})
    with pytest.raises(Gone, match="book 'first' of run 3f9a1c is gone: it is on no shelf"):
        replace(place("post"), kinds=both).kept("series", "all")
    assert [str(one) for one in not_found_well(store, RUN.id)] == ["book 'first'"]


def test_baseline_is_kept_in_pre_and_compared_later(store: Store) -> None:
    pre, post = (Baselines(store, RUN.id, phase, "t::a") for phase in ("pre", "post"))
    assert pre("boot_id") == "a1"
    assert {"n": [1, None]} == pre("shape")  # noqa: SIM300 -- either side may be the baseline
    assert post("boot_id") == "a1"
    assert post("boot_id") != "b2"
    assert post("shape") == {"n": [1, None]}
    assert pre("boot_id") == "c3"
    assert post("boot_id") == "c3"


def test_baseline_that_pre_did_not_keep_or_that_cannot_be_kept_is_told(store: Store) -> None:
    pre, post = (Baselines(store, RUN.id, phase, "t::a") for phase in ("pre", "post"))
    with pytest.raises(StackproofError, match="pre of run 3f9a1c has no baseline 'boot_id' of this test"):
        post("boot_id")
    for value in ({1, 2}, (1, 2), {1: 2}, object()):
        with pytest.raises(StackproofError, match="the baseline 'x' cannot be kept as"):
            assert pre("x") == value
    assert store.baselines.of(RUN.id) == []


def test_every_kind_that_is_installed_is_found_by_its_own_name() -> None:
    found = kinds()
    assert {"server", "volume", "image", "object", "token", "allocation"} <= set(found)
    assert [name for name, kind in found.items() if kind.name != name] == []
