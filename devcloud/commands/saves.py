"""What the verbs for saved clouds do."""

from __future__ import annotations

import argparse
import time

from devcloud import down as switching_off
from devcloud import saves
from devcloud.cloud import Cloud
from devcloud.commands.lifecycle import bring_up, making, state_of
from devcloud.machine import findings as machine
from devcloud.machine import packages
from devcloud.terminal import show_saves
from pytest_whitebox.core.errors import StackproofError


def save(options: argparse.Namespace) -> int:
    """Put the whole cloud aside under a name; what was up is up again afterwards."""
    state = state_of(options)
    cloud, folder = Cloud(state, state.settings()), saves.place(state, options.name)
    with making(state, cloud.settings.services) as steps:
        saves.refuse_half_loaded(state)
        saves.refuse_taken(folder)
        hosts = [cloud.find(plan) for plan in cloud.topology.hosts]
        if any(hosts) and not all(hosts):
            raise StackproofError("only some hosts are on", hint="`devcloud up` or `devcloud down`, then save")
        if any(hosts):
            saves.quiet(cloud, keep_guests=True)
        began = time.monotonic()
        made = saves.take(cloud, folder)
        steps.done(f"saved as {made.folder}, {made.size / 1024**2:.0f} MiB", time.monotonic() - began)
        if any(hosts):
            bring_up(cloud, steps)
    return 0


def load(options: argparse.Namespace) -> int:
    """Make the cloud what it was when it was saved, and bring it up."""
    state = state_of(options)
    wanted = saves.find(state, options.name)
    cloud = Cloud(state, wanted.settings)
    with making(state, wanted.settings.services) as steps:
        if state.exists:
            _make_way(Cloud(state, state.settings()), wanted)
        machine.require(state, cloud.topology, wanted.settings.services)
        if not state.exists:
            state.create(wanted.settings)
        for release in wanted.settings.releases:
            packages.environment(state, release, steps.done)
        began = time.monotonic()
        changed = saves.restore(cloud, wanted)
        steps.done(f"files of {wanted.name}", time.monotonic() - began)
        bring_up(cloud, steps, changed)
    return 0


def saved(options: argparse.Namespace) -> int:
    """List the saved clouds, or delete one."""
    state = state_of(options)
    if options.delete:
        machine.require_root()
        saves.find(state, options.delete).delete()
        print(f"deleted {options.delete}")
    else:
        show_saves(saves.saves(state), state)
    return 0


def _make_way(present: Cloud, wanted: saves.Save) -> None:
    """What can stay up while the files are exchanged does: that saves half the time."""
    if present.settings == wanted.settings and all(present.find(plan) for plan in present.topology.hosts):
        saves.quiet(present, keep_guests=False)
    else:
        switching_off.down(present)
