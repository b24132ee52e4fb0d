"""What the verb for upgrades does."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace

from devcloud import access, saves
from devcloud import status as asking
from devcloud.cloud import Cloud
from devcloud.commands.lifecycle import making, state_of
from devcloud.journal import Journal
from devcloud.state import State
from devcloud.terminal import show_steps, state_option
from devcloud.upgrade import request
from devcloud.upgrade.performing import carry_out
from devcloud.upgrade.planning import Planned, plan
from pytest_whitebox.core.errors import StackproofError


def upgrade(options: argparse.Namespace) -> int:
    """Bring the cloud to a later release, or as far as it is wished."""
    state = state_of(options)
    cloud, planned = _wanted(options, state)
    if options.plan:
        show_steps(planned, cloud.settings.upgrade.done if cloud.settings.upgrade else ())
        return 0
    with making(state, cloud.settings.services) as steps:
        saves.refuse_half_loaded(state)
        begun = state.settings().upgrade is not None
        cloud, planned = _wanted(options, state)
        os.environ.update(access.no_proxy(cloud.topology))
        if not begun:
            _refuse_unwell(cloud)
            state.write(cloud.settings)
        cloud = carry_out(cloud, planned, steps, until=options.until or "")
        seconds = f"{steps.seconds:.1f} s"
        if cloud.settings.upgrade is None:
            steps.console.print(f"upgraded in {seconds}: OpenStack {cloud.settings.release} in {state.path}")
        else:
            left = [one.step.id for one in planned if one.step.id not in cloud.settings.upgrade.done]
            after = f"next is {left[0]}" if left else "other services are left"
            again = f"`devcloud upgrade{state_option(state)} --to {cloud.settings.upgrade.target}` goes on"
            steps.console.print(f"so far in {seconds}; {after}: {again}", soft_wrap=True)
    return 0


def _wanted(options: argparse.Namespace, state: State) -> tuple[Cloud, list[Planned]]:
    settings = state.settings()
    cloud = Cloud(state, replace(settings, upgrade=request.wanted(settings, options.to, options.manner)))
    assert cloud.settings.upgrade is not None  # noqa: S101 -- it is wanted
    planned = plan(cloud, cloud.settings.upgrade, options.service or ())
    _refuse_unknown(options.until, planned)
    return cloud, planned


def _refuse_unknown(until: str | None, planned: Sequence[Planned]) -> None:
    if until and until not in [one.step.id for one in planned]:
        raise StackproofError(f"this upgrade has no step {until!r}", hint="`devcloud upgrade --plan` lists them all")


def _refuse_unwell(cloud: Cloud) -> None:
    """Raise `StackproofError` if the cloud is not well: nobody could tell afterwards what the upgrade has broken."""
    if open_ := [notes.name for notes in Journal.of(cloud.state).open()]:
        raise StackproofError(f"broken on purpose: {', '.join(open_)}", hint="`devcloud mend` first")
    before = Cloud(cloud.state, replace(cloud.settings, upgrade=None))
    if wrong := list(asking.status(before).named().values()):
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise StackproofError(f"the cloud is not well: {wrong[0]}{more}", hint="`devcloud up` first")
