"""Deleting what projects have without a snapshot: scenario one and two of a cloud that is to be emptied."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_cleanup.errors import ApiError
from pytest_cleanup.keeping import Keepers
from pytest_cleanup.kind import Kind
from pytest_cleanup.look import Look, look
from pytest_cleanup.refusal import Refused
from pytest_cleanup.resource import Key, Relation, Resource
from pytest_cleanup.restore import How, Restoration, remove
from pytest_cleanup.triage import Triage

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: What a cloud consists of, whoever made it: without a snapshot nobody can tell what it cannot be without.
CLOUD = frozenset(
    {
        "domain", "endpoint", "implied_role", "limit", "policy", "region", "registered_limit", "resource_class", "role",
        "service", "trait",
    }
)  # fmt: skip
#: What Cinder has from the beginning.
_GROUP_TYPE = "default_cgsnapshot_type"
_ROUNDS = 3  # a volume type goes when the last volume of it is gone
_SERVICE = "service"


def check(now: Look) -> None:
    """Raise `Refused` if it cannot be seen whose things are."""
    missing = sorted({"project", "user", "role_assignment"} - now.listed)
    if missing:
        hint = "use the credentials of an administrator"
        raise Refused(f"{', '.join(missing)} cannot be listed: {', '.join(now.failed.values())}", hint=hint)


def projects(now: Look, names: Iterable[str]) -> frozenset[str]:
    """The ids of projects by name or id; `Refused` for one that is not there."""
    found = {name: {one.id for one in now.of("project") if name in (one.id, one.name)} for name in names}
    if unknown := [name for name, ids in found.items() if not ids]:
        raise Refused(f"there is no project {', '.join(unknown)}", hint="see `openstack project list`")
    return frozenset().union(*found.values())


def doomed(
    view: View, now: Look, names: Collection[str], kinds: Mapping[str, Kind], keepers: Keepers
) -> tuple[dict[Key, str], list[tuple[Resource, str]]]:
    """What goes and what is kept, with the reasons.

    All that the named projects have goes; without names what all have, projects and users, and what administrators
    have made for all.
    """
    chosen = projects(now, names)
    ours = {Key("user", view.access.user_id), Key("project", view.project)} | _of_services(now) | _defaults(view, now)
    found: dict[Key, str] = {}
    for key, one in now.resources.items():
        if not kinds[key.kind].leaks or key in ours:
            continue
        if names:
            if one.project in chosen and key.kind not in ("project", "user", "role_assignment"):
                found[key] = f"in project {one.project}"
        elif not _of_cloud(one, ours):
            found[key] = "everything goes"
    kept = keepers.kept(now.resources, found.keys())
    spared = [(now.resources[key], kept[key].why) for key in sorted(found.keys() & kept.keys())]
    return {key: why for key, why in found.items() if key not in kept}, spared


def purge(
    view: View, kinds: Mapping[str, Kind], doomed: Mapping[Key, str], kept: Sequence[tuple[Resource, str]], now: Look,
    how: How,
) -> Restoration:  # fmt: skip
    """Delete them, and look again whether they are gone; what stayed is tried again when more is gone."""
    began, asked, done = time.monotonic(), view.calls.total(), Restoration(goal="clean")
    left = doomed
    for _ in range(_ROUNDS):
        gone, done.failures = remove(view, kinds, left, now, how)
        done.deleted += gone
        now = look(view, kinds.values())
        left = {key: why for key, why in left.items() if key in now.resources}
        if not (gone and left):
            break
    done.left = Triage(left, (), (), kept, (), (), now.failed)
    done.calls, done.seconds = view.calls.total() - asked, time.monotonic() - began
    return done


def _of_cloud(one: Resource, ours: Collection[Key]) -> bool:
    """True for what the cloud consists of, for what its services are, and for what we are."""
    if one.kind in CLOUD:
        return True
    if one.kind == "project" and one.name == _SERVICE:
        return True
    owners = {ref.key for ref in one.refs if ref.relation in (Relation.PART_OF, Relation.USES)}
    return one.kind in ("role_assignment", "membership") and bool(owners & set(ours))


def _defaults(view: View, now: Look) -> set[Key]:
    """The types that Cinder takes if none is named; it lets nobody delete them."""
    found = {one.key for one in now.of("group_type") if one.name == _GROUP_TYPE}
    if now.of("volume_type"):
        with suppress(ApiError):
            found.add(Key("volume_type", view.get("block-storage", "/types/default")["volume_type"]["id"]))
    return found


def _of_services(now: Look) -> set[Key]:
    """The users that services are: those with a role named service, or with any in the project of that name."""
    project = {one.id for one in now.of("project") if one.name == _SERVICE}
    roles = {one.id for one in now.of("role") if one.name == _SERVICE}
    found = {Key("project", id) for id in project}
    for one in now.of("role_assignment"):
        ends = {ref.kind: ref.id for ref in one.refs}
        if ends.get("project") in project or ends.get("role") in roles:
            found |= {Key("user", ends["user"])} if "user" in ends else set()
    return found
