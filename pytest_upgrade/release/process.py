"""What the running processes tell: the package of the interpreter that each runs in, and which of both came first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from pytest_upgrade.release import table
from pytest_upgrade.release.clue import Clue
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.core.hosts import Host, Hosts
    from pytest_whitebox.core.services import Service

#: Service type, package, and the services of it as whitebox knows them.
SERVICES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("identity", "keystone", ("keystone",)),
    ("compute", "nova", ("nova-api", "nova-metadata", "nova-conductor", "nova-scheduler", "nova-compute")),
    (
        "network",
        "neutron",
        (
            "neutron-server",
            "neutron-api",
            "neutron-rpc-server",
            "neutron-periodic-workers",
            "neutron-ovn-maintenance-worker",
            "neutron-ovn-metadata-agent",
        ),
    ),
    ("block-storage", "cinder", ("cinder-api", "cinder-scheduler", "cinder-volume")),
    ("image", "glance", ("glance-api",)),
    ("object-store", "swift", ("swift-proxy", "swift-account", "swift-container", "swift-object")),
    ("placement", "openstack-placement", ("placement-api",)),
)
#: Run by the interpreter that the process runs in: the version, and when it was installed.
_ASK = """
import importlib.metadata, os, sys
found = importlib.metadata.distribution(sys.argv[1])
print(found.version, os.stat(found._path).st_mtime)
"""
#: Seconds by which a process may seem older than its package: a clock tick, and a file system's own.
_TOLERANCE = 2.0


def clues(hosts: Hosts) -> Iterator[Clue]:
    """A clue for each process that serves; a host that cannot be asked tells nothing."""
    for host in hosts:
        for service, package, names in SERVICES:
            for name in names:
                try:
                    found = host.service(name)
                    if found.exists:
                        for instance in found.instances:
                            yield from _of(host, instance, service, package)
                except StackproofError:
                    continue


def _of(host: Host, found: Service, service: str, package: str) -> Iterator[Clue]:
    main, started = found.main, found.started
    if main is None or started is None:
        return
    python = interpreter(started.arguments, lambda path: found.inside.run(["test", "-x", path], check=False).ok)
    said = found.inside.run([python, "-c", _ASK, package], check=False)
    if not said.ok:
        return
    version, installed = said.stdout.split()
    source = f"process of {found.name}"
    began = _boot(host) + main.started / _ticks(host)
    if began + _TOLERANCE < float(installed):
        text = f"{package} {version} was installed at {_at(float(installed))}, and it runs since {_at(began)}"
        yield Clue(service, source, text, frozenset(), host.name)
    else:
        yield Clue(service, source, f"{package} {version}", table.of_package(package, version), host.name)


def interpreter(arguments: tuple[str, ...], exists: Callable[[str], bool]) -> str:
    """The Python that a process runs in: its program, or the one beside its program, or the system's.

    >>> interpreter(("/venv/bin/python", "/venv/bin/nova-compute"), lambda path: True)
    '/venv/bin/python'
    >>> interpreter(("/venv/bin/uwsgi", "--ini", "x"), lambda path: path == "/venv/bin/python3")
    '/venv/bin/python3'
    >>> interpreter(("/usr/sbin/apache2", "-k", "start"), lambda path: False)
    '/usr/bin/python3'
    """
    program = arguments[0] if arguments else ""
    if basename(program).startswith("python"):
        return program
    beside = f"{dirname(program)}/python3"
    return beside if dirname(program) and exists(beside) else "/usr/bin/python3"


def _boot(host: Host) -> float:
    lines = host.run(["cat", "/proc/stat"]).stdout.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("btime "))


def _ticks(host: Host) -> float:
    return float(host.run(["getconf", "CLK_TCK"]).stdout)


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
