"""Servers on the move: live migrations under a ping, cold migration, resize, evacuation, and a gateway that fails over.

Run as root with a cloud that is up: ``python -m tests.acceptance.migrations [--times N]``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.ledger import Ledger
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server
from tests.acceptance.record import Record
from tests.cloud.devcloud import Devcloud
from tests.cloud.guest import Guest, guest
from tests.cloud.mover import Mover
from tests.cloud.ping import Ping


def main() -> int:
    """Move the guest about and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, metavar="N", help="live migrations (default 20)")
    times = parser.parse_args().times
    devcloud, title = Devcloud.from_environment(), f"{times} live migrations under a ping, and other moves"
    record = Record("migrations", title)
    return record.carry_out(lambda: _accept(record, devcloud, times))


def _accept(record: Record, devcloud: Devcloud, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder, guest(devcloud.state / "clouds.yaml", Path(folder)) as made:
        _move(record, devcloud, made, times)


def _move(record: Record, devcloud: Devcloud, made: Guest, times: int) -> None:
    mover = Mover.of(devcloud.state / "clouds.yaml", made.server)
    took, pings = [], []
    for number in range(1, times + 1):
        with record.step(f"{number}: live migration") as step:
            with Ping(made.address) as ping:
                host = mover.live()
            step.said = f"to {host}; {_losses(ping)}"
        pings.append(ping)
        took.append(record.steps[-1].seconds)
    with record.step("all live migrations") as step:
        made.well()
        lost, sent = sum(len(ping.lost) for ping in pings), sum(len(ping.sent) for ping in pings)
        longest = max(ping.longest_gap for ping in pings)
        step.said = (
            f"median {statistics.median(took):.1f} s; {lost} of {sent} pings lost, longest pause {longest:.1f} s"
        )
    with record.step("cold migration") as step:
        step.said = f"to {mover.cold()}; {made.well()}"
    with record.step("resize to small") as step:
        step.said = f"on {mover.resize('small')}; {made.well()}"
    _boot_from_volume(record, mover.cloud)
    _evacuate(record, devcloud, made, mover)
    _fail_over(record, devcloud, made, mover)


def _boot_from_volume(record: Record, cloud: Cloud) -> None:
    with Ledger() as ledger:
        create = Create(cloud, ledger, "acceptance")
        with record.step("a server that boots from a volume made of an image"):
            server = create.server(volume=create.volume(image=create.guest_image))
        with record.step("its live migration") as step:
            step.said = _moved(server, server.live_migrate)
        with record.step("its cold migration") as step:
            step.said = _moved(server, lambda: server.migrate().confirm())


def _moved(server: Server, move: Callable[[], Server]) -> str:
    before = server.refresh().resource.compute_host
    after = move().resource.compute_host
    if after == before:
        raise StackproofError(f"it is still on {before}", hint="see `openstack server migration list`")
    return f"from {before} to {after}"


def _evacuate(record: Record, devcloud: Devcloud, made: Guest, mover: Mover) -> None:
    dead = mover.host
    with record.step(f"power cut of {dead}, and evacuation") as step:
        devcloud.cut_power(dead)
        step.said = f"to {mover.evacuate()}; {made.well()}"
    with record.step(f"{dead} comes back"):
        devcloud("up")
        mover.revive(dead)
        if problems := devcloud.problems():
            raise StackproofError(f"not well: {'; '.join(problems)}", hint="see `devcloud logs SERVICE`")


def _fail_over(record: Record, devcloud: Devcloud, made: Guest, mover: Mover) -> None:
    """Stop the switch of the host that has the router's gateway, under a ping to a guest on another host."""
    before = _gateway(devcloud)
    if mover.host == before:
        mover.live()
    with record.step(f"the gateway's switch on {before} stops") as step:
        with Ping(made.address) as ping:
            _on(devcloud, before, "sv", "force-stop", "/run/service/ovn-controller", "/run/service/ovs-vswitchd")
            after = wait_for(
                lambda: found if (found := _gateway(devcloud)) != before else None,
                timeout=60, every=0.2, what="another host to take the gateway", hint="see `ovn-sbctl show`",
            )  # fmt: skip
            wait_for(lambda: made.ssh("true").ok, timeout=60, every=1, what="the guest to be reached again")
        step.said = f"{after} took over; {_losses(ping)}"
    with record.step(f"the switch on {before} comes back"):
        devcloud("up")
        made.well()


def _gateway(devcloud: Devcloud) -> str:
    """The host that the router's gateway port is bound to now."""
    words = ["ovn-sbctl", "--bare", "--columns=chassis", "find", "Port_Binding", "type=chassisredirect"]
    chassis = _on(devcloud, "controller", *words).split()
    return (
        _on(devcloud, "controller", "ovn-sbctl", "get", "Chassis", chassis[0], "name").strip('"\n') if chassis else ""
    )


def _losses(ping: Ping) -> str:
    if not ping.answered:
        raise StackproofError("no ping was answered", hint="see that the guest's security group lets ICMP in")
    return f"{len(ping.lost)} of {len(ping.sent)} pings lost, longest pause {ping.longest_gap:.1f} s"


def _on(devcloud: Devcloud, host: str, *words: str) -> str:
    return devcloud("ssh", host, *words).stdout


if __name__ == "__main__":
    sys.exit(main())
