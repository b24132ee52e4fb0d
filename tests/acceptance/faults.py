"""Each fault on purpose: broken, seen on the real cloud, named by status, mended, and all well again.

Run as root with a cloud that is up: ``python -m tests.acceptance.faults [FAULT …]``. Besides faults there are the
steps ``killed-while-breaking``, ``all-hung`` and ``down-and-up``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from devcloud.cloud import Cloud
from devcloud.faults import breaking, registry
from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.journal import Journal
from devcloud.services import runit
from devcloud.state import State
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from tests.acceptance.record import PAGES, Record
from tests.cloud.devcloud import PROGRAM, Devcloud

#: Seconds until the cloud itself counts a silent daemon as down, and some.
_SEEN = 150
#: The longest that status may take, on a machine that has other work as well.
_STATUS = 15
_PREFIX = "devcloud-fault-"


def main() -> int:
    """Break and mend; write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="default: all, and the three steps after them")
    wanted = parser.parse_args().faults
    devcloud, record = Devcloud.from_environment(), Record("faults", "each fault broken on purpose and mended")
    failures = 0
    try:
        failures = _all(record, devcloud, wanted)
    finally:
        print(f"written: {record.write()}")
    return 1 if failures else 0


def _all(record: Record, devcloud: Devcloud, wanted: list[str]) -> int:
    """Every fault, whatever became of the one before; returns how many failed."""
    state = State(devcloud.state)
    steps: dict[str, Callable[[], str]] = {
        fault.name: partial(_fault, devcloud, state, fault) for fault in registry.of(state.settings().services)
    }
    steps["killed-while-breaking"] = partial(_killed, devcloud, state)
    steps["all-hung"] = partial(_hung, devcloud, state)
    steps["down-and-up"] = partial(_down_and_up, devcloud, state)
    with record.step("before") as step:
        step.said = _before(devcloud, state)
    failures = 0
    for name in wanted or steps:
        try:
            with record.step(name) as step:
                step.said = steps[name]()
        except Exception as error:  # noqa: BLE001 -- the other faults are tried whatever became of this one
            print(f"failed: {error!r}", file=sys.stderr)
            failures += 1
            devcloud("mend", check=False)
            devcloud("up", check=False)
    return failures


def _before(devcloud: Devcloud, state: State) -> str:
    _well(devcloud, Site(Cloud(state, state.settings())))
    return "all is well"


def _fault(devcloud: Devcloud, state: State, fault: Fault) -> str:
    site, notes = Site(Cloud(state, state.settings())), Journal.of(state).notes(fault.name)
    if not fault.lasts and fault.visible(site, notes):
        raise StackproofError("it is seen before it is broken", hint="mend what looks for it")
    broken = _timed(devcloud, "break", fault.name)
    began = time.monotonic()
    seen = wait_for(
        lambda: fault.visible(site, notes), timeout=_SEEN, every=1, what="it to be seen", hint="mend what looks for it"
    )
    after = time.monotonic() - began
    said = _status(devcloud, site, fault)
    _keep_sample(fault, seen, said)
    mended = _timed(devcloud, "mend", fault.name)
    site = Site(site.cloud)
    _well(devcloud, site)
    if not fault.lasts and fault.visible(site, notes):
        raise StackproofError("it is seen after it was mended", hint="mend `mend`")
    return f"broken in {broken:.1f} s; seen after {after:.1f} s: {seen}; status: {said}; mended in {mended:.1f} s"


def _keep_sample(fault: Fault, seen: str, said: str) -> None:
    """Keep for the documentation what the cloud has shown."""
    file = PAGES / "faults.json"
    samples = json.loads(file.read_text()) if file.exists() else {}
    samples[fault.name] = {"seen": seen, "status": said}
    file.write_text(json.dumps(samples, indent=1, sort_keys=True) + "\n")


def _timed(devcloud: Devcloud, *words: str) -> float:
    began = time.monotonic()
    devcloud(*words)
    return time.monotonic() - began


def _status(devcloud: Devcloud, site: Site, fault: Fault) -> str:
    """Status names what it must, nothing that is well, and the fault itself; soon."""
    names, suffers = breaking.expected(site, fault)

    def right() -> str:
        began = time.monotonic()
        seen = devcloud.status()
        took = time.monotonic() - began
        problems = _problems(seen)
        if seen["faults"] != [fault.name] or names - set(problems):
            return ""
        wrong = [text for name, text in problems.items() if not breaking.concerns(name, names | suffers)]
        if wrong or took > _STATUS:
            raise StackproofError(f"status in {took:.1f} s names also: {'; '.join(wrong)}", hint="mend check.py")
        return "; ".join(text for name, text in problems.items() if name in names) or "well"

    return wait_for(right, timeout=30, every=1, what=f"status to name {', '.join(names)}", hint="mend check.py")


def _problems(seen: dict[str, Any]) -> dict[str, str]:
    hosts = {host["name"]: f"{host['name']} {host['problem']}" for host in seen["hosts"] if host["problem"]}
    services = {f"{s['service']} on {s['host']}": s["problem"] for s in seen["services"] if s["problem"]}
    return hosts | {name: f"{name} {problem}" for name, problem in services.items()}


def _well(devcloud: Devcloud, site: Site) -> None:
    """No daemon has a problem, no fault is open, and nothing that a fault made is left."""
    seen = devcloud.status()
    left = [*_problems(seen).values(), *seen["faults"], *_left(site)]
    if left:
        raise StackproofError(f"not well: {'; '.join(left)}", hint="see `devcloud logs SERVICE`")


def _left(site: Site) -> Iterator[str]:
    """Whatever bears the name of something that a fault made."""
    admin = site.admin
    listed = {
        "server": admin.compute.servers(),
        "volume": admin.block_storage.volumes(),
        "snapshot": admin.block_storage.snapshots(),
        "port": admin.network.ports(),
        "router": admin.network.routers(),
        "image": admin.image.images(),
        "project": admin.identity.projects(),
        "container": admin.object_store.containers(),
    }
    for kind, found in listed.items():
        yield from (f"{kind} {one.name}" for one in found if (one.name or "").startswith(_PREFIX))
    domains = site.compute.run(["virsh", "list", "--all", "--name"]).stdout.split()
    yield from (f"domain {name}" for name in domains if name.startswith(_PREFIX))


def _killed(devcloud: Devcloud, state: State) -> str:
    """kill -9 of `devcloud break` between its note and its end; mend takes back what was done."""
    notes = Journal.of(state).notes("server-error")
    words = [PROGRAM, "break", "--state", str(devcloud.state), notes.name]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=dict(os.environ)) as process:
        site = Site(Cloud(state, state.settings()))
        wait_for(lambda: site.admin.compute.find_server(notes.target), timeout=60, every=0.1, what="its server")
        process.send_signal(signal.SIGKILL)
    again = devcloud("break", notes.name, check=False).stderr.strip()
    devcloud("mend")
    _well(devcloud, site)
    return f"killed when its server was there; `break` again: {again}; `mend`: nothing is left"


def _hung(devcloud: Devcloud, state: State) -> str:
    """SIGSTOP to every daemon of the cloud: status ends soon, and names each."""
    site = Site(Cloud(state, state.settings()))
    hosts = [site.cloud.host(plan) for plan in site.cloud.topology.hosts]
    pids = {host: [str(p.pid) for found in runit.processes(host).values() for p in found] for host in hosts}
    try:
        for host in hosts:
            host.run(["kill", "-STOP", *pids[host]], check=False)
        began = time.monotonic()
        said = devcloud("status", check=False).stdout.splitlines()
        took = time.monotonic() - began
    finally:
        for host in hosts:
            host.run(["kill", "-CONT", *pids[host]], check=False)
    stopped = sum("its process is stopped" in line for line in said)
    if took > _STATUS or stopped != len(list(site.cloud.placements())):
        raise StackproofError(f"status took {took:.1f} s and named {stopped} daemons", hint="mend status.py")
    breaking.settle(site, [registry.FAULTS["queue-hung"]])
    return f"status named all {stopped} daemons in {took:.1f} s; they went on by themselves"


def _down_and_up(devcloud: Devcloud, state: State) -> str:
    """What the power ends is ended by down, what lasts is there after up; nothing stands in the way of mend."""
    for name in ("compute-hung", "tokens-lost", "allocation-orphaned"):
        devcloud("break", name)
    refused = devcloud("up", check=False).stderr.strip()
    devcloud("down")
    devcloud("up")
    open_ = devcloud.status()["faults"]
    devcloud("mend")
    _well(devcloud, Site(Cloud(state, state.settings())))
    return f"`up`: {refused}; open after `down` and `up`: {', '.join(open_)}; after `mend` all is well"


if __name__ == "__main__":
    sys.exit(main())
