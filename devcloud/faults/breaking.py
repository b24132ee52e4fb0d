"""Breaking and mending, with a journal, so that whatever is killed in between can be mended."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase

from devcloud import status as asking
from devcloud.cloud import Cloud
from devcloud.faults.fault import Fault
from devcloud.faults.registry import FAULTS
from devcloud.faults.site import Site
from devcloud.journal import Journal
from devcloud.services import runit
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for

_SETTLE = 180


def break_(site: Site, fault: Fault) -> None:
    """Break the cloud in one more way; what was not done to its end is mended as well as what was."""
    journal = Journal.of(site.cloud.state)
    if journal.has(fault.name):
        word = (
            "broken already" if journal.notes(fault.name).whole else "half broken: an earlier `break` was interrupted"
        )
        raise StackproofError(f"{fault.name} is {word}", hint=f"`devcloud mend {fault.name}` mends it")
    site.cloud.host(site.cloud.topology.controller)
    notes = journal.notes(fault.name)
    notes.begin()
    with _told(f"breaking {fault.name}", f"`devcloud mend {fault.name}` takes back what was done of it"):
        fault.break_(site, notes)
    notes.done()


def mend(site: Site, names: Sequence[str], told: Callable[[str], object], faults: Mapping[str, Fault] = FAULTS) -> None:
    """Mend open faults, last broken first; one that another stands in the way of is tried again after it."""
    journal = Journal.of(site.cloud.state)
    left = [notes for notes in reversed(journal.open()) if notes.name in names]
    while left:
        failed: list[tuple[str, StackproofError]] = []
        for notes in left:
            try:
                with _told(f"mending {notes.name}", "`devcloud status` may say why; the same command tries again"):
                    faults[notes.name].mend(site, notes)
            except StackproofError as error:
                failed.append((notes.name, error))
                continue
            _forget_deaths(site, faults[notes.name])
            journal.strike(notes.name)
            told(notes.name)
        if len(failed) == len(left):
            raise failed[0][1]
        left = [notes for notes in left if notes.name in dict(failed)]


def expected(site: Site, fault: Fault) -> tuple[set[str], set[str]]:
    """What `devcloud status` must name while the fault is open, and patterns of what it may name besides."""
    hosts = {"controller": site.cloud.topology.controller.name, "compute": site.compute_plan.name}
    names = {one for name in fault.names for one in _instances(site, name.format_map(hosts))}
    return names, {one for text in fault.suffers for one in _instances(site, text.format_map(hosts))}


def _instances(site: Site, name: str) -> Iterator[str]:
    """All instances of the API that a name stands for, each on its host; what is no daemon's name, as it is."""
    service, on, host = name.partition(" on ")
    if not on or "*" in service:
        yield name
    else:
        yield from (f"{instance} on {host}" for instance in site.instances(service))


def ended_by_power(cloud: Cloud) -> list[str]:
    """Strike out what the power ends, if no host is on; returns the names."""
    journal = Journal.of(cloud.state)
    if any(cloud.find(plan) for plan in cloud.topology.hosts):
        return []
    ended = [notes.name for notes in journal.open() if not FAULTS[notes.name].lasts]
    for name in ended:
        journal.strike(name)
    return ended


def refuse_repair(cloud: Cloud) -> None:
    """Raise `StackproofError` if a fault on purpose stands in the way of repairing what broke by itself."""
    ended_by_power(cloud)
    open_ = [notes.name for notes in Journal.of(cloud.state).open() if not FAULTS[notes.name].lasts]
    if open_:
        raise StackproofError(f"broken on purpose: {', '.join(open_)}", hint="`devcloud mend` first")


def _forget_deaths(site: Site, fault: Fault) -> None:
    """Deaths that the fault has caused are no news once it is mended."""
    names, suffers = expected(site, fault)
    for plan, service in site.cloud.placements():
        on = site.cloud.find(plan)
        if on and concerns(f"{service.name} on {plan.name}", names | suffers):
            runit.forget_deaths(on, service.name)


def settle(site: Site, mended: Collection[Fault]) -> None:
    """Wait until nothing is wrong but what other open faults explain.

    What reports to the cloud, and may have suffered, must have done so since: a call that was under way when the queue
    went is waited for in vain for a minute.
    """
    open_ = [FAULTS[notes.name] for notes in Journal.of(site.cloud.state).open()]
    excused = {name for fault in open_ for names in expected(site, fault) for name in names}
    suffered = {name for fault in mended for names in expected(site, fault) for name in names}
    began = time.monotonic()

    def well() -> bool:
        found = asking.status(site.cloud).named() | dict(_silent(site, suffered, began))
        left = [text for name, text in found.items() if not concerns(name, excused)]
        if left:
            raise _NotYet("; ".join(left))
        return True

    wait_for(
        well,
        timeout=_SETTLE,
        every=0.5,
        ignore=(_NotYet,),
        what="all daemons to work again",
        hint="see `devcloud status`; `devcloud up` repairs the rest",
    )


def _silent(site: Site, suffered: set[str], since: float) -> Iterator[tuple[str, str]]:
    """Which of those that suffered have not reported to the cloud since then."""
    for plan, service in site.cloud.placements():
        name, on = f"{service.name} on {plan.name}", site.cloud.find(plan)
        if on and concerns(name, suffered) and site.cloud.silent(on, service, time.monotonic() - since):
            yield name, f"{name} has not reported to the cloud since"


def concerns(name: str, patterns: set[str]) -> bool:
    """Whether one of the patterns fits.

    >>> concerns("nova-api on controller", {"* on controller"}), concerns("compute1", {"* on compute1"})
    (True, False)
    """
    return any(fnmatchcase(name, pattern) for pattern in patterns)


class _NotYet(Exception):
    """Something is not well yet; the text says what."""


@contextmanager
def _told(doing: str, hint: str) -> Iterator[None]:
    """Turn what an API or a database refuses into one sentence."""
    import pymysql
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    try:
        yield
    except (SDKException, ClientException, pymysql.MySQLError, OSError, StackproofError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise StackproofError(f"{doing} failed: {lines[0]}", hint=hint) from error
