"""Verbs that have a deployer upgrade the cloud: plan, run."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from pytest_upgrade.commands.context import opened

if TYPE_CHECKING:
    from pytest_whitebox.core.deployers import Deployer, Target


def plan(options: argparse.Namespace) -> int:
    """Say what the deployer would do, step by step; nothing is changed."""
    deployer = _deployer(options)
    for step in deployer.plan(_target(options)):
        about = " ".join(filter(None, (step.service, *step.hosts)))
        pause = ", then the tests between the releases" if step.pause else ""
        print(f"{step.id}: {step.title}{f' ({about})' if about else ''}{pause}")
    return 0


def run(options: argparse.Namespace) -> int:
    """Test before, have the deployer upgrade, test beside and after it, and return the verdict."""
    from pytest_upgrade.choosing import named, still_open
    from pytest_upgrade.report.page import NAME, write
    from pytest_upgrade.running import Running

    deployer = _deployer(options)
    with opened(options) as context:
        more = ["--upgrade-runs", str(context.places.folder.absolute()), *options.pytest]
        if options.os_cloud:
            more = ["--os-cloud", options.os_cloud, *more]
        # The URL of the store may have a password in it: not on a command line.
        environment = {**os.environ, "UPGRADE_STORE": context.places.url}
        for name, value in (("UPGRADE_FROM", options.release_from), ("UPGRADE_TO", options.release_to)):
            if value:
                environment[name] = value
        begun = still_open(context.store, options.run) if options.run else None
        target = _target(options)
        running = Running(context.store, deployer, target, more, environment, options.grace, begun)
        try:
            return running.carry_out()
        finally:
            if running.run is not None:
                folder = context.places.directory(running.run.name).folder()
                file = write(context.store, named(context.store, running.run.id), folder / NAME, folder)
                print(f"report: {file}")


def _deployer(options: argparse.Namespace) -> Deployer:
    from pytest_upgrade.deployers.configured import deployer

    return deployer(options.deployer, options.deployer_file)


def _target(options: argparse.Namespace) -> Target:
    from pytest_upgrade.release.table import expected
    from pytest_whitebox.core.deployers import Target

    release = expected(options.release_to) if options.release_to else ""
    if options.release_from:
        expected(options.release_from)
    return Target(release, frozenset(options.service or ()))
