"""Samples in a store that others share: a copy of what an observer wrote, judged where it has never been."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_upgrade.cli import main
from pytest_upgrade.configured.places import Places
from pytest_upgrade.observers import clock
from pytest_upgrade.observers.lane import Lane
from pytest_upgrade.observers.notebook import Notebook
from pytest_upgrade.observers.observing import SAMPLES, TAKEN
from pytest_upgrade.observers.result import Result
from pytest_upgrade.observers.sample import Sample
from pytest_upgrade.store import Store
from pytest_upgrade.store.values import Event, Run
from pytest_upgrade.verdicts import copies
from pytest_upgrade.verdicts.samples import Samples
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory

RUN = Run("3f9a1c", "20261121T073000Z-3f9a1c", "prod", "10.0.0.1", "north", began=0.0)
LANE = Lane("compute", "GET", "/", "http://10.0.0.1:8774/", "new", 0.2)
#: Names of requests that no compression makes shorter.
NOISE = random.Random(1)
Machine = Callable[[str], RunDirectory]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of a store that is beside no run."""
    return f"sqlite:///{tmp_path}/laboratory.sqlite"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as store:
        store.add_run(RUN)
        yield store


@pytest.fixture
def machine(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """``machine("a")``: a shell on a machine with folders of its own, and the store of all."""
    monkeypatch.setenv("UPGRADE_STORE", url)
    monkeypatch.delenv("UPGRADE_RUNS", raising=False)

    def at(name: str) -> RunDirectory:
        (tmp_path / name).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / name)
        return Places(tmp_path / name / ".stackproof/upgrades").directory(RUN.name)

    return at


def observe(folder: Path, slots: int = 10, bytes: int = 0) -> None:
    """What an observer has seen; each request has an id as long as that."""
    notebook = Notebook(folder / SAMPLES, "normal")
    lane = notebook.lane(LANE, clock.now() - slots * clock.SECOND)
    for slot in range(slots):
        request = f"tx{NOISE.randbytes(bytes).hex()}" if bytes else ""
        notebook.record(Sample(lane, slot, 0, 9000, Result.OK, 200, request_id=request))
    notebook.close()


def count(folder: Path) -> int:
    return sum(map(len, Samples(folder).series()))


def test_a_copy_is_whole_on_another_machine_and_nobody_else_may_read_it(store: Store, machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    observe(here.folder(), 3000, bytes=1000)
    assert copies.give(store, RUN, here.path)
    sizes = [len(one.data) for one in store.pieces.of(RUN.id)]
    assert len(sizes) > 2
    assert set(sizes[:-1]) == {1 << 20}
    assert copies.take(store, RUN, there)
    assert count(there.path) == 3000
    assert (there.path / SAMPLES).stat().st_mode & 0o077 == 0
    assert {file.name for file in there.path.iterdir()} >= {SAMPLES, TAKEN}


def test_a_copy_is_made_while_an_observer_has_the_file_and_again_only_if_more_was_written(
    store: Store, machine: Machine
) -> None:
    here = machine("a")
    notebook = Notebook(here.folder() / SAMPLES, "normal")
    assert copies.give(store, RUN, here.path)
    notebook.close()
    file, given = here.path / SAMPLES, store.pieces.newest(RUN.id)
    os.utime(file, (given - 1, given - 1))
    assert not copies.give(store, RUN, here.path)
    observe(here.path, 6)
    os.utime(file, (given + 1, given + 1))
    assert copies.give(store, RUN, here.path)
    there = machine("b")
    assert copies.take(store, RUN, there)
    assert count(there.path) == 6


def test_a_newer_copy_is_taken_and_own_samples_are_left_alone(store: Store, machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    observe(here.folder(), 5)
    assert copies.give(store, RUN, here.path)
    assert not copies.take(store, RUN, here)
    assert copies.take(store, RUN, there)
    assert not copies.take(store, RUN, there)
    # A copy is given by nobody.
    later = store.pieces.newest(RUN.id) + 9
    os.utime(there.path / SAMPLES, (later, later))
    assert not copies.give(store, RUN, there.path)
    store.pieces.replace_all(RUN.id, copies.pieces(here.path))
    assert copies.take(store, RUN, there)


def test_nothing_observed_is_nothing_to_give_or_to_take(store: Store, machine: Machine) -> None:
    here = machine("a")
    assert not copies.give(store, RUN, here.path)
    assert not copies.take(store, RUN, here)
    assert not here.path.exists()


def test_a_copy_that_is_not_whole_is_told_and_not_taken(store: Store, machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    observe(here.folder(), 2000, bytes=1000)
    *first, _ = copies.pieces(here.path)
    store.pieces.replace_all(RUN.id, first)
    with pytest.raises(StackproofError, match="the store's copy of the samples of run 3f9a1c is damaged: its end is"):
        copies.take(store, RUN, there)
    assert list(there.path.iterdir()) == []


def test_a_run_is_judged_on_another_machine_by_what_was_seen_on_the_first(
    store: Store, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    observe(machine("a").folder())
    for kind, at in (("begin", 1.0), ("end", 2.0)):
        store.events.add(RUN.id, Event("", kind, at=at))  # type: ignore[arg-type]
    assert main(["judge", "--tag", "zero_downtime"]) == 2
    first = capsys.readouterr()
    machine("b")
    assert main(["judge", "--tag", "zero_downtime"]) == 2
    second = capsys.readouterr()
    assert first.out == second.out
    assert first.out.startswith("compute zero_downtime: INCONCLUSIVE")
    assert (first.err, "its samples are taken from sqlite" in second.err) == ("", True)
    assert main(["observe", "status"]) == 1
    assert "GET compute / (new): ok; 10 samples, 0 failed" in capsys.readouterr().out


def test_an_exported_run_has_what_was_observed(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a store of its own to another of its own."""
    here, there = machine("a"), machine("b")
    monkeypatch.delenv("UPGRADE_STORE")
    machine_url = Places(tmp_path / "a/.stackproof/upgrades").url
    observe(here.folder())
    with Store.open(machine_url) as own:
        own.add_run(RUN)
        monkeypatch.chdir(tmp_path / "a")
        assert main(["export", "-o", str(tmp_path / "run.json")]) == 0
        # The copy is in the file alone: a store beside its runs needs none.
        assert own.pieces.of(RUN.id) == []
    monkeypatch.chdir(tmp_path / "b")
    assert main(["import", str(tmp_path / "run.json")]) == 0
    assert main(["judge", "--tag", "zero_downtime"]) == 2
    assert capsys.readouterr().out.splitlines()[-1].startswith("compute zero_downtime: INCONCLUSIVE")
    assert count(there.path) == 10
