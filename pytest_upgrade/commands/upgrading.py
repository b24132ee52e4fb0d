"""Verbs that have a deployer upgrade the cloud: plan, run."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_upgrade.commands.context import cloud_of, configuration_of, opened
from pytest_upgrade.configured.configuration import DEPLOYER, VARIABLE
from pytest_upgrade.configured.settings import FROM, TO
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.deploying.at_work import AtWork
    from pytest_whitebox.core.deployers import Deployer, Target


def plan(options: argparse.Namespace) -> int:
    """Say what the deployer would do, step by step; nothing is changed."""
    from pytest_upgrade.observers import load

    deployer = _deployer(options)
    for step in deployer.plan(_target(options)):
        about = " ".join(filter(None, (step.service, *step.hosts)))
        pause = ", then the tests between the releases" if step.pause else ""
        print(f"{step.id}: {step.title}{f' ({about})' if about else ''}{pause}")
    if busy := load.warning():
        print(busy, file=sys.stderr)
    return 0


def run(options: argparse.Namespace) -> int:
    """Test before, have the deployer upgrade, test beside and after it, and return the verdict."""
    from pytest_upgrade.configured.choosing import named, still_open
    from pytest_upgrade.deploying.at_work import RUN, AtWork
    from pytest_upgrade.deploying.running import Running
    from pytest_upgrade.report.page import NAME, write

    deployer = _deployer(options)
    with _ended_in_order(), opened(options) as context:
        at_work = AtWork(context.places.folder.absolute(), cloud_of(options))
        known = named(context.store, options.run).id if options.run else ""
        _nothing_left(at_work, known, options)
        more = ["--upgrade-runs", str(context.places.folder.absolute()), *options.pytest]
        if options.os_cloud:
            more = ["--os-cloud", options.os_cloud, *more]
        # The URL of the store may have a password in it: not on a command line.
        environment = {**os.environ, "UPGRADE_STORE": context.places.url}
        for knob, value in zip((FROM, TO), _releases(options), strict=True):
            environment |= {knob.env: value} if value else {}
        if file := configuration_of(options).file:
            environment[VARIABLE] = str(file)
        begun = still_open(context.store, options.run) if options.run else None
        target = _target(options)
        running = Running(context.store, deployer, target, more, environment, at_work, options.grace, begun)
        try:
            with at_work.noted(RUN, os.getpid(), run=known):
                return running.carry_out()
        finally:
            if running.run is not None:
                folder = context.places.directory(running.run.name).folder()
                file = write(context.store, named(context.store, running.run.id), folder / NAME, folder)
                print(f"report: {file}")


def _nothing_left(at_work: AtWork, run: str, options: argparse.Namespace) -> None:
    """See all ended that a run has left that was killed: steps first, and then what was beside them.

    Raises `StackproofError` if one is not killed at all, but under way.
    """
    found = at_work.all(run)
    if busy := [one for one in found if one.runner.lives]:
        raise StackproofError(
            f"another `pytest-upgrade run` is at work in this cloud: process {busy[0].runner.pid}",
            hint="wait for it to end",
        )
    for one in sorted(found, key=lambda one: not one.leads):
        told = f"{one} is left at work by a run that was killed"
        if one.what == "phase during":
            _say(f"{told}; it is ended")
        elif options.abort_left:
            _say(f"{told}; it is aborted")
        else:
            _say(f"{told}; waiting for its end, --abort-left would not")
            if one.wait():
                continue
            _say(f"{one} hangs; it is aborted")
        one.end(options.grace)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Take what ends a program, or its terminal, for Ctrl-C: steps and tests are ended in order."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # What `nohup` has begun goes on without its terminal.
    wanted = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    before = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    print(f"pytest-upgrade: {text}", flush=True)


def _deployer(options: argparse.Namespace) -> Deployer:
    from pytest_upgrade.deployers.configured import deployer

    return deployer(options.deployer, options.deployer_file, configuration_of(options).table(DEPLOYER))


def _target(options: argparse.Namespace) -> Target:
    from pytest_whitebox.core.deployers import Target

    return Target(_releases(options)[1], frozenset(options.service or ()))


def _releases(options: argparse.Namespace) -> tuple[str, str]:
    """The releases before and after, as far as they are named."""
    before, _ = FROM.choose(options.release_from, os.environ, None)
    after, _ = TO.choose(options.release_to, os.environ, None)
    return before, after
