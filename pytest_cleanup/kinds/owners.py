"""What a service tells of one project or user at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_cleanup.errors import ApiError

if TYPE_CHECKING:
    from pytest_cleanup.kinds.collection import Row
    from pytest_cleanup.view import View

_IDENTITY = "identity"


def of_projects(view: View, ask: Callable[[str], list[Row]]) -> list[Row]:
    """The rows of all projects, each asked for by its id."""
    return _of_each(view, "projects", ask)


def of_users(view: View, ask: Callable[[str], list[Row]]) -> list[Row]:
    """The rows of all users, each asked for by its id."""
    return _of_each(view, "users", ask)


def _of_each(view: View, owners: str, ask: Callable[[str], list[Row]]) -> list[Row]:
    """One that has gone since it was listed has nothing."""

    def rows(id: str) -> list[Row]:
        try:
            return ask(id)
        except ApiError as error:
            if error.status not in (400, 401, 403, 404) or not view.absent(_IDENTITY, f"/{owners}/{id}"):
                raise
            return []

    ids = [owner["id"] for owner in view.rows(_IDENTITY, f"/{owners}", owners)]
    return [row for found in view.each(ids, rows) for row in found]
