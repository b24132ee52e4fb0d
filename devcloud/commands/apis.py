"""What the verbs for APIs behind HAProxy do, and the one that measures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from devcloud.cloud import Cloud
from devcloud.commands.lifecycle import state_of
from devcloud.hosts.host import Host
from devcloud.machine import findings as machine
from devcloud.measure import metrics as measuring
from devcloud.services import rotation
from devcloud.services.service import Service
from devcloud.state import write_atomically
from devcloud.terminal import show_metrics
from pytest_whitebox.core.errors import StackproofError


def metrics(options: argparse.Namespace) -> int:
    """Print what the cloud has done and what it costs, and write it to a file if one is named."""
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    machine.require_root()
    seen = measuring.metrics(cloud)
    if options.output:
        _write(options.output, json.dumps(seen.as_json(), indent=1) + "\n")
    show_metrics(seen)
    return 0


def _write(file: Path, text: str) -> None:
    try:
        write_atomically(file, text)
    except OSError as error:
        raise StackproofError(f"cannot write {file}: {error.strerror}", hint="name another --output") from error


def drain(options: argparse.Namespace) -> int:
    """Take instances of an API out of HAProxy's rotation and wait until they have nothing left to do."""
    for on, service in _instances(options):
        print(rotation.take_out(on, service, timeout=options.timeout))
    return 0


def ready(options: argparse.Namespace) -> int:
    """Put instances of an API back, once they answer."""
    for on, service in _instances(options):
        print(rotation.put_back(on, service))
    return 0


def _instances(options: argparse.Namespace) -> list[tuple[Host, Service]]:
    state = state_of(options)
    cloud = Cloud(state, state.settings())
    placed = cloud.placed(options.service, options.instance)
    machine.require_root()
    return [(cloud.host(plan), service) for plan, service in placed]
