"""What the command line shows: the steps of `up`, and the state of a cloud."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from devcloud.faults.fault import Fault
from devcloud.machine.finding import Finding
from devcloud.measure.metrics import Metrics
from devcloud.saves import Save
from devcloud.state import DEFAULT, State
from devcloud.status import Status
from devcloud.upgrade.planning import Planned

#: Wide enough for each row of a table to be one line.
_ONE_LINE = 400


@dataclass(frozen=True)
class Steps:
    """Prints each step that did something; on a terminal the last line shows what is under way."""

    console: Console
    show: Callable[[str], object]
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the first step."""
        return time.monotonic() - self.began

    def running(self, names: Iterable[str], done: int, of: int) -> None:
        """Show what is under way."""
        first, *more = sorted(names)
        self.show(f"{done} of {of} steps done, under way: {first}{f' and {len(more)} more' if more else ''}")

    def done(self, name: str, seconds: float) -> None:
        """Print what was done and how long it took."""
        self.console.print(f"{self.seconds:6.1f} s  {name}  [dim]({seconds:.1f} s)[/]", soft_wrap=True)


def show_status(seen: Status, state: State) -> None:
    """Print a table of hosts, a line per problem, and one for the whole."""
    console = Console(highlight=False)
    if seen.off:
        console.print(f"OpenStack {seen.told} in {state.path} is down; `devcloud up{state_option(state)}` starts it")
        return
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in ("HOST", "ADDRESS", "SERVICES", "WELL"):
        table.add_column(heading)
    for host in seen.hosts:
        here = [service for service in seen.services if service.host == host.name]
        well = sum(service.well for service in here)
        table.add_row(host.name, host.address, str(len(here)), str(well) if host.on else "[red]off[/]")
    console.print(table)
    for host in seen.hosts:
        if not host.well:
            console.print(f"[red]{host.name}[/] {host.problem}", soft_wrap=True)
    for service in seen.problems:
        if service.host not in [host.name for host in seen.hosts if not host.on]:
            console.print(f"[red]{service.service}[/] on {service.host} {service.problem}", soft_wrap=True)
    repair = f"`devcloud {'mend' if seen.faults else 'up'}{state_option(state)}` repairs it"
    word = "[green]well[/]" if seen.well else f"not well; {repair}"
    show_open(seen.faults)
    console.print(f"OpenStack {seen.told} in {state.path}: {word}", soft_wrap=True)


def show_faults(faults: Iterable[Fault], open_: Collection[str]) -> None:
    """Print every fault: its name, what is done, what is seen, and whether it is broken now."""
    table = Table(box=None, pad_edge=False)
    for heading in ("FAULT", "", "WHAT IS DONE", "WHAT IS SEEN"):
        table.add_column(heading)
    for fault in faults:
        broken = "[red]broken[/]" if fault.name in open_ else ""
        table.add_row(fault.name, broken, escape(fault.summary), escape(fault.seen))
    _console().print(table)


def show_steps(planned: Iterable[Planned], done: Collection[str]) -> None:
    """Print the steps of an upgrade, a line each, and which of them are done."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in ("STEP", "", "WHAT IS DONE", ""):
        table.add_column(heading)
    for one in planned:
        pause = "then both releases work at once" if one.step.pause else ""
        table.add_row(one.step.id, "done" if one.step.id in done else "", escape(one.step.title), pause)
    _console().print(table)


def show_open(faults: Collection[str]) -> None:
    """Name the faults that are open, if any are."""
    if faults:
        Console(highlight=False).print(f"broken on purpose: {', '.join(faults)}; `devcloud mend` mends", soft_wrap=True)


def show_findings(findings: Iterable[Finding]) -> None:
    """Print what was found on the machine, a line each."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]no[/]"
        table.add_row(mark, finding.name, finding.said if finding.ok else f"{finding.said}; {finding.hint}")
    _console().print(table)


def show_saves(found: Iterable[Save], state: State) -> None:
    """Print a line for each saved cloud."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in ("NAME", "TAKEN", "RELEASE", "MIB"):
        table.add_column(heading)
    for save in found:
        taken = save.taken.astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(save.name, taken, save.settings.release, f"{save.size / 1024**2:.0f}")
    if table.row_count:
        _console().print(table)
    else:
        print(f"nothing is saved; `devcloud save NAME{state_option(state)}` does it")


def show_metrics(seen: Metrics) -> None:
    """Print a table of requests by API, and one of memory and processor time by service."""
    console = _console()
    requests = _table("API", "REQUESTS", "STATUS", "P50 ms", "P90 ms", "P99 ms", "MAX ms")
    for one in seen.traffic:
        statuses = ", ".join(f"{count} {name}" for name, count in one.statuses.items())
        times = (str(ms) for ms in (one.p50, one.p90, one.p99, one.longest))
        requests.add_row(one.api, str(one.requests), statuses, *times)
    console.print(f"requests since {seen.since:%Y-%m-%d %H:%M:%S} UTC", requests, "", sep="\n")
    services = _table("SERVICE", "HOST", "PROCESSES", "PSS MiB", "RSS MiB", "CPU s")
    for used in seen.services:
        sizes = (f"{size / 2**20:.0f}" for size in (used.pss, used.rss))
        services.add_row(used.service, used.host, str(used.processes), *sizes, f"{used.cpu_seconds:.1f}")
    total = sum(used.pss for used in seen.services) / 2**30
    console.print(services, f"{len(seen.processes)} processes, {total:.2f} GiB together", sep="\n")


def _console() -> Console:
    """The terminal; without one a program reads, and gets each row of a table on a line of its own."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=_ONE_LINE)


def _table(*headings: str) -> Table:
    """A bare table; what counts or measures stands to the right."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("API", "STATUS", "SERVICE", "HOST") else "right")
    return table


def state_option(state: State) -> str:
    """What must follow a command for it to mean this cloud."""
    given = os.environ.get("DEVCLOUD_STATE")
    return "" if state.path == (Path(given).absolute() if given else DEFAULT) else f" --state {state.path}"
