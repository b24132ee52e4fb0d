"""What upgrades that are not over hold in a cloud: whoever cleans up there is told to leave it alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pytest_upgrade.configured.configuration import VARIABLE, Configuration
from pytest_upgrade.configured.places import Places, below
from pytest_upgrade.configured.settings import RUNS, STORE

#: How the names of all begin that a run makes.
_OURS = re.compile(r"pu-([0-9a-f]{6})(?:-|$)")


class Named(Protocol):
    """All that has to be known of a resource."""

    @property
    def name(self) -> str:
        """Its name in the cloud."""


def keeper(auth_url: str, region: str) -> Callable[[Named], str | None]:  # noqa: ARG001 -- each id is of one cloud
    """Says why a resource is kept: a run has made it that is open, or that nobody here knows; None for all else.

    The store is that of the project that we are in, or $UPGRADE_STORE. What a run has made whose store is elsewhere is
    kept, too: only a run that is known to be closed needs nothing any more. Raises `StackproofError` if the store
    cannot be read.
    """
    runs = _runs()

    def keep(one: Named) -> str | None:
        found = _OURS.match(one.name)
        if found is None or runs.get(found[1]):
            return None
        run = found[1]
        if run in runs:
            return f"upgrade run {run} is open, until `pytest-upgrade sweep {run}`"
        return f"upgrade run {run} is not known here, and may be open: sweep it where its store is"

    return keep


def _runs() -> dict[str, bool]:
    """The runs in the store by their ids, each with whether it is closed; none if there is no store."""
    file = Configuration.near(Path.cwd(), os.environ.get(VARIABLE, ""))
    url, folder = (knob.choose(None, os.environ, None)[0] or knob.or_else(file)[0] for knob in (STORE, RUNS))
    places = Places(Path(folder) if folder else below(Path.cwd()), url)
    if not url and not places.file.exists():
        return {}
    from pytest_upgrade.store import Store

    with Store.open(places.url) as store:
        return {run.id: run.closed is not None for run in store.runs()}
