"""Allocations: what Placement has given to a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Inconclusive
from pytest_upgrade.persistent.kinds.fields import changed

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept


class Allocation:
    """What a server takes, by resource class and provider; only an administrator may look."""

    name = "allocation"
    service = "placement"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Write down what the server has been given."""
        server = place.kept("server", spec["server"], **spec["of_server"])
        return {"id": server.id, "record": self._record(place, server.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """A server that runs and takes nothing is lost to Placement."""
        return "" if self._record(place, kept.state["id"]) else "Placement has given the server nothing"

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Classes, amounts, providers."""
        return changed(kept.state["record"], self._record(place, kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:  # noqa: ARG002
        """It is used by Nova."""
        return "held by the server"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:
        """It goes with its server."""

    def _record(self, place: Place, server: str) -> dict[str, Any]:
        answer = place.given.placement.get(f"/allocations/{server}")
        if answer.status_code in (401, 403):
            raise Inconclusive("only an administrator may look at allocations", hint="give an administrator's entry")
        allocations = answer.json()["allocations"]
        return {provider: allocations[provider]["resources"] for provider in sorted(allocations)}
