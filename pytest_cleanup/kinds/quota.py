"""Quotas of Nova and of Cinder: a project has one if it differs from what all others have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.kinds.owners import of_projects
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_CLASS = "/os-quota-class-sets/default"
_ANSWER, _CLASS_ANSWER = "quota_set", "quota_class_set"


def quota(name: str, service: str, path: str) -> Collection:
    """The kind for the quotas of a service."""

    def rows(view: View) -> list[Row]:
        common = _limits(view.get(service, _CLASS)[_CLASS_ANSWER])

        def of(project: str) -> list[Row]:
            told = _limits(view.get(service, f"{path}/{project}")[_ANSWER])
            # Nova's class has names that its quotas have not, and the other way round.
            limits = {name: value for name, value in told.items() if value != common.get(name, value)}
            return [{"id": project, "limits": limits}] if limits else []

        return of_projects(view, of)

    def restore(view: View, now: Resource, changed: Mapping[str, Any]) -> None:
        if now.attributes:
            view.delete(service, f"{path}/{now.id}")
        # Nova refuses a limit that is below what is used, unless it is forced to it; Cinder does not know the word.
        force = {"force": True} if service == "compute" else {}
        view.put(service, f"{path}/{now.id}", {_ANSWER: {**changed["limits"], **force}})

    return Collection(
        name=name, service=service, path=path, rows=rows, label="", restored=("limits",), restoration=restore,
        references=(Edge(Relation.USES, "project", "id"),),
        remaking=lambda view, was: restore(view, was, was.attributes),
    )  # fmt: skip


def _limits(told: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in told.items() if isinstance(value, int)}
