"""Which run is meant: the one that was named, or the only open one of this cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_upgrade.store.values import Run
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.rundirectory import RunDirectory

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_whitebox.core.clouds import Choice

_LIST = "`pytest-upgrade runs` lists them"


def named(store: Store, id: str) -> Run:
    """The run of an id, of its beginning, or of its whole name; raises `StackproofError` if there is not one."""
    found = [run for run in store.runs() if run.id.startswith(id) or run.name == id]
    if len(found) != 1:
        many = f"{len(found)} runs begin with {id!r}" if found else f"no run is called {id!r}"
        raise StackproofError(f"{many} in {store.place}", hint=_LIST)
    return found[0]


def still_open(store: Store, id: str) -> Run:
    """The same; raises `StackproofError` if it is closed."""
    run = named(store, id)
    if run.closed is not None:
        raise StackproofError(
            f"run {run.id} is closed, and what it kept is removed", hint="begin another with --phase=pre"
        )
    return run


def opened(store: Store, *, host: str = "", region: str = "") -> Run | None:
    """The only open run, of a cloud if its host is given; None if there is none.

    Raises `StackproofError` if there are several: which one is meant cannot be guessed.
    """
    where = {"closed": None, **({"host": host, "region": region} if host else {})}
    found = store.runs(**where)
    if len(found) > 1:
        runs = " and ".join(f"{run.id} of {run.cloud}" for run in found)
        raise StackproofError(
            f"{len(found)} runs are open: {runs}",
            hint="name one with --upgrade-run, or end one with `pytest-upgrade sweep RUN`",
        )
    return found[0] if found else None


def the_run(store: Store, id: str = "") -> Run:
    """The run that was named, or the only open one; raises `StackproofError` if there is none."""
    found = named(store, id) if id else opened(store)
    if found is None:
        raise StackproofError(
            f"no run is open in {store.place}", hint="begin one with `pytest --phase=pre`, or name one that is closed"
        )
    return found


def begun(choice: Choice, folder: Path) -> Run:
    """A new run of a cloud, not yet in any store."""
    directory = RunDirectory.new(folder)
    return Run(directory.id, directory.name, choice.name, choice.auth_host or "", choice.region or "")
