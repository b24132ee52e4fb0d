"""What Barbican has, which it shows to users of each project alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_KEYS = "key-manager"
_PATHS = ("secrets", "containers", "orders")


def _everything(view: View) -> dict[str, list[Row]]:
    """All of them by path."""

    def of(project: str) -> list[tuple[str, Row]]:
        own = view.grants.within(project).fresh()
        return [(path, _row(row, project)) for path in _PATHS for row in own.rows(_KEYS, f"/{path}", path, limit=100)]

    def find() -> dict[str, list[Row]]:
        projects = [project["id"] for project in view.rows("identity", "/projects", "projects")]
        found: dict[str, list[Row]] = {path: [] for path in _PATHS}
        for path, row in (pair for pairs in view.each(projects, of) for pair in pairs):
            found[path].append(row)
        return found

    return view.once((_KEYS, "everything"), find)


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
        return _everything(view)[path]

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
