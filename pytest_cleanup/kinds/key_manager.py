"""What Barbican has, which it shows to users of each project alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.kinds.owners import of_projects
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_KEYS = "key-manager"
_PATHS = ("secrets", "containers", "orders")


def _everything(view: View) -> list[Row]:
    """All of them, with the path that they are at."""

    def of(project: str) -> list[Row]:
        own = view.grants.within(project).fresh()
        told = ((path, row) for path in _PATHS for row in own.rows(_KEYS, f"/{path}", path, limit=100))
        return [{**_row(row, project), "path": path} for path, row in told]

    return view.once((_KEYS, "everything"), lambda: of_projects(view, of))


def _row(row: Row, project: str) -> Row:
    """Barbican tells addresses, of which the last part is the id."""
    address = row.get("secret_ref") if "container_ref" not in row and "order_ref" not in row else None
    address = address or row.get("container_ref") or row["order_ref"]
    secrets = [_last(one["secret_ref"]) for one in row.get("secret_refs", ())]
    made = [_last(row["secret_ref"])] if "order_ref" in row and row.get("secret_ref") else []
    return {**row, "id": _last(address), "project_id": project, "secrets": secrets + made}


def _last(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


def _kind(name: str, path: str) -> Collection:
    def rows(view: View) -> list[Row]:
        return [row for row in _everything(view) if row["path"] == path]

    def delete(view: View, one: Resource) -> None:
        view.grants.within(one.project or view.project).delete(_KEYS, f"/{path}/{one.id}")

    return Collection(
        name=name, service=_KEYS, path=f"/{path}", rows=rows, created="created", deletion=delete, user="creator_id",
        references=(Edge(Relation.USES, "secret", "secrets"),),
    )  # fmt: skip


KINDS: tuple[Kind, ...] = (
    _kind("secret", "secrets"),
    _kind("secret_container", "containers"),
    _kind("secret_order", "orders"),
)
