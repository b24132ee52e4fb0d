"""Roles that tests need by a name which is not theirs to choose, and several runs may need at the same time.

Keystone counts no users of a role. So each run says that it needs one by a role of its own beside it, which has the
run's name; the last run to take its own away removes the role, if it was made in this way.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from openstack.connection import Connection

    from pytest_whitebox.create import Create

#: What the ledger calls the need of one.
NEED = "need of role"
_NEEDS = "-needs-"
_OURS = "made by stackproof for tests of Tempest, and removed with the last run that needs it"


def have(create: Create, name: str) -> None:
    """Have a role that the cloud may lack: made if it is missing, removed when the last run that needs it is over."""
    api: Any = create.connection.identity
    if any(role.name == name and role.description != _OURS for role in api.roles()):
        return
    mark = f"{create.prefix}{_NEEDS}{name}"
    create.ledger.add(f"{NEED} {mark}", partial(give_up, create.connection, mark))
    api.create_role(name=mark, description=f"a run that needs {name}")
    _make(api, name)


def give_up(connection: Connection, mark: str) -> None:
    """This run needs the role no more; ``mark`` is the name of the one beside it."""
    api: Any = connection.identity
    name = mark.partition(_NEEDS)[2]
    REMOVALS["role"](connection, mark)
    known = list(api.roles())
    if _needed(known, name) or not any(role.name == name and role.description == _OURS for role in known):
        return
    REMOVALS["role"](connection, name)
    # Who came between the look and the removal has looked before it, and has not made the role.
    if _needed(api.roles(), name):
        _make(api, name)


def _needed(roles: Any, name: str) -> bool:
    return any(role.name.endswith(f"{_NEEDS}{name}") for role in roles)


def _make(api: Any, name: str) -> None:
    from openstack.exceptions import ConflictException

    if any(role.name == name for role in api.roles()):
        return
    try:
        api.create_role(name=name, description=_OURS)
    except ConflictException:
        # Another run was faster; it has said that it needs the role, as we have.
        return
