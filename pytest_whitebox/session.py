"""What this process knows of the run before it speaks to any cloud."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_whitebox import settings
from pytest_whitebox.core.clouds import Choice, choose
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory
from pytest_whitebox.trace import Trace

if TYPE_CHECKING:
    from pytest_whitebox.core.inventories import Inventory

#: Options with which nothing is run.
LOOKS_ONLY = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "collectonly")


@dataclass(frozen=True, slots=True)
class Session:
    """The chosen cloud, or why there is none, and where the run writes.

    ``worker`` is empty without xdist; ``named`` tells that this run, not the environment, names the cloud and
    tests it; ``strict`` fails what would be skipped for want of something.
    """

    choice: Choice | None
    problem: StackproofError | None
    ssh_config: Path | None
    ssh_source: str
    inventory: Inventory | None
    image: str | None
    run: RunDirectory
    worker: str
    named: bool
    strict: bool

    @classmethod
    def of(cls, config: pytest.Config) -> Session:
        """Read the settings; a cloud that cannot be is kept as ``problem`` until it matters."""
        name, source = settings.CLOUD.read(config)
        image, _ = settings.IMAGE.read(config)
        choice, problem = _choice(name, source, config.invocation_params.dir)
        inventory, mistake, given = _inventory(config)
        problem = problem or mistake
        ssh, ssh_source = settings.SSH_CONFIG.read(config)
        path = Path(ssh).expanduser() if ssh else choice.ssh_config if choice else None
        where = ssh_source if ssh else "beside clouds.yaml" if path else "your own"
        worker: dict[str, Any] = getattr(config, "workerinput", {})
        named = (bool(name) and not source.startswith("$")) or given
        named = named and not any(config.getoption(o, False) for o in LOOKS_ONLY)
        run = _run(config, worker)
        strict, _ = settings.STRICT.read(config)
        own = worker.get("workerid", "")
        return cls(choice, problem, path, where, inventory, image or None, run, own, named, strict)

    def check(self) -> None:
        """Raise `pytest.UsageError` if the user named a cloud, for this run, that cannot be."""
        if self.problem and self.named:
            raise pytest.UsageError(self.problem.sentence)

    def header(self) -> Iterator[str]:
        """The cloud, the way to its hosts and the run directory, each with where that comes from."""
        if self.problem:
            yield f"cloud: none, {self.problem.sentence}"
        if self.choice is not None:
            about = (("region", self.choice.region), ("project", self.choice.project), ("at", self.choice.auth_host))
            told = ", ".join(f"{word} {value}" for word, value in about if value)
            file = f", in {self.choice.file}" if self.choice.file else ""
            yield f"cloud: {self.choice.name} (from {self.choice.source}{file}), {told}"
            yield f"hosts: by {self.ssh_config or '~/.ssh/config'} ({self.ssh_source})"
            if self.inventory is not None:
                yield f"inventory: {self.inventory.summary}"
            yield f"run: {self.run.path}"


session_key = pytest.StashKey[Session]()
#: What the test that runs now asked of the cloud.
trace_key = pytest.StashKey[Trace]()
#: Why the cloud cannot be used, once that was told.
unusable_key = pytest.StashKey[str]()


def _choice(name: str, source: str, directory: Path) -> tuple[Choice | None, StackproofError | None]:
    try:
        return choose(name or None, source, os.environ, directory), None
    except StackproofError as problem:
        return None, problem


def _inventory(config: pytest.Config) -> tuple[Inventory | None, StackproofError | None, bool]:
    """The inventory, or what is wrong with it, and whether it was named for this run."""
    text, source = settings.INVENTORY.read(config)
    if not text:
        return None, None, False
    from pytest_whitebox.core.inventories import load

    try:
        return load(config.invocation_params.dir / Path(text).expanduser()), None, False
    except StackproofError as mistake:
        return None, mistake, not source.startswith("$")


def _run(config: pytest.Config, worker: dict[str, Any]) -> RunDirectory:
    base = config.rootpath / settings.RUNS.read(config)[0]
    return RunDirectory(base, worker["whitebox_run"]) if "whitebox_run" in worker else RunDirectory.new(base)
