"""What all verbs share: the cloud, the ledger, and names that nobody else has."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_whitebox import images
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.remove import REMOVALS, Undo

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.ledger import Ledger
    from pytest_whitebox.server import Server

_PATIENCE = 180  # seconds for the slowest thing but a server, a volume that is filled with an image


class Maker:
    """Names start with ``prefix``, which no other test of any run has; ``servers`` are those made so far.

    Unless told otherwise servers go to the host ``place``, or wherever the scheduler wants.
    """

    def __init__(self, cloud: Cloud, ledger: Ledger, prefix: str, image_name: str | None = None) -> None:
        self.cloud, self.ledger = cloud, ledger
        self.prefix, self.image_name = prefix, image_name
        self.place = ""
        self.servers: list[Server] = []
        self._numbers = itertools.count(1)

    @property
    def connection(self) -> Any:
        """The cloud's connection."""
        return self.cloud.connection

    @property
    def guest_image(self) -> Any:
        """The image that guests boot from unless told otherwise."""
        if self.image_name is None:
            return self.cloud.facts.guest_image
        return images.find(self.cloud.connection, self.image_name)

    def noted(self, kind: str, undo: Undo | None = None) -> str:
        """A new name; what will bear it is undone by that name, so that even a request without an answer is.

        ``undo`` is for a kind of your own; the others are in `pytest_whitebox.remove`.
        """
        name = f"{self.prefix}-{kind.replace(' ', '-')}{next(self._numbers)}"
        remove = undo or REMOVALS[kind]
        self.ledger.add(f"{kind} {name}", lambda: remove(self.cloud.connection, name))
        return name


def settled(look: Callable[[], Any], status: str, what: str) -> Any:
    """The thing once it has a status; raises `StackproofError` as soon as it is in error instead."""
    seen = wait_for(
        lambda: found if (found := look()).status == status or "error" in found.status.lower() else None,
        timeout=_PATIENCE, every=0.5, what=f"{what} to become {status}",
    )  # fmt: skip
    if seen.status != status:
        raise StackproofError(f"{what} went to {seen.status}", hint="see the log of the service that makes it")
    return seen
