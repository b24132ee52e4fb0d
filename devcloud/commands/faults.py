"""What the verbs for faults on purpose do."""

from __future__ import annotations

import argparse
import os

from rich.console import Console

from devcloud import access
from devcloud.cloud import Cloud
from devcloud.commands.lifecycle import state_of
from devcloud.faults import breaking, registry
from devcloud.faults.site import Site
from devcloud.journal import Journal
from devcloud.machine import findings as machine
from devcloud.terminal import show_faults, state_option


def break_(options: argparse.Namespace) -> int:
    """Break the cloud in a way that has a name, or list them all."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    if options.fault is None:
        show_faults(registry.of(cloud.settings.services), [notes.name for notes in Journal.of(state).open()])
        return 0
    fault = registry.named(options.fault, cloud.settings.services)
    machine.require_root()
    console = Console(highlight=False)
    os.environ.update(access.no_proxy(cloud.topology))
    with state.locked(), console.status(f"breaking {fault.name}"):
        breaking.break_(Site(cloud), fault)
    console.print(f"broken:  {fault.summary}", f"seen:    {fault.seen}", sep="\n", markup=False, soft_wrap=True)
    console.print(f"mend it: devcloud mend{state_option(state)} {fault.name}", markup=False, soft_wrap=True)
    return 0


def mend(options: argparse.Namespace) -> int:
    """Mend one fault, or all."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    names = [registry.named(options.fault, cloud.settings.services).name] if options.fault else list(registry.FAULTS)
    machine.require_root()
    console = Console(highlight=False)
    os.environ.update(access.no_proxy(cloud.topology))
    with state.locked():
        breaking.ended_by_power(cloud)
        open_ = [notes.name for notes in Journal.of(state).open() if notes.name in names]
        if not open_:
            print(f"{options.fault} is not broken" if options.fault else "nothing is broken on purpose")
            return 0
        with console.status(f"mending {', '.join(open_)}"):
            breaking.mend(Site(cloud), open_, lambda name: console.print(f"mended {name}"))
            breaking.settle(Site(cloud), [registry.FAULTS[name] for name in open_])
    return 0
