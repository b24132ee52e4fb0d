"""What of a cloud goes back to a run, by what the run has written down."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_cleanup.attribution.act import Act
from pytest_cleanup.attribution.attribution import Attributions
from pytest_cleanup.attribution.chronicle import read
from pytest_cleanup.errors import ApiError
from pytest_cleanup.look import Look
from pytest_cleanup.refusal import Refused
from pytest_cleanup.resource import Resource
from pytest_cleanup.scope import OfRun
from pytest_whitebox.core.rundirectory import RunDirectory

if TYPE_CHECKING:
    from pytest_cleanup.view import View

SNAPSHOT = "snapshot.json"


def attributions(view: View, acts: Iterable[Act], run_id: str, before: Look, now: Look) -> Attributions:
    """Who made what appeared between two looks."""

    def create_request(server: Resource) -> str:
        """The request that made a server, as Nova remembers it."""
        try:
            told = view.get("compute", f"/servers/{server.id}/os-instance-actions")["instanceActions"]
        except (ApiError, KeyError):
            return ""
        return next((str(one["request_id"]) for one in told if one["action"] == "create"), "")

    appeared = [one for key, one in now.resources.items() if key not in before.resources]
    skew = view.clocks.get("identity", 0.0)
    return Attributions(acts, appeared, run_id=run_id, skew=skew, create_request=create_request)


def scope(found: Attributions) -> OfRun:
    """Only what certainly goes back to the run."""

    def made(resource: Resource) -> str | None:
        by = found(resource)
        return str(by) if by and by.certain else None

    def altered(resource: Resource) -> str | None:
        by = found.changed(resource.key)
        return str(by) if by else None

    def removed(resource: Resource) -> str | None:
        by = found.deleted(resource)
        return str(by) if by else None

    return OfRun(made, altered, removed)


def scope_of(folder: Path, view: View, before: Look, now: Look) -> OfRun:
    """The scope of a run that is over, however it ended, by its folder; `Refused` if it has written nothing down."""
    acts, run = read(folder), RunDirectory(folder.resolve().parent, folder.resolve().name)
    if not acts:
        hint = "give the folder of a run with --cleanup, such as .stackproof/runs/latest"
        raise Refused(f"{folder} has nothing of what its tests did", hint=hint)
    return scope(attributions(view, acts, run.id, before, now))
