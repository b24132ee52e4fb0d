"""Hosts without power, with an unplugged cable, or with a bad one."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from devcloud import up as bringing_up
from devcloud.faults import look
from devcloud.faults.fault import Fault
from devcloud.faults.site import Site
from devcloud.hosts import fabric
from devcloud.hosts.fabric import INTERFACES
from devcloud.journal import Notes
from devcloud.plan import Silence
from pytest_whitebox.core.command import run
from pytest_whitebox.core.wait import wait_for

_LOSS = 0.3
_DROP = (
    "INPUT", "-i", INTERFACES["mgmt"], "-m", "statistic", "--mode", "random", "--probability", str(_LOSS), "-j", "DROP"
)  # fmt: skip
#: Seconds after which TCP sends a first packet again.
_AGAIN = 0.9
_TRIES = 30
_RATE = "256kbit"
_BYTES = 128 * 1024


def _power_off(site: Site, _: Notes) -> None:
    if on := site.cloud.find(site.compute_plan):
        on.holder.kill()


def _power_on(site: Site, _: Notes) -> None:
    bringing_up.up(site.cloud, Silence(), wanted=lambda task: task.partition(" on ")[2] == site.compute_plan.name)


def _unplug(bridge: str, site: Site, _: Notes) -> None:
    fabric.unplug(site.fabric, site.compute_plan, bridge)


def _plug(_bridge: str, site: Site, _: Notes) -> None:
    fabric.plug(site.fabric, site.compute, site.compute_plan)


def _tunnel_is_deaf(site: Site, _: Notes) -> str:
    there = str(site.compute_plan.tunnel)
    words = ["busybox", "arping", "-f", "-c", "3", "-w", "3", "-I", "br-phys", there]
    if site.controller.run(words, check=False, timeout=10).ok:
        return ""
    return f"the controller's `arping -I br-phys {there}` has no answer"


def _drop_some(site: Site, _: Notes) -> None:
    site.compute.run(["iptables", "-w", "-I", *_DROP])


def _drop_none(site: Site, _: Notes) -> None:
    def gone() -> bool:
        return not site.compute.run(["iptables", "-w", "-D", *_DROP], check=False).ok

    wait_for(gone, timeout=10, every=0, what="the rule that drops packets to go")


def _loses(site: Site, _: Notes) -> str:
    def was_late(_: int) -> bool:
        began = time.monotonic()
        try:
            socket.create_connection((str(site.compute_plan.mgmt), 22), timeout=20).close()
        except OSError:
            return True
        return time.monotonic() - began > _AGAIN

    with ThreadPoolExecutor(_TRIES) as pool:
        late = sum(pool.map(was_late, range(_TRIES)))
    return f"{late} of {_TRIES} connections had to send their first packet again" if late > _TRIES // 15 else ""


def _throttle(site: Site, _: Notes) -> None:
    words = ["tc", "qdisc", "replace", "dev", INTERFACES["mgmt"], "root", "tbf"]
    site.compute.run([*words, "rate", _RATE, "burst", "4kb", "latency", "2s"])


def _full_rate(site: Site, _: Notes) -> None:
    site.compute.run(["tc", "qdisc", "del", "dev", INTERFACES["mgmt"], "root"], check=False)


def _is_throttled(site: Site, _: Notes) -> str:
    config, name = str(site.cloud.state.ssh_config), site.compute_plan.name
    began = time.monotonic()
    run(["ssh", "-F", config, name, "head", "-c", str(_BYTES), "/dev/zero"], check=False, timeout=60)
    took = time.monotonic() - began
    return f"{_BYTES // 1024} KiB from {name} take {took:.1f} s" if took > 3 else ""


FAULTS: tuple[Fault, ...] = (
    Fault(
        "compute-off",
        "the power of the last compute host is cut",
        "its servers do not answer, and the API goes on calling them ACTIVE; after a minute"
        " `openstack compute service list` has nova-compute down, and servers can be evacuated",
        _power_off,
        _power_on,
        partial(look.is_down, "nova-compute", "compute"),
        "the host is switched on, as by `devcloud up`; its guests start again",
        names=("{compute}",),
        suffers=("* on {compute}",),
    ),
    Fault(
        "compute-cut-off",
        "the cable of the last compute host to the management network is unplugged",
        "SSH to the host finds no route; its guests run on, with their network; after a minute"
        " `openstack compute service list` has nova-compute down",
        partial(_unplug, "mgmt"),
        partial(_plug, "mgmt"),
        partial(look.is_down, "nova-compute", "compute"),
        "the cable is plugged in",
        names=("{compute}",),
        suffers=("* on {compute}",),
    ),
    Fault(
        "tunnel-cut",
        "the cable of the last compute host to the tunnel network is unplugged",
        "guests on it are reached neither by guests on other hosts nor through a router; every daemon is well,"
        " `devcloud status` names the cable",
        partial(_unplug, "tunnel"),
        partial(_plug, "tunnel"),
        _tunnel_is_deaf,
        "the cable is plugged in",
        names=("{compute}",),
    ),
    Fault(
        "packet-loss",
        f"{_LOSS:.0%} of the packets that reach the last compute host on the management network are lost",
        "what asks the host for something takes seconds at random; a third of all new connections need a second more",
        _drop_some,
        _drop_none,
        _loses,
        "the rule of the host's packet filter is removed",
        suffers=("* on {compute}", "{compute}"),
    ),
    Fault(
        "cable-slow",
        f"the cable of the last compute host to the management network carries {_RATE}",
        "images take minutes to get there, a migration does not end; daemons, which say little, are well",
        _throttle,
        _full_rate,
        _is_throttled,
        "the host's queueing discipline is removed",
        suffers=("* on {compute}", "{compute}"),
    ),
)
