"""Verbs about the observer: observe start, cost, status, stop."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from pytest_upgrade.commands.context import Context, chosen, opened
from pytest_upgrade.commands.resources import place_of
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Run
    from pytest_upgrade.verdicts.samples import Samples

_ALIVE, _NOT_ALIVE = 0, 1


def start(options: argparse.Namespace) -> int:
    """Begin to observe the cloud of a run, as the user of the run; a run is begun if none is open."""
    from pytest_upgrade.observers import discovery, load, outside
    from pytest_upgrade.persistent.kinds import canaries

    with opened(options) as context, _place(context, options) as place:
        folder = place.directory.folder()
        if not options.only_read:
            canaries.keep(place)
        assignment = discovery.discover(
            place.connection, folder, longest=options.longest, control=options.control or "",
            services=options.service or (), prefix="" if options.only_read else place.run.prefix,
        )  # fmt: skip
    for one in assignment.left_out:
        print(f"left out: {one}")
    lanes = assignment.lanes
    if not any(lane.role == "control" for lane in lanes):
        print("no control lane: what goes wrong with our own network counts against the cloud; see --control")
    if busy := load.warning():
        print(busy, file=sys.stderr)
    if options.foreground:
        return outside.foreground(assignment)
    pid = outside.start(assignment)
    rate = sum(1 / lane.period for lane in lanes)
    print(f"run {options.run}: process {pid} observes {len(lanes)} lanes, {rate:.0f} requests a second")
    return 0


def cost(options: argparse.Namespace) -> int:
    """Measure what each lane costs; 1 if those of a service take more of a worker's time than they may."""
    import asyncio

    from pytest_upgrade.observers import cost, discovery
    from pytest_upgrade.observers.login import Token
    from pytest_upgrade.persistent.kinds import canaries

    with opened(options) as context, _place(context, options) as place:
        if not options.only_read:
            canaries.keep(place)
        assignment = discovery.discover(
            place.connection, place.directory.folder(), longest=0.0, services=options.service or (),
            prefix="" if options.only_read else place.run.prefix,
        )  # fmt: skip

    async def measured() -> list[cost.Cost]:
        token = Token(assignment.credentials, assignment.tls)
        await token.renew()
        return await cost.measure(assignment, token)

    costs = asyncio.run(measured())
    for one in costs:
        rate = f"{1 / one.lane.period:g} a second" if one.lane.period <= 1 else f"every {one.lane.period:g} s"
        print(f"{one.lane.name}: {rate}, {1000 * one.seconds:.0f} ms, {100 * one.share:.1f} % of a worker")
    above = []
    for service, share in sorted(cost.shares(costs).items()):
        print(f"{service}: {100 * share:.1f} % of a worker in all")
        above += [service] if share > options.most else []
    if above:
        print(
            f"too much for {', '.join(above)}: more than {100 * options.most:g} % of a worker;"
            " leave them out with --service, write nothing with --only-read, or allow it with --most"
        )
    return int(bool(above))


def status(options: argparse.Namespace) -> int:
    """Say whether the observer of a run lives, and what it sees; 1 if it does not."""
    from pytest_upgrade.observers import outside
    from pytest_upgrade.verdicts.outages import outages
    from pytest_upgrade.verdicts.samples import Samples

    with opened(options) as context:
        run = context.run(options)
        folder = context.samples(run)
        pid = outside.alive(folder)
        samples = Samples(folder)
    for life in samples.lives():
        if pid == life.pid:
            state = f"observes since {_ago(life.begin)}"
        else:
            state = "has ended" if life.ended else f"DIED, {_ago(life.end)} ago"
        print(f"process {life.pid} on {life.machine} {state}; priority {life.priority}")
    for series in samples.series():
        if not len(series):
            continue
        found = outages(series.eventful)
        now = f"FAILS since {_ago(found[-1].begin)}: {found[-1].words[0]}" if found and found[-1].end is None else "ok"
        fresh = sum(series.fresh)
        opened_anew = f", {fresh} on a new connection" if series.lane.connection == "reused" else ""
        print(
            f"{series.lane.name}: {now}; {len(series)} samples, {sum(one.slots for one in found)} failed{opened_anew}"
        )
    for line in _writes(samples):
        print(line)
    return _ALIVE if pid else _NOT_ALIVE


def _writes(samples: Samples) -> Iterator[str]:
    """What became of all that canaries have made, and which of their breakers are open."""
    from pytest_upgrade.verdicts import ledger

    by_lane: dict[str, list[ledger.Deed]] = {}
    for deed in ledger.deeds(samples.ledger()):
        by_lane.setdefault(deed.lane.name, []).append(deed)
    for name, deeds in by_lane.items():
        yield f"ledger of {name}: {ledger.summary(deeds)}"
    for trip in {one.lane: one for one in samples.trips()}.values():
        if trip.open:
            yield f"breaker of {trip.lane}: OPEN since {_ago(trip.at)}, nothing is written: {trip.why}"


def stop(options: argparse.Namespace) -> int:
    """End the observer of a run."""
    from pytest_upgrade.observers import outside

    with opened(options) as context:
        run = context.run(options)
        if not outside.stop(context.places.directory(run.name).path):
            print(f"run {run.id}: no observer lives")
            return _NOT_ALIVE
        print(f"run {run.id}: the observer has ended")
        context.samples(run)
    return 0


@contextmanager
def _place(context: Context, options: argparse.Namespace) -> Iterator[Place]:
    """The place of the run that is meant; a run that begins here ends with what goes wrong here, and all it made."""
    run, is_new = _run(context, options)
    options.run = run.id
    with ExitStack() as begun:
        if is_new:
            begun.callback(lambda: context.store.set_run(run.id, closed=time.time()))
        with place_of(context, options) as place, ExitStack() as made:
            # Who is connected may have made something, so that closing the run is not enough.
            begun.pop_all()
            if is_new:
                made.callback(_swept, place)
            yield place
            made.pop_all()
    if is_new:
        print(f"run {run.id} of {run.cloud} begins")


def _swept(place: Place) -> None:
    """Remove all of a run, if that can be done: what cannot keeps it open, and what went wrong first is what counts."""
    from pytest_upgrade.phases import closing

    with suppress(StackproofError, ExceptionGroup):
        closing.sweep(place)


def _run(context: Context, options: argparse.Namespace) -> tuple[Run, bool]:
    """The run that was named, the open one of the cloud, or a new one; and whether it is new."""
    from pytest_upgrade.configured.choosing import begun, named
    from pytest_upgrade.configured.choosing import opened as open_run

    if options.run:
        return named(context.store, options.run), False
    choice = chosen(options)
    run = open_run(context.store, host=choice.auth_host or "", region=choice.region or "")
    if run is not None:
        return run, False
    run = begun(choice, context.places.folder)
    context.store.add_run(run)
    return run, True


def _ago(at: float) -> str:
    return f"{max(0.0, time.time() - at):.0f} s"
