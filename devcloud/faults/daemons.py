"""Daemons that are down, hung, or end as soon as they start."""

from __future__ import annotations

from functools import partial

from devcloud.faults import look
from devcloud.faults.fault import Fault, Look
from devcloud.faults.site import Site
from devcloud.hosts.host import Host
from devcloud.journal import Notes
from devcloud.services import runit
from devcloud.services.runit import Process
from pytest_whitebox.core.wait import wait_for

_RUN = "/etc/sv/{}/run"
_NORTHD = ("ovn-appctl", "-t", "/run/ovn/ovn-northd.ctl")
#: What a client of RabbitMQ says first.
_AMQP = b"AMQP\x00\x00\x09\x01"


def stop(service: str, role: str, site: Site, _: Notes) -> None:
    """Stop the daemon, and have its supervisor leave it so."""
    runit.stop(site.host(role), [service], timeout=20)


def start(service: str, role: str, site: Site, _: Notes) -> None:
    """Have the supervisor keep the daemon running again."""
    runit.start(site.host(role), service)


def hang(service: str, role: str, site: Site, _: Notes) -> None:
    """SIGSTOP to every process of the daemon: its sockets stay open, and nobody answers there."""
    host = site.host(role)

    def all_stopped() -> bool:
        moving = [process.pid for process in _processes(site, host, service) if process.state not in "TZ"]
        if moving:
            host.run(["kill", "-STOP", *map(str, moving)], check=False)
        return not moving

    wait_for(all_stopped, timeout=10, every=0.05, what=f"all processes of {service} to stop")


def go_on(service: str, role: str, site: Site, _: Notes) -> None:
    """SIGCONT to every process of the daemon."""
    host = site.host(role)
    stopped = [str(process.pid) for process in _processes(site, host, service) if process.state == "T"]
    if stopped:
        host.run(["kill", "-CONT", *stopped], check=False)


def end_at_once(service: str, role: str, site: Site, notes: Notes) -> None:
    """Give the daemon a run script that ends with an error; the supervisor tries it every second."""
    host, run = site.host(role), _RUN.format(service)
    notes.put("run", host.path(run).read_text())
    host.write(run, "#!/bin/sh\nexit 1\n", mode=0o755)
    host.run(["sv", "kill", f"/run/service/{service}"], check=False)


def start_as_before(service: str, role: str, site: Site, notes: Notes) -> None:
    """Give the daemon its own run script back."""
    if original := notes.get("run"):
        host = site.host(role)
        host.write(_RUN.format(service), original, mode=0o755)
        runit.restart(host, service)


def _processes(site: Site, host: Host, service: str) -> list[Process]:
    found = runit.processes(host)
    return [process for name in site.instances(service) for process in found.get(name, [])]


def _down(
    name: str, service: str, role: str, seen: str, visible: Look, *, also: tuple[str, ...] = ("*",), kind: str = "is"
) -> Fault:
    return Fault(
        name,
        f"{service} {kind} down and stays down",
        seen,
        partial(stop, service, role),
        partial(start, service, role),
        visible,
        "its supervisor starts it again",
        names=(f"{service} on {{{role}}}",),
        suffers=also,
    )


def _hung(name: str, service: str, role: str, seen: str, visible: Look, *, also: tuple[str, ...] = ()) -> Fault:
    return Fault(
        name,
        f"{service} is there and does nothing (SIGSTOP to all its processes)",
        seen,
        partial(hang, service, role),
        partial(go_on, service, role),
        visible,
        "SIGCONT to all its processes",
        names=(f"{service} on {{{role}}}",),
        suffers=also,
    )


FAULTS: tuple[Fault, ...] = (
    Fault(
        "scheduler-crash-loop",
        "nova-scheduler ends as soon as it is started, once a second",
        "`devcloud logs nova-scheduler` stands still; new servers stay in BUILD with task state scheduling;"
        " after a minute `openstack compute service list` has it down",
        partial(end_at_once, "nova-scheduler", "controller"),
        partial(start_as_before, "nova-scheduler", "controller"),
        partial(look.ends_at_once, "nova-scheduler", "controller"),
        "its own run script comes back, and it is started",
        names=("nova-scheduler on {controller}",),
    ),
    _hung(
        "api-hung",
        "nova-api",
        "controller",
        "`openstack server list` waits; after some 30 s HAProxy takes nova-api out and answers 503",
        partial(look.is_slow, "nova", 3),
    ),
    _hung(
        "conductor-hung",
        "nova-conductor",
        "controller",
        "new servers stay in BUILD; after a minute `openstack compute service list` has it down, and nova-compute too,"
        " whose reports go through it",
        partial(look.is_down, "nova-conductor", "controller"),
        also=("nova-compute on *",),
    ),
    _hung(
        "compute-hung",
        "nova-compute",
        "compute",
        "what is asked of its servers is not done, while they run on; after a minute `openstack compute service list`"
        " has it down",
        partial(look.is_down, "nova-compute", "compute"),
    ),
    _hung(
        "libvirt-hung",
        "libvirtd",
        "compute",
        "`virsh list` on the host waits; servers cannot be started, stopped or deleted there; guests run on",
        partial(look.ends_not, "compute", ("virsh", "list")),
        also=("nova-compute on {compute}",),
    ),
    _hung(
        "database-hung",
        "mariadb",
        "controller",
        "connections to port 3306 are taken and nothing is said; every API that needs data waits",
        partial(look.is_silent, 3306, b""),
        also=("*",),
    ),
    _hung(
        "queue-hung",
        "rabbitmq",
        "controller",
        "connections to port 5672 are taken and nothing is said; what an API hands on to another daemon waits for 60 s",
        partial(look.is_silent, 5672, _AMQP),
        also=("*",),
    ),
    _down(
        "database-down",
        "mariadb",
        "controller",
        "port 3306 refuses; every API that needs data answers 500 or 503",
        partial(look.refuses, 3306),
    ),
    _down(
        "queue-down",
        "rabbitmq",
        "controller",
        "port 5672 refuses; the APIs answer, and what they hand on to other daemons is not done",
        partial(look.refuses, 5672),
    ),
    _down(
        "cache-down",
        "memcached",
        "controller",
        "port 11211 refuses; all works, more slowly, since every token is checked anew",
        partial(look.refuses, 11211),
        also=(),
    ),
    _down(
        "balancer-down",
        "haproxy",
        "controller",
        "every API's public port refuses, while the daemons behind are well",
        partial(look.refuses, 5000),
        also=("nova-compute on *", "swift-proxy on {controller}"),
    ),
    _down(
        "ovn-controller-down",
        "ovn-controller",
        "compute",
        "guests that run keep their network; new ports on the host stay DOWN, so new servers there fail;"
        " after some 75 s `openstack network agent list` has it dead",
        look.agent_is_dead,
        also=(),
    ),
    Fault(
        "northd-paused",
        "ovn-northd does no work, as after `ovn-appctl pause`",
        "what changes in networks, ports and routers reaches no host; `ovn-appctl … status` says paused",
        lambda site, _: _northd(site, "pause"),
        lambda site, _: _northd(site, "resume"),
        partial(look.command_says, "controller", (*_NORTHD, "status"), "paused"),
        "`ovn-appctl resume`",
        names=("ovn-northd on {controller}",),
    ),
)


def _northd(site: Site, word: str) -> None:
    site.controller.run([*_NORTHD, word], check=False, timeout=10)
