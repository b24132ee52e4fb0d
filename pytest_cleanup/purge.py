"""Deleting what projects have without a snapshot: scenario one and two of a cloud that is to be emptied."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_cleanup.kind import Kind
from pytest_cleanup.look import Look, look
from pytest_cleanup.plan import plan
from pytest_cleanup.refusal import Refused
from pytest_cleanup.removal import Removal
from pytest_cleanup.resource import Key, Relation, Resource
from pytest_cleanup.restore import How, Restoration
from pytest_cleanup.triage import Keeper, Triage

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: What a cloud consists of, as long as no project has it.
CLOUD = frozenset(
    {
        "aggregate", "domain", "endpoint", "flavor", "group_type", "implied_role", "limit", "network_flavor", "policy",
        "qos_spec", "region", "registered_limit", "resource_class", "role", "service", "service_profile", "trait",
        "volume_type",
    }
)  # fmt: skip
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
    view: View, now: Look, names: Collection[str], kinds: Mapping[str, Kind], keepers: Sequence[Keeper]
) -> dict[Key, str]:
    """What goes: all that the named projects have; without names what all have, and projects and users, too."""
    chosen = projects(now, names)
    ours = {Key("user", view.access.user_id), Key("project", view.project)} | _of_services(now)
    found: dict[Key, str] = {}
    for key, one in now.resources.items():
        if not kinds[key.kind].leaks or key in ours or any(keep(one) for keep in keepers):
            continue
        if names:
            if one.project in chosen and key.kind not in ("project", "user", "role_assignment"):
                found[key] = f"in project {one.project}"
        elif not _of_cloud(one, ours):
            found[key] = "everything goes"
    return found


def purge(view: View, kinds: Mapping[str, Kind], doomed: Mapping[Key, str], now: Look, how: How) -> Restoration:
    """Delete them, and look again whether they are gone."""
    began, asked = time.monotonic(), view.calls.total()
    removal = Removal(
        view, kinds, plan(doomed, now.resources), now.resources, pause=how.pause, witness=how.witness,
        last_resort=how.last_resort, told=how.told,
    )  # fmt: skip
    done = Restoration()
    done.deleted, done.failures = removal.run()
    after = look(view, kinds.values())
    left = {key: why for key, why in doomed.items() if key in after.resources}
    done.left = Triage(left, (), (), (), (), (), after.failed)
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
