"""Which files a service reads its options from, and in which order: the last one wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from pytest_whitebox.core.deployments import ServiceFacts
from pytest_whitebox.core.processes import Given, Started
from pytest_whitebox.core.transports import Transport
from pytest_whitebox.core.transports.file import existing

_LISTING = 'for file in "$1"/*.conf; do [ ! -e "$file" ] || printf "%s\\n" "$file"; done'


def config_paths(transport: Transport, facts: ServiceFacts, started: Started | None) -> tuple[str, ...]:
    """The files in the order in which the service reads them, with the one that an edit goes to, there or not yet.

    What the process was started with counts for more than what its deployment says; but one in a container reads
    copies of files of the host, and only the deployment knows which is which.
    """
    if started is not None and started.sees_host:
        return _expanded(transport, _plan(transport, facts, started), facts.config_target)
    return tuple(dict.fromkeys([*facts.config_files, *([facts.config_target] if facts.config_target else [])]))


def _plan(transport: Transport, facts: ServiceFacts, started: Started) -> list[Given]:
    """As oslo.config goes about it: its default files, its default folders, then the command line, each in turn.

    Default files are read only if the command line names none, default folders likewise.
    """
    given = started.given
    project = facts.name.partition("-")[0]
    plan: list[Given] = []
    if all(one.is_folder for one in given):
        plan += _default_files(transport, facts, started, project)
    if not any(one.is_folder for one in given):
        plan += [Given(path, is_folder=True) for path in _first(transport, started, project, ".conf.d")]
    return [*plan, *given]


def _default_files(transport: Transport, facts: ServiceFacts, started: Started, project: str) -> list[Given]:
    """A web server is told its files by the environment; else the deployment may know of defaults of its own."""
    prefix = f"OS_{project.upper()}_CONFIG"
    if named := started.environment.get(f"{prefix}_FILES"):
        folder = PurePosixPath(started.environment.get(f"{prefix}_DIR", f"/etc/{project}"))
        return [Given(str(folder / name.strip())) for name in named.split(";") if name.strip()]
    return [Given(path) for path in facts.config_files or _first(transport, started, project, ".conf")]


def _first(transport: Transport, started: Started, project: str, ending: str) -> list[str]:
    """The first that exists for the project, and for the program, in oslo.config's four places."""
    home = started.environment.get("HOME", "/root")
    folders = (f"{home}/.{project}", home, f"/etc/{project}", "/etc")
    wanted = [[f"{folder}/{name}{ending}" for folder in folders] for name in dict.fromkeys((project, started.program))]
    there = existing(transport, [path for paths in wanted for path in paths])
    return [found for paths in wanted if (found := next((path for path in paths if path in there), ""))]


def _expanded(transport: Transport, plan: Sequence[Given], target: str) -> tuple[str, ...]:
    paths: list[str] = []
    for one in plan:
        paths += _folder(transport, one.path, target) if one.is_folder else [one.path]
    return tuple(paths)


def _folder(transport: Transport, folder: str, target: str) -> list[str]:
    found = set(transport.run(["sh", "-c", _LISTING, "sh", folder]).stdout.splitlines())
    if target.endswith(".conf") and PurePosixPath(target).parent == PurePosixPath(folder):
        found.add(f"{folder}/{PurePosixPath(target).name}")
    return sorted(found)
