"""What each verb of the command line does."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from devcloud import access, saves
from devcloud import down as switching_off
from devcloud import status as asking
from devcloud import up as bringing_up
from devcloud.cloud import Cloud
from devcloud.faults import breaking
from devcloud.hosts import fabric
from devcloud.journal import Journal
from devcloud.machine import findings as machine
from devcloud.machine import packages
from devcloud.services import rotation, runit
from devcloud.services.catalog import chosen
from devcloud.state import DEFAULT, DEFAULT_RELEASE, Settings, State
from devcloud.terminal import Steps, show_findings, show_open, show_status, state_option
from devcloud.topology import Topology
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for


def up(options: argparse.Namespace) -> int:
    """Make the cloud, start it, or repair it."""
    state = state_of(options)
    settings = settings_for(options, state)
    with making(state, settings.services, install=options.install) as steps:
        saves.refuse_half_loaded(state)
        settings = _addressed(state, settings)
        machine.require(state, Topology(settings.subnet, settings.computes), settings.services)
        if not state.exists:
            state.create(settings)
        for release in settings.releases:
            packages.environment(state, release, steps.done)
        # Minutes may have passed since the networks were found free.
        settings = _addressed(state, settings)
        state.write(settings)
        bring_up(Cloud(state, settings), steps)
    return 0


def down(options: argparse.Namespace) -> int:
    """Switch the cloud off."""
    state = state_of(options)
    settings = state.settings()
    machine.require_root()
    console = Console(highlight=False)
    began = time.monotonic()
    cloud = Cloud(state, settings)
    with state.locked(), console.status("shutting down"):
        was_up = switching_off.down(cloud)
        breaking.ended_by_power(cloud)
    console.print(f"down in {time.monotonic() - began:.1f} s" if was_up else "was down already")
    return 0


def destroy(options: argparse.Namespace) -> int:
    """Switch the cloud off and delete its folder."""
    state = state_of(options)
    machine.require_root()
    if not state.path.exists():
        print(f"there is nothing in {state.path}")
        return 0
    state.refuse_foreign()
    with state.locked():
        if state.exists:
            switching_off.down(Cloud(state, state.settings()))
        state.remove()
    print(f"deleted {state.path}")
    return 0


def status(options: argparse.Namespace) -> int:
    """Print what is wrong; exit code 1 if anything is."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    machine.require_root()
    seen = asking.status(cloud)
    if options.json:
        print(json.dumps(seen.as_json(), indent=2))
    else:
        show_status(seen, state)
    return 0 if seen.well else 1


def env(options: argparse.Namespace) -> int:
    """Print lines for a shell."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    values = {"OS_CLIENT_CONFIG_FILE": str(state.clouds_yaml), "OS_CLOUD": "devcloud"}
    if cloud.doors.ca:
        values["OS_CACERT"] = str(cloud.doors.ca)
    for name, value in (values | access.no_proxy(cloud.topology)).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def clouds_yaml(options: argparse.Namespace) -> int:
    """Print the path of clouds.yaml."""
    state = state_of(options)
    state.settings()
    print(state.clouds_yaml)
    return 0


def logs(options: argparse.Namespace) -> int:
    """Print the end of a service's log, from every host that has the service."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    placed = cloud.placed(options.service)
    machine.require_root()
    if options.follow and len(placed) > 1:
        names = " and ".join(f"{service.name} on {plan.name}" for plan, service in placed)
        raise StackproofError(
            f"there are {names}, and only one log can be followed",
            hint=f"use `devcloud ssh {placed[0][0].name} tail -F {placed[0][1].log}`",
        )
    for plan, service in placed:
        on = cloud.host(plan)
        words = ["tail", "-n", str(options.lines), *(["-F"] if options.follow else []), service.log]
        if len(placed) > 1:
            print(f"--- {plan.name}:{service.log}", flush=True)
        if options.follow:
            os.execvp("nsenter", on.holder.enter(words))
        print(on.run(words).stdout, end="")
    return 0


def ssh(options: argparse.Namespace) -> int:
    """Become an ssh session on a host."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    machine.require_root()
    cloud.host_named(options.host)
    os.execvp("ssh", ["ssh", "-F", str(state.ssh_config), options.host, *options.words])


def restart(options: argparse.Namespace) -> int:
    """Restart a service on every host that has it, and wait until it works."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    placed = cloud.placed(options.service, options.instance)
    machine.require_root()
    for plan, service in placed:
        began = time.monotonic()
        on = cloud.host(plan)
        rotation.restart(on, service)
        if service.is_api:
            rotation.put_back(on, service)
        wait_for(
            lambda on=on, service=service: (  # type: ignore[misc]
                cloud.problem(on, service, runit.supervised(on, service.name)) is None
            ),
            timeout=120,
            every=0.3,
            what=f"{service.name} on {plan.name} to work again",
            hint=f"see `devcloud logs {service.name}`",
        )
        print(f"{service.name} on {plan.name} restarted in {time.monotonic() - began:.1f} s")
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Print what was found on this machine; exit code 1 if it cannot carry a cloud."""
    state = state_of(options)
    settings = state.settings() if state.exists else Settings()
    findings = machine.findings(state, Topology(settings.subnet, settings.computes), settings.services)
    show_findings(findings)
    return 0 if all(finding.ok for finding in findings) else 1


@contextmanager
def making(state: State, projects: tuple[str, ...], *, install: bool = False) -> Iterator[Steps]:
    """What every command that makes or changes a cloud begins with: a machine that can, and the folder's lock."""
    console = Console(highlight=False)
    state.refuse_foreign()
    machine.require_fit(state)
    with console.status("looking at the machine") as spinner, state.locked():
        steps = Steps(console, spinner.update)
        if install:
            packages.install_system(projects, steps.done)
        machine.require_programs(projects)
        if state.exists:
            breaking.refuse_repair(Cloud(state, state.settings()))
        yield steps


def bring_up(cloud: Cloud, steps: Steps, loaded: Mapping[str, set[str]] = MappingProxyType({})) -> None:
    """Bring a cloud up and say how to use it; ``loaded``: see `devcloud.up.up`."""
    os.environ.update(access.no_proxy(cloud.topology))
    bringing_up.up(cloud, steps, loaded)
    option = state_option(cloud.state)
    way = f", on its way to {cloud.settings.upgrade.target}" if cloud.settings.upgrade else ""
    steps.console.print(f"up in {steps.seconds:.1f} s: OpenStack {cloud.settings.release}{way} in {cloud.state.path}")
    show_open([notes.name for notes in Journal.of(cloud.state).open()])
    steps.console.print(f'use it:   eval "$(devcloud env{option})"', soft_wrap=True)


def settings_for(options: argparse.Namespace, state: State) -> Settings:
    """What the cloud is to be: as it is, or new, with the user's wishes; one that cannot be met is refused."""
    if not state.exists:
        known = Settings(options.release or DEFAULT_RELEASE, tls=bool(options.tls), services=chosen(options.services))
    else:
        known = state.settings()
        _refuse_another(options, state, known)
        if options.services:
            known = replace(known, services=chosen(",".join([*known.services, options.services])))
    return replace(known, computes=options.computes or known.computes, workers=options.workers or known.workers)


def _refuse_another(options: argparse.Namespace, state: State, known: Settings) -> None:
    """Raise `StackproofError` for a wish that only another cloud can meet."""
    is_, wish = "", ""
    if known.upgrade and (options.services or options.computes or options.workers):
        raise StackproofError(
            f"the cloud in {state.path} is being upgraded, and keeps its shape meanwhile",
            hint=f"`devcloud upgrade --to {known.upgrade.target}` ends the upgrade",
        )
    if options.release and options.release != known.release:
        is_, wish = f"is {known.release}", f"not {options.release}, to which `devcloud upgrade` may lead"
    elif options.tls and not known.tls:
        is_, wish = "was made without TLS", "and its endpoints stay as they are"
    elif options.computes and options.computes < known.computes:
        is_, wish = f"has {known.computes} compute hosts", "which may hold guests"
    if wish:
        raise StackproofError(
            f"the cloud in {state.path} {is_}, {wish}",
            hint="give another folder with --state DIR, or `devcloud destroy` this one",
        )


def _addressed(state: State, settings: Settings) -> Settings:
    """As long as a cloud has no hosts it takes the first networks that are free; then they are its own for good."""
    return settings if state.has_hosts else replace(settings, subnet=fabric.free_subnet())


def state_of(options: argparse.Namespace) -> State:
    """The state folder that the user means."""
    return State(Path(options.state or os.environ.get("DEVCLOUD_STATE") or DEFAULT).absolute())
