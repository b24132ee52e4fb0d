"""Who else has a say in what is kept: installed code, by entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Protocol

from pytest_cleanup.keeping import Keeper
from pytest_cleanup.refusal import Refused

#: Each is a `Provider`, such as the one for what an upgrade that is not over yet has made.
GROUP = "stackproof.cleanup.keepers"


class Provider(Protocol):
    """Gives a keeper for a cloud, which says of a resource why it is kept, or None."""

    def __call__(self, auth_url: str, region: str) -> Keeper:
        """The keeper; raises `StackproofError` if it cannot be told what is to be kept, and nothing is deleted then."""


def provided(auth_url: str, region: str) -> tuple[Keeper, ...]:
    """The keepers of all that are installed; `Refused` if one of them cannot be asked."""
    return tuple(_keeper(point.name, point.load, auth_url, region) for point in entry_points(group=GROUP))


def _keeper(name: str, load: object, auth_url: str, region: str) -> Keeper:
    try:
        provider: Provider = load()  # type: ignore[operator]
        return provider(auth_url, region)
    except Exception as error:
        hint = "mend or uninstall it: it would say what must not be deleted"
        raise Refused(f"{name}, which keeps resources, cannot be asked: {error}", hint=hint) from error
