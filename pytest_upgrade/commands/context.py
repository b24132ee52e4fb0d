"""What all verbs share: the store, the folder of runs, the run that is meant."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_upgrade.configured.configuration import VARIABLE, Configuration
from pytest_upgrade.configured.places import Places, below, without_password
from pytest_upgrade.configured.settings import RUNS, STORE
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.secrets import Secrets
    from pytest_upgrade.store.values import Run
    from pytest_whitebox.core.clouds import Choice


@dataclass(frozen=True)
class Context:
    """The open store and where its runs have their folders."""

    store: Store
    places: Places

    def run(self, options: argparse.Namespace) -> Run:
        """The run that the options name, or the only open one."""
        from pytest_upgrade.configured.choosing import the_run

        return the_run(self.store, options.run or "")

    def samples(self, run: Run) -> Path:
        """The folder of a run, with what was observed of it; the store has a copy where others share it."""
        from pytest_upgrade.verdicts import copies

        directory = self.places.directory(run.name)
        if self.places.is_shared:
            copies.give(self.store, run, directory.path)
        if copies.take(self.store, run, directory):
            print(f"run {run.id}: its samples are taken from {self.store.place}", file=sys.stderr)
        return directory.path

    def secrets(self, run: Run) -> Secrets:
        """The secrets of a run on this machine."""
        from pytest_upgrade.store.secrets import Secrets

        return Secrets(self.places.directory(run.name))


def places_of(options: argparse.Namespace) -> Places:
    """From the options, the environment, or the project that we are in."""
    url, source = STORE.choose(options.store, os.environ, None)
    if source == "default":
        url, source = STORE.or_else(configuration_of(options))
    folder, _ = RUNS.choose(options.folder, os.environ, None)
    return Places(Path(folder) if folder else below(Path.cwd()), without_password(url, source))


def configuration_of(options: argparse.Namespace) -> Configuration:
    """What the file of options says."""
    return Configuration.near(Path.cwd(), options.config or os.environ.get(VARIABLE, ""))


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Context]:
    """Open the store for a verb."""
    from pytest_upgrade.store import Store

    places = places_of(options)
    with Store.open(places.url) as store:
        yield Context(store, places)


def cloud_of(options: argparse.Namespace) -> str:
    """By what the chosen cloud is told from others; empty if none is chosen here, as where pytest's ini does."""
    try:
        choice = chosen(options)
    except StackproofError:
        return ""
    return f"{choice.auth_host or ''} {choice.region or ''}".strip()


def chosen(options: argparse.Namespace) -> Choice:
    """The cloud of --os-cloud, $OS_CLOUD or the OS_* variables; raises `StackproofError` if there is none."""
    from pytest_whitebox.core.clouds import choose

    name = options.os_cloud or os.environ.get("OS_CLOUD")
    choice = choose(name, "--os-cloud" if options.os_cloud else "$OS_CLOUD", os.environ, Path.cwd())
    if choice is None:
        hint = "pass --os-cloud NAME, or set OS_CLOUD or OS_AUTH_URL and its like"
        raise StackproofError("no cloud to look at", hint=hint)
    return choice
