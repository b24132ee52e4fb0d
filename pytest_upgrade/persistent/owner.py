"""The user whose things outlive the upgrade: made for the run, no administrator, in a project of its own."""

from __future__ import annotations

import secrets as random
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Inconclusive
from pytest_upgrade.store.secrets import locked
from pytest_upgrade.store.values import Kept
from pytest_whitebox.core.connecting import as_user
from pytest_whitebox.core.errors import StackproofError, plain

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place

#: The row of the store that says who the user of a run is.
KIND, NAME = "user", "run"
_ROLES = ("member", "_member_")
#: How the names of secrets begin that are tokens of the user.
TOKEN = "token "  # noqa: S105 -- a name
#: The secret that is the user's password.
PASSWORD = "password"  # noqa: S105 -- a name


def connection(place: Place) -> Any:
    """The user of the run, logged in; made first if the run has none yet.

    Where the given cloud entry may not make users, its own user is the user of the run.
    """
    with locked(place.directory, "owner"):
        kept = known(place)
        if kept is None or kept.made is None:
            kept = _make(place, kept)
    if kept.state["given"]:
        return place.given
    return _let_in(place, kept.state)


def known(place: Place) -> Kept | None:
    """The user of the run as the store has it."""
    return next(iter(place.store.resources.of(place.run.id, kind=KIND, name=NAME)), None)


def login(place: Place, state: dict[str, Any], password: str) -> Any:
    """A new connection of the run's user."""
    return as_user(place.given.config, user=state["id"], project=state["project"], password=password)


def remove(place: Place) -> None:
    """Remove the user and the project of a run, with the quota that it had."""
    kept = known(place)
    if kept is None or kept.gone is not None or kept.state.get("given"):
        return
    identity, name = place.given.identity, place.run.prefix
    projects = list(identity.projects(name=name))
    # What can fail comes first: without the user nobody could try again.
    for project in projects:
        _remove_default_group(place, project)
    for user in identity.users(name=name):
        identity.delete_user(user, ignore_missing=True)
    for project in projects:
        identity.delete_project(project, ignore_missing=True)


def _make(place: Place, kept: Kept | None) -> Kept:
    from openstack.exceptions import ForbiddenException

    if kept is None:
        place.store.resources.add(place.run.id, Kept(KIND, NAME, {}))
    else:
        remove(place)
    try:
        state = _made(place)
    except ForbiddenException:
        state = _given(place)
    import time

    place.store.resources.set(place.run.id, {"kind": KIND, "name": NAME}, state=state, made=time.time())
    found = known(place)
    assert found is not None  # noqa: S101 -- written two lines before
    return found


def _made(place: Place) -> dict[str, Any]:
    identity, name = place.given.identity, place.run.prefix
    domain = _domain(place)
    project = identity.create_project(
        name=name, domain_id=domain, description="stackproof: things that outlive an upgrade"
    )
    password = random.token_urlsafe(24)
    place.secrets.set(PASSWORD, password)
    user = identity.create_user(name=name, domain_id=domain, password=password, default_project_id=project.id)
    role = next((found for word in _ROLES if (found := identity.find_role(word))), None)
    if role is None:
        raise StackproofError(
            "the cloud has no role `member`", hint="make one, or give the entry of a user who is no administrator"
        )
    identity.assign_project_role_to_user(project, user, role)
    return {"given": False, "id": user.id, "name": name, "project": project.id, "domain": domain, "enabled": True}


def _given(place: Place) -> dict[str, Any]:
    access = place.given.session.auth.get_access(place.given.session)
    return {
        "given": True, "id": access.user_id, "name": access.username, "project": access.project_id,
        "domain": access.user_domain_id, "enabled": True,
    }  # fmt: skip


def _domain(place: Place) -> str:
    """The domain of the user who was given, where a new one has the most rights to be."""
    access = place.given.session.auth.get_access(place.given.session)
    return str(access.user_domain_id or "default")


def _let_in(place: Place, state: dict[str, Any]) -> Any:
    """Log in; where the password was changed or has expired since, an administrator gives the user another one.

    Raises `Inconclusive` if nobody can: that says nothing of the things that are kept.
    """
    from keystoneauth1.exceptions import Unauthorized

    made = login(place, state, _password(place, state))
    try:
        made.session.get_token()
        return made
    except Unauthorized as error:
        why = f"the user of run {place.run.id} is not let in any more: {plain(error)}"
    try:
        made = login(place, state, _another(place, state))
        made.session.get_token()
        return made
    except (Unauthorized, StackproofError):
        hint = "enable the user and run the phase again with an administrator's entry: nothing that is kept is lost"
        raise Inconclusive(why, hint=hint) from None


def _password(place: Place, state: dict[str, Any]) -> str:
    """The password; on a machine that does not know it, an administrator gives the user another one."""
    known = place.secrets.get(PASSWORD)
    return known if known is not None else _another(place, state)


def _another(place: Place, state: dict[str, Any]) -> str:
    """Another password, given by an administrator; with the old one Keystone revokes the user's tokens."""
    from openstack.exceptions import SDKException

    password = random.token_urlsafe(24)
    try:
        place.given.identity.update_user(state["id"], password=password)
    except SDKException as error:
        raise StackproofError(
            f"the password of the user of run {place.run.id} is not known on this machine or wrong: {plain(error)}",
            hint="bring the run here with `pytest-upgrade export --with-secrets`, or give an administrator's entry",
        ) from error
    place.secrets.drop(TOKEN)
    place.secrets.set(PASSWORD, password)
    return password


def _remove_default_group(place: Place, project: Any) -> None:
    """Neutron makes a security group for each project and leaves it when the project goes."""
    if place.has("network"):
        network = place.given.network
        for group in network.security_groups(project_id=project.id):
            network.delete_security_group(group, ignore_missing=True)
