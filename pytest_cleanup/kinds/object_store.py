"""What Swift has: accounts of projects, which only a reseller's administrator or a user of each can see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_cleanup.errors import ApiError
from pytest_cleanup.kind import Kind
from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.kinds.owners import of_projects
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_STORE = "object-store"
_MOST = 10_000
#: Headers of a container that users set; keys of temporary URLs are secrets, and so not among them.
_SET = ("x-container-read", "x-container-write", "x-versions-location", "x-history-location", "x-storage-policy")
_META = "x-container-meta-"
_HIDDEN = "temp-url-key"


def _account(view: View, project: str) -> View:
    """A view that may see a project's account."""
    return view.resold(project) if _is_reseller(view) else view.grants.within(project)


def _is_reseller(view: View) -> bool:
    return "reselleradmin" in {name.lower() for name in view.access.role_names}


def _listed(view: View, path: str) -> Iterator[Any]:
    """All of a listing; Swift pages by the last name. An account that nobody has used has none."""
    marker = ""
    while True:
        try:
            answer = view.ask("GET", _STORE, path, params={"format": "json", "limit": _MOST, "marker": marker})
        except ApiError as error:
            if error.absent:
                return
            raise
        page = answer.json() if answer.status_code != 204 else []
        yield from page
        if not page:
            return
        marker = page[-1].get("name") or page[-1]["subdir"]


def _everything(view: View) -> list[Row]:
    """Each container with its headers and objects, of all projects."""

    def of(project: str) -> list[Row]:
        own = _account(view, project)
        return [_whole(own, project, row["name"]) for row in _listed(own, "")]

    return view.once((_STORE, "everything"), lambda: of_projects(view, of))


def _whole(view: View, project: str, name: str) -> Row:
    path = f"/{quote(name, safe='')}"
    headers = {key.lower(): value for key, value in view.ask("HEAD", _STORE, path).headers.items()}
    told = {key: headers[key] for key in headers if key in _SET or (key.startswith(_META) and _HIDDEN not in key)}
    objects = [row["name"] for row in _listed(view, path)] if headers.get("x-container-object-count") != "0" else []
    return {"id": f"{project}/{name}", "name": name, "project_id": project, "headers": told, "objects": objects}


def _objects(view: View) -> list[Row]:
    return [
        {"id": f"{row['id']}/{name}", "name": name, "project_id": row["project_id"], "container": row["id"]}
        for row in _everything(view)
        for name in row["objects"]
    ]


def _at(view: View, one: Resource, act: Callable[[View, str], None]) -> None:
    """Do something at the address of a container or object."""
    project, _, path = one.id.partition("/")
    container, *rest = path.split("/", 1)
    act(_account(view, project), "/".join(["", quote(container, safe=""), *(quote(part) for part in rest)]))


def _delete(view: View, one: Resource) -> None:
    _at(view, one, lambda own, path: own.delete(_STORE, path))


def _set_headers(view: View, container: Resource, headers: Mapping[str, str]) -> None:
    _at(view, container, lambda own, path: own.ask("POST", _STORE, path, headers=dict(headers)) and None)


def _restore(view: View, container: Resource, changed: Mapping[str, Any]) -> None:
    was, now = changed["headers"], container.attributes["headers"]
    # An empty header takes one away.
    _set_headers(view, container, {**{name: "" for name in now if name not in was}, **was})


KINDS: tuple[Kind, ...] = (
    Collection(
        name="container", service=_STORE, path="", rows=_everything, restored=("headers",), deletion=_delete,
        restoration=_restore,
    ),
    Collection(
        name="object", service=_STORE, path="", rows=_objects, deletion=_delete,
        references=(Edge(Relation.USES, "container", "container"),),
    ),
)  # fmt: skip
