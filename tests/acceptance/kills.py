"""``kill -9`` of each daemon in turn: status names it, up repairs it; then of supervisors, and of every host at once.

Run as root with a cloud that is up: ``python -m tests.acceptance.kills [SERVICE …]``.
"""

from __future__ import annotations

import argparse
import sys

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from tests.acceptance.record import Record
from tests.cloud.devcloud import Devcloud

_HINT = "see `devcloud logs SERVICE`"
#: One with a port, one with workers, one with a lock on its files, and two that would quietly work twice.
_SUPERVISED = (
    ("controller", "memcached"),
    ("controller", "nova-api"),
    ("controller", "mariadb"),
    ("compute1", "nova-compute"),
    ("controller", "neutron-rpc-server"),
)


def main() -> int:
    """Kill, look, repair; write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="default: all, then the hosts")
    wanted = parser.parse_args().services
    devcloud, record = Devcloud.from_environment(), Record("kills", "kill -9 of each daemon in turn")
    return record.carry_out(lambda: _accept(record, devcloud, wanted))


def _accept(record: Record, devcloud: Devcloud, wanted: list[str]) -> None:
    with record.step("before"):
        _well(devcloud)
    for service in devcloud.status()["services"]:
        if not wanted or service["service"] in wanted:
            with record.step(f"{service['service']} on {service['host']}") as step:
                _killed(devcloud, service["host"], service["service"])
                step.said = _named(devcloud, service["host"], service["service"])
                devcloud("up")
                _well(devcloud)
    for host, service in _SUPERVISED if not wanted else ():
        with record.step(f"the supervisor of {service} on {host}") as step:
            _killed_supervisor(devcloud, host, service)
            step.said = _named(devcloud, host, service)
            devcloud("up")
            _well(devcloud)
    if not wanted:
        with record.step("every host at once") as step:
            step.said = f"{devcloud.cut_power()} processes killed"
            devcloud("up")
            _well(devcloud)


def _killed(devcloud: Devcloud, host: str, service: str) -> None:
    devcloud("ssh", host, "kill", "-9", _pid(devcloud, host, service), check=service != "ssh")


def _pid(devcloud: Devcloud, host: str, service: str) -> str:
    said = devcloud("ssh", host, "sv", "status", f"/run/service/{service}").stdout
    pid = said.partition("(pid ")[2].partition(")")[0]
    if not pid.isdigit():
        raise StackproofError(f"no pid of {service} on {host} in {said!r}", hint=_HINT)
    return pid


def _killed_supervisor(devcloud: Devcloud, host: str, service: str) -> None:
    """Kill the daemon's own runsv: another takes its place and starts the daemon once more beside the first."""
    pid = _pid(devcloud, host, service)
    parent = devcloud("ssh", host, "grep", "^PPid:", f"/proc/{pid}/status").stdout.split()[1]
    devcloud("ssh", host, "kill", "-9", parent)


def _named(devcloud: Devcloud, host: str, service: str) -> str:
    """What status says of the service; it may name others that suffer from it, but it must name this one."""

    def problem() -> str:
        services = devcloud.status()["services"]
        return next((s["problem"] for s in services if (s["host"], s["service"]) == (host, service)), "")

    return wait_for(problem, timeout=10, what=f"status to name {service} on {host}", hint=_HINT)


def _well(devcloud: Devcloud) -> None:
    """A daemon whose call the queue lost does not report for a minute, and is well again after it."""
    wait_for(
        lambda: _is_well(devcloud), timeout=90, every=1, ignore=(StackproofError,), what="all to be well", hint=_HINT
    )


def _is_well(devcloud: Devcloud) -> bool:
    if problems := devcloud.problems():
        raise StackproofError(f"not well: {'; '.join(problems)}", hint=_HINT)
    return True


if __name__ == "__main__":
    sys.exit(main())
