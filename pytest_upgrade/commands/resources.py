"""Verbs about what outlives an upgrade: check resources, sweep."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_upgrade.commands.context import Context, opened
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place

_PASS, _FAIL, _INCONCLUSIVE, _OUR_ERROR = 0, 1, 2, 3


def check(options: argparse.Namespace) -> int:
    """Look at all that the run keeps; 1 if something is not as before, 2 if something cannot be judged."""
    code = _PASS
    with opened(options) as context, place_of(context, options) as place:
        found = place.store.resources.of(place.run.id, gone=None)
        if not found:
            print(f"run {place.run.id} keeps nothing that could be looked at; --phase=pre makes what tests ask for")
            return _INCONCLUSIVE
        for kept in found:
            ok, said = _judged(place, kept.kind, kept.name)
            print(f"{kept}: {said}")
            code = (
                _FAIL if ok is False else max(code, _INCONCLUSIVE if ok is None else _PASS) if code != _FAIL else code
            )
    return code


def sweep(options: argparse.Namespace) -> int:
    """Remove what a run has made in the cloud and close it."""
    from pytest_upgrade.observers import outside
    from pytest_upgrade.phases import closing

    with opened(options) as context:
        run = context.run(options)
        if options.list:
            for kept in closing.in_order(context.store.resources.of(run.id, gone=None)):
                print(f"{kept}  {kept.state.get('id', 'half made')}")
            return _PASS
        with place_of(context, options) as place:
            outside.stop(place.directory.path)
            try:
                closing.sweep(place, print)
            except ExceptionGroup as group:
                for error in group.exceptions:
                    print(f"pytest-upgrade: {getattr(error, '__notes__', [''])[-1]}: {error}", file=sys.stderr)
                return _OUR_ERROR
        print(f"run {run.id} is closed")
    return _PASS


@contextmanager
def place_of(context: Context, options: argparse.Namespace) -> Iterator[Place]:
    """The run's place in its cloud, connected as its entry of clouds.yaml says."""
    from pytest_upgrade.persistent.place import Place
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.clouds import choose

    run = context.run(options)
    name = options.os_cloud or run.cloud
    choice = choose(name, "--os-cloud" if options.os_cloud else f"run {run.id}", os.environ, Path.cwd())
    if choice is None:
        raise StackproofError(f"the cloud of run {run.id} is not known here", hint="name it with --os-cloud")
    phase = next((attempt.phase for attempt in reversed(context.store.attempts.of(run.id))), "pre")
    with Cloud.connect(choice) as cloud:
        # The phase of what is found from here is the last that was begun; nothing is made outside of pytest.
        place = Place(cloud.connection, run, context.store, context.places.directory(run.name), phase)
        place.check_cloud()
        yield place


def _judged(place: Place, kind: str, name: str) -> tuple[bool | None, str]:
    """What is found of a thing on the first level on which it is not well; the last word if it is."""
    from pytest_upgrade.persistent.errors import Inconclusive

    kept = place.keeper.known(kind, name)
    if kept is None or kept.made is None:
        return False, "was begun and never finished"
    try:
        found = place.keeper.kind(kind)
        place.keeper.exists(found, kept)
        if changes := place.keeper.intact(found, kept):
            return False, f"is there, not intact: {'; '.join(changes)}"
        return True, f"is there, intact, usable: {place.keeper.used(found, kept)}"
    except Inconclusive as error:
        return None, str(error)
    except StackproofError as error:
        return False, str(error)
