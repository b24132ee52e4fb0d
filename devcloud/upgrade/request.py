"""Which upgrade is meant, and why it cannot be."""

from __future__ import annotations

from devcloud.machine.packages import RELEASES
from devcloud.state import Settings, Upgrade
from pytest_whitebox.core.errors import StackproofError

COLD, ROLLING = MANNERS = ("cold", "rolling")


def wanted(settings: Settings, target: str, manner: str | None) -> Upgrade:
    """The upgrade that is under way, or the one that begins; raises `StackproofError` for one that cannot be.

    A new one is rolling where each API has two instances, if nothing else is said.
    """
    under_way = settings.upgrade
    if under_way is not None:
        if target != under_way.target:
            raise StackproofError(
                f"the cloud is being upgraded to {under_way.target}, and not to {target}", hint=_go_on(under_way)
            )
        if manner not in (None, under_way.manner):
            raise StackproofError(
                f"the upgrade to {target} was begun {under_way.manner}, and goes on so", hint=_go_on(under_way)
            )
        return under_way
    _refuse_release(settings.release, target)
    if manner == ROLLING and settings.workers < 2:
        raise StackproofError(
            "a rolling upgrade replaces one instance of each API while another serves, and there is one only",
            hint="`devcloud up --workers 2` makes another, or use --manner cold",
        )
    return Upgrade(target, manner or (ROLLING if settings.workers > 1 else COLD))


def _refuse_release(old: str, new: str) -> None:
    if new not in RELEASES:
        raise StackproofError(f"devcloud has no release {new!r}", hint=f"choose from {', '.join(RELEASES)}")
    if new == old:
        raise StackproofError(f"the cloud is {old} already", hint="`devcloud status` says whether it is well")
    if new < old:
        raise StackproofError(
            f"the cloud is {old}, and OpenStack knows no way back to {new}",
            hint="`devcloud load` brings back a cloud that was saved before its upgrade",
        )
    if not may_follow(old, new):
        raise StackproofError(
            f"OpenStack cannot be upgraded from {old} to {new} at once",
            hint="go to the release in between first",
        )


def may_follow(old: str, new: str) -> bool:
    """Whether OpenStack supports an upgrade between two releases at once: to the next, or from each first of a year.

    >>> may_follow("2025.1", "2025.2"), may_follow("2025.1", "2026.1"), may_follow("2025.2", "2026.1")
    (True, True, True)
    >>> may_follow("2025.2", "2026.2"), may_follow("2024.1", "2026.1")
    (False, False)
    """
    (year, half), (new_year, new_half) = _parts(old), _parts(new)
    steps = 2 * (new_year - year) + new_half - half
    return steps == 1 or (steps == 2 and half == 1)


def _parts(release: str) -> tuple[int, int]:
    year, _, half = release.partition(".")
    return int(year), int(half)


def _go_on(upgrade: Upgrade) -> str:
    return f"`devcloud upgrade --to {upgrade.target}` goes on with it"
