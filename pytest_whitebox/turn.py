"""Whose turn it is on which host: tests that change a host have it to themselves, the others share it.

Which hosts a test uses shows in the fixtures that it asks for. All its locks are taken before anything is set up
for it, in the order of the hosts' names, so that no two tests wait for each other. They lie on the hosts, where
runs from several machines meet, and a worker that dies lets go of them. Hosts that a module changes for all its tests,
or has servers on for them, stay its own, or shared, until the last of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_whitebox import reach
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.hosts import Hosts
from pytest_whitebox.core.transactions import Busy, here, locked
from pytest_whitebox.markers import required
from pytest_whitebox.requires import Requires
from pytest_whitebox.session import session_key

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.hosts import Host
    from pytest_whitebox.core.transports import Held

#: Fixtures by which a test says that it changes hosts, that one host is enough for it, and that it uses all.
CHANGES = frozenset({"alone", "set_config", "hold", "module_alone"})
ONE = ("own_host", "any_host", "module_host")
#: Those whose changes or servers last until the module's last test, and so does its turn. A module that let go of the
#: hosts between two tests while it has servers there would deadlock with a test that has a host alone and waits for it
#: to be without guests.
LASTING = frozenset({"module_alone", "module_host", "module_create"})
USES = frozenset({"hosts", "database", "create", "module_create", "session_create"})

_MOMENT, _PATIENCE = 5, 3600  # seconds until one is told, and until one gives up: the others may have long tests


@dataclass(frozen=True, slots=True)
class Claim:
    """The hosts that a test has for itself, and those that it shares, by name; ``place`` is where its servers go."""

    own: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    place: str = ""

    @classmethod
    def of(cls, asked: Collection[str], all: Collection[str], computes: Collection[str], worker: int = 0) -> Claim:
        """What a test claims by the fixtures that it asks for; workers begin with different compute hosts.

        >>> Claim.of({"create", "own_host"}, {"ctl", "c1", "c2"}, ["c1", "c2"], worker=1)
        Claim(own=frozenset({'c2'}), shared=frozenset({'ctl'}), place='c2')
        >>> sorted(Claim.of({"create"}, {"ctl", "c1"}, ["c1"]).shared), Claim.of({"cloud"}, {"ctl"}, [])
        (['c1', 'ctl'], Claim(own=frozenset(), shared=frozenset(), place=''))
        """
        everything = frozenset(all)
        one = next((name for name in ONE if name in asked), "")
        if one and computes:
            place = sorted(computes)[worker % len(computes)]
            own = frozenset(() if one == "any_host" else {place})
            others = everything if {"hosts", "module_host"} & set(asked) else everything - set(computes) | {place}
            return cls(own, others - own, place)
        if CHANGES & set(asked):
            return cls(own=everything)
        return cls(shared=everything) if USES & set(asked) else cls()


@dataclass(slots=True)
class Turn:
    """The locks that the test under way has, what they are for, and hosts that turned out to be out of reach.

    ``module`` is the file whose tests keep the locks, if they do; ``lacking`` tells of what was required so far
    whether the cloud lacks it.
    """

    claim: Claim = field(default_factory=Claim)
    module: Path | None = None
    locks: ExitStack = field(default_factory=ExitStack)
    unreachable: set[str] = field(default_factory=set)
    lacking: dict[Requires, bool] = field(default_factory=dict)


turn_key = pytest.StashKey[Turn]()


def begin(item: pytest.Item) -> None:
    """Wait for the turn of a test; raises `Busy` if others do not let go of their hosts."""
    turn = item.config.stash.setdefault(turn_key, Turn())
    if turn.module == item.path:
        return
    turn.claim = Claim()
    asked = set(getattr(item, "fixturenames", ()))
    if not asked & {*CHANGES, *ONE, *USES}:
        return
    hosts = _hosts(item.config)
    names = {host.name for host in hosts}
    number = _number(item.config.stash[session_key].worker)
    claim = Claim.of(asked, names, {host.name for host in hosts.computes}, number)
    # Who lacks something is skipped, and needs no turn.
    if not (claim.own and any(_lacks(turn, hosts, requires, item) for requires in required(item))):
        turn.claim = claim
        _take(turn, hosts, claim, item)


def end(item: pytest.Item, following: pytest.Item | None) -> None:
    """Give back the locks of the test that is over, unless they are for the test that follows, too."""
    turn = item.config.stash.setdefault(turn_key, Turn())
    lasts = turn.module == item.path or LASTING & set(getattr(item, "fixturenames", ()))
    turn.module = item.path if lasts and following is not None and following.path == item.path else None
    if turn.module is None:
        turn.locks.close()


def place(config: pytest.Config) -> str:
    """The name of the compute host that the servers of the test under way go to; empty: the scheduler decides."""
    return config.stash[turn_key].claim.place


def given(config: pytest.Config, cloud: Cloud) -> Host:
    """The compute host that the test under way was given; skips if the cloud has none."""
    if name := place(config):
        return cloud.hosts[name]
    pytest.skip("needs a compute host and the cloud has none: start nova-compute, or choose another cloud")


def _lacks(turn: Turn, hosts: Hosts, requires: Requires, item: pytest.Item) -> bool:
    """True if the cloud lacks something of it: looked up once for a run, while nobody changes the hosts."""
    if requires not in turn.lacking:
        with turn.locks:
            _take(turn, hosts, Claim(shared=frozenset(host.name for host in hosts)), item)
            turn.lacking[requires] = any(requires.missing(reach.facts(item.config)))
    return turn.lacking[requires]


def _hosts(config: pytest.Config) -> Hosts:
    """The hosts of the cloud; none if it cannot be used or this user may not see them, which a fixture tells better."""
    from openstack.exceptions import SDKException

    try:
        return reach.hosts(config)
    except (StackproofError, SDKException):
        return Hosts(())


def _take(turn: Turn, hosts: Hosts, claim: Claim, item: pytest.Item) -> None:
    try:
        for host in hosts:
            own = host.name in claim.own
            host.transactions.refusal = None if own else _shared(host.name)
            if own or host.name in claim.shared - turn.unreachable:
                _lock(turn, host, item, shared=not own)
    # Ctrl-C while others have a host, too: no test is set up, so no end of a test would give back what we have so far.
    except BaseException:
        turn.locks.close()
        raise


def _lock(turn: Turn, host: Host, item: pytest.Item, *, shared: bool) -> None:
    try:
        _wait(turn, host, item, shared=shared)
    except Busy:
        raise
    except StackproofError as error:
        if not shared:
            raise
        turn.unreachable.add(host.name)
        warnings.warn(f"{host.name} is not locked, so another run may restart its services: {error}", stacklevel=2)


def _wait(turn: Turn, host: Host, item: pytest.Item, *, shared: bool) -> None:
    """Take the lock of a host; whom that waits for is told after a moment."""

    def lock(wait: float) -> AbstractContextManager[Held]:
        file = host.transactions.journal.lock_file(f"host {host.name}")
        holder = f"{here()} for {item.nodeid}"
        return locked(host.transport, file, what=f"the host {host.name}", wait=wait, shared=shared, holder=holder)

    try:
        turn.locks.enter_context(lock(_MOMENT))
    except Busy as busy:
        _tell(item.config, f"{item.name} waits: {busy}")
        turn.locks.enter_context(lock(_PATIENCE))


def _tell(config: pytest.Config, text: str) -> None:
    """A line on the terminal; a worker of xdist has none."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            reporter.ensure_newline()
            reporter.write_line(text)


def _shared(name: str) -> StackproofError:
    return StackproofError(
        f"this test shares {name} with others and must not change it",
        hint="have it ask for the fixture own_host, and change that one, or for alone",
    )


def _number(worker: str) -> int:
    """The number of a worker: ``gw3`` is 3.

    >>> _number("gw3"), _number("")
    (3, 0)
    """
    digits = worker.lstrip("gw")
    return int(digits) if digits.isdigit() else 0
