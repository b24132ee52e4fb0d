"""What is seen on the hosts: processes that run, each project's own upgrade check, queues that grow."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname
from typing import TYPE_CHECKING

from pytest_upgrade.health.sign import Sign
from pytest_upgrade.release.process import SERVICES
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.core.hosts import Host, Hosts
    from pytest_whitebox.core.services import Service

#: Each project's own check, and the service beside whose program it is.
_CHECKS = (
    ("compute", "nova-api", "nova-status"), ("compute", "nova-conductor", "nova-status"),
    ("block-storage", "cinder-scheduler", "cinder-status"), ("identity", "keystone", "keystone-status"),
    ("image", "glance-api", "glance-status"), ("network", "neutron-api", "neutron-status"),
    ("network", "neutron-server", "neutron-status"), ("placement", "placement-api", "placement-status"),
)  # fmt: skip
_RUN = 'PATH="$1:$PATH"; exec "$2" upgrade check'
_MISSING = 127
#: What the checks exit with: all well, a warning, a failure that stops an upgrade.
_WARNING, _FAILURE = 1, 2
#: Messages in a queue that nobody seems to read.
_MANY = 1000
_QUEUES = "command -v rabbitmqctl >/dev/null || exit 127; exec rabbitmqctl -q list_queues name messages consumers"


def signs(hosts: Hosts) -> Iterator[Sign]:
    """A sign for each process that should run, each upgrade check, and the queues."""
    for host in hosts:
        try:
            yield from _processes(host)
            yield from _queues(host)
        except StackproofError as error:
            yield Sign("hosts", "look", None, f"failed: {error}", host.name)
    yield from _upgrade_checks(hosts)


def _processes(host: Host) -> Iterator[Sign]:
    for service, _, names in SERVICES:
        for name in names:
            found = host.service(name)
            if found.exists:
                well = found.is_running
                yield Sign(service, name, well, "runs" if well else "does not run", host.name)


def _upgrade_checks(hosts: Hosts) -> Iterator[Sign]:
    """Once for each project, on the first host that has its service."""
    done: set[str] = set()
    for service, name, program in _CHECKS:
        for host in hosts:
            if program in done:
                break
            try:
                found = host.service(name)
                if found.exists and (sign := _upgrade_check(host, found, service, program)):
                    done.add(program)
                    yield sign
            except StackproofError as error:
                yield Sign(service, f"{program} upgrade check", None, f"cannot be made: {error}", host.name)


def _upgrade_check(host: Host, found: Service, service: str, program: str) -> Sign | None:
    started = found.started
    folder = dirname(started.arguments[0]) if started and started.arguments else ""
    said = found.inside.run(["sh", "-c", _RUN, "sh", folder or "/usr/bin", program], timeout=120, check=False)
    if said.rc == _MISSING:
        return None
    words = {0: "passes", _WARNING: "passes with warnings", _FAILURE: f"fails: {_failure(said.stdout)}"}
    return Sign(
        service, f"{program} upgrade check", said.rc < _FAILURE, words.get(said.rc, f"ends with {said.rc}"), host.name
    )


def _failure(text: str) -> str:
    """What a failed check says, without the lines of its table.

    >>> _failure("| Check: Cell Mappings |\\n| Result: Failure |\\n| Details: none |")
    'Check: Cell Mappings, Result: Failure, Details: none'
    """
    lines = [line.strip("| ") for line in text.splitlines() if line.startswith("|")]
    at = next((number for number, line in enumerate(lines) if line.startswith("Result: Failure")), None)
    return ", ".join(lines[max(at - 1, 0) : at + 2]) if at is not None else "see its output"


def _queues(host: Host) -> Iterator[Sign]:
    said = host.run(["sh", "-c", _QUEUES], timeout=60, check=False)
    if said.rc == 0:
        full = [
            f"{name} has {messages} messages" for name, messages, consumers in _rows(said.stdout) if messages > _MANY
        ]
        yield Sign("queues", "RabbitMQ", not full, ", ".join(full) or "has no queue that grows", host.name)


def _rows(text: str) -> Iterator[tuple[str, int, int]]:
    """Parse `rabbitmqctl -q list_queues`.

    >>> list(_rows("name\\tmessages\\tconsumers\\nconductor\\t0\\t2\\n"))
    [('conductor', 0, 2)]
    """
    for line in text.splitlines():
        words = line.split("\t")
        if len(words) == 3 and words[1].isdigit() and words[2].isdigit():
            yield words[0], int(words[1]), int(words[2])
