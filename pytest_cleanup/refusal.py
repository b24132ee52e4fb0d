"""When nothing is deleted at all: what was recorded, or what is seen now, cannot be trusted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pytest_whitebox.core.commandline import MISUSED
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_cleanup.look import Look
    from pytest_cleanup.snapshot import Identity, Snapshot

#: Seconds by which the clocks of services may differ; beyond that no time that they tell says what came first.
MOST_SKEW = 60.0


class Refused(StackproofError):
    """It was not even begun."""

    exit_code = MISUSED

    @property
    def sentence(self) -> str:
        """Its message and its next step, and that nothing is lost."""
        return f"{super().sentence}; nothing was deleted"


def check(snapshot: Snapshot, cloud: Identity, now: Look, emptied: Collection[str] = ()) -> None:
    """Raise `Refused` if the snapshot is not of this cloud, or this cloud is not seen as it was then.

    ``emptied`` are kinds of which the user says that none is right.
    """
    was = snapshot.cloud
    if not was.same(cloud):
        hint = "give the snapshot that was taken of this cloud"
        raise Refused(f"the snapshot is of {_name(was)}, and this is {_name(cloud)}", hint=hint)
    lost = sorted(set(was.roles) - set(cloud.roles))
    if lost:
        hint = "use the credentials with which the snapshot was taken"
        raise Refused(f"the snapshot was taken with the role {', '.join(lost)}, which we do not have now", hint=hint)
    # Answers take their time, so that a clock is known to some seconds only.
    if now.taken < snapshot.look.taken - timedelta(seconds=MOST_SKEW):
        raise Refused("the cloud's clock is behind the time of the snapshot", hint="set the clocks of the cloud")
    skew = max(now.skew, snapshot.look.skew)
    if skew > MOST_SKEW:
        hint = "set the clocks of its hosts, then take a new snapshot"
        raise Refused(f"the clocks of the cloud's services are {skew:.0f} s apart", hint=hint)
    forbidden = sorted(kind for kind, why in now.failed.items() if " answered 403" in why or " answered 401" in why)
    if blind := [kind for kind in forbidden if kind in snapshot.look.listed]:
        hint = "use the credentials with which the snapshot was taken"
        raise Refused(f"listing {', '.join(blind)} is forbidden now, and was not then", hint=hint)
    for kind in sorted(now.listed - set(emptied)):
        if (count := len(snapshot.look.of(kind))) and not now.of(kind):
            hint = f"look with `pytest-cleanup report`; if that is right, say --emptied {kind}"
            raise Refused(f"the cloud lists no {kind} at all, and had {count} in the snapshot", hint=hint)


def _name(cloud: Identity) -> str:
    return f"{cloud.auth_url} {cloud.region}".strip()
