"""Topologies of guests as Nova 31 wrote them into its database."""

from __future__ import annotations

from pathlib import Path

from pytest_whitebox.core.databases import GuestTopology

DATA = Path(__file__).parent / "data"


def recorded(name: str) -> GuestTopology:
    return GuestTopology.from_database((DATA / f"topology-{name}.json").read_text())


def test_mixed_guest_has_pinned_and_floating_vcpus() -> None:
    topology = recorded("mixed")
    (cell,) = topology.cells

    assert topology.pins == {1: frozenset({0})}
    assert topology.floating == {0}
    assert (cell.host_cell, cell.memory, cell.page_kib) == (0, 128, None)
    assert topology.emulator_policy is None


def test_isolated_emulator_has_a_reserved_cpu() -> None:
    topology = recorded("isolated")

    assert topology.emulator_policy == "isolate"
    assert topology.pins == {0: frozenset({0})}
    assert topology.reserved == {1}
    assert topology.floating == frozenset()


def test_topologies_are_compared_by_what_they_say() -> None:
    assert recorded("mixed") == recorded("mixed")
    assert recorded("mixed") != recorded("isolated")


def test_topologies_differ_by_their_thread_policy() -> None:
    said = (DATA / "topology-isolated.json").read_text()
    other = said.replace('"cpu_thread_policy": null', '"cpu_thread_policy": "require"')
    topology = GuestTopology.from_database(other)

    assert topology.cells[0].thread_policy == "require"
    assert topology != GuestTopology.from_database(said)
