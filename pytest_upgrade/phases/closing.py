"""The end of a run: what it made in the cloud is removed, its secrets are forgotten, it is closed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pytest_upgrade.phases.phase import Phase
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Kept, Run
    from pytest_whitebox.core.clouds import Choice
    from pytest_whitebox.core.rundirectory import RunDirectory

#: What nobody has to look at by itself.
_BESIDE = frozenset({"user", "project", "canary"})


def close(store: Store, run: Run, directory: RunDirectory, choice: Choice | None) -> str:
    """Close the run if all that it kept was found well in post; returns what was done, in words."""
    from pytest_upgrade.persistent.place import Place
    from pytest_whitebox.cloud import Cloud

    left = list(not_found_well(store, run.id))
    if left:
        return f"stays open, for post has not found {left[0]} well; `pytest-upgrade sweep` removes what it kept"
    if choice is None:
        return ""
    try:
        with Cloud.connect(choice) as cloud:
            sweep(Place(cloud.connection, run, store, directory, str(Phase.POST)))
    except (StackproofError, ExceptionGroup) as error:
        return f"could not be closed: {error}; try `pytest-upgrade sweep {run.id}`"
    return "all that it kept was found well and is removed; the run is closed"


def not_found_well(store: Store, run: str) -> Iterator[Kept]:
    """What is kept, and was not looked at in post, or was not found well."""
    latest = {(one.kind, one.name, one.level): one.ok for one in store.findings.of(run, phase=str(Phase.POST))}
    for kept in store.resources.of(run, gone=None):
        judged = [ok for (kind, name, _), ok in latest.items() if (kind, name) == (kept.kind, kept.name)]
        if kept.kind not in _BESIDE and (not judged or not all(judged)):
            yield kept


def sweep(place: Place, say: Callable[[str], None] = lambda _: None) -> None:
    """Remove all that the run has made, what stands on others first; then close the run.

    What cannot be removed keeps nothing else from being removed, and the run open; raises all errors.
    """
    from pytest_upgrade.persistent import owner

    place.check_cloud()
    errors: list[Exception] = []
    user = owner.known(place)
    if user is not None and user.made is None:
        # Nothing else can be there before the user is.
        owner.remove(place)
        place.store.resources.set(place.run.id, {"kind": owner.KIND}, gone=time.time())
    for kept in in_order(place.store.resources.of(place.run.id, gone=None)):
        if errors and kept.kind == owner.KIND:
            # Nobody but the user of the run can come back for the rest.
            continue
        try:
            place.keeper.remove(kept)
            say(f"{kept} is removed")
        except Exception as error:  # noqa: BLE001 -- the rest must go whatever happened
            error.add_note(f"while removing {kept}")
            errors.append(error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} of what run {place.run.id} has made could not be removed", errors)
    place.secrets.forget()
    place.store.set_run(place.run.id, closed=time.time())


def in_order(kept: list[Kept]) -> list[Kept]:
    """What stands on others before these: what was made last goes first, and what is half made before all."""
    half = [one for one in kept if one.made is None]
    return half + sorted((one for one in kept if one.made is not None), key=lambda one: -(one.made or 0))
