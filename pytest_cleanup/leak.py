"""Something that is in the cloud and was not before, with the test that it goes back to and why it is still there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_cleanup.attribution.attribution import Attribution
from pytest_cleanup.resource import Resource


@dataclass(frozen=True, slots=True)
class Leak:
    """A resource that is left; ``cause`` is one sentence, ``group`` the same without what only this leak has.

    ``asked`` tells that somebody did ask for its deletion.
    """

    resource: Resource
    attribution: Attribution | None
    cause: str
    group: str
    asked: bool = False

    @property
    def sentence(self) -> str:
        """What, by whom, and why.

        >>> str(Leak(Resource("volume", "0a", "data"), None, "nothing asked for its deletion", "").sentence)
        "volume 'data' (0a): nothing asked for its deletion"
        """
        status = f", {self.resource.status}" if self.resource.status else ""
        return f"{self.resource}{status}: {self.cause}"

    @property
    def is_bug(self) -> bool:
        """True if it is the cloud that did not do what it was asked, or is in error."""
        return self.asked or "error" in (self.resource.status or "").lower()

    def as_json(self) -> dict[str, Any]:
        """All that is known, as JSON's types."""
        made = self.attribution
        told = None if made is None else {
            "nodeid": made.nodeid, "how": str(made.how), "certain": made.certain, "phase": made.phase,
            "worker": made.worker, "fixture": made.fixture, "through": made.through,
            "request_id": made.request_id, "test_id": made.test_id,
        }  # fmt: skip
        return {**self.resource.as_json(), "attribution": told, "cause": self.cause, "group": self.group}
