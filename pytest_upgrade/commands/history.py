"""Verbs about several runs: diff, trends."""

from __future__ import annotations

import argparse

from pytest_upgrade.commands.context import opened
from pytest_whitebox.core.errors import StackproofError

_SAME, _WORSE = 0, 1


def diff(options: argparse.Namespace) -> int:
    """Say what differs between two runs; 1 if anything of the second is worse."""
    from pytest_upgrade.configured.choosing import named
    from pytest_upgrade.history.account import Account
    from pytest_upgrade.history.difference import differences

    with opened(options) as context:
        first, second = (
            Account.of(context.store, named(context.store, id), context.places)
            for id in (options.first, options.second)
        )
    found = list(differences(first, second))
    for one in found:
        print(one)
    if not found:
        print(f"runs {first.run.id} and {second.run.id} do not differ")
    return _WORSE if any(one.worse for one in found) else _SAME


def trends(options: argparse.Namespace) -> int:
    """Say how the runs went that are of the kind of one, the last by default."""
    from pytest_upgrade.configured.choosing import named
    from pytest_upgrade.history.account import Account
    from pytest_upgrade.history.trend import trends

    with opened(options) as context:
        runs = context.store.runs()
        if not runs:
            raise StackproofError(
                f"there are no runs in {context.store.place}", hint="begin one with `pytest --phase=pre`"
            )
        which = named(context.store, options.run) if options.run else runs[-1]
        kind = Account.of(context.store, which, context.places).kind
        all_ = (Account.of(context.store, run, context.places) for run in runs)
        same = [one for one in all_ if one.kind == kind and one.is_whole]
    way = f"{which.release_from or '?'} to {which.release_to or '?'}"
    by = f" by {kind[-1]}" if kind[-1] else ""
    print(f"{len(same)} whole runs of {which.cloud} at {which.host}, {way}{by}: {' '.join(one.run.id for one in same)}")
    for line in trends(same):
        print(line)
    return _SAME
