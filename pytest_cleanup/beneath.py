"""What a run leaves behind the APIs, where they can be looked behind: domains, disks, plugs, allocations, data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_cleanup.attribution.act import MADE, Act
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.lasting import lasting

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.orphans import Orphan


@dataclass(frozen=True, slots=True)
class Beneath:
    """The orphans of a cloud at one moment; ``unseen`` tells where it could not be looked, and why."""

    orphans: frozenset[Orphan] = frozenset()
    unseen: tuple[str, ...] = ()

    @classmethod
    def of(cls, cloud: Cloud | None) -> Beneath:
        """Look; there is nothing to see without a way to the hosts."""
        from openstack.exceptions import SDKException

        from pytest_whitebox.core.orphans import orphans

        unseen: list[str] = []
        if cloud is None:
            return cls(unseen=("the cloud's hosts are not known",))
        try:
            found = frozenset(orphans(cloud.hosts, cloud.databases, unseen.append))
        except (StackproofError, SDKException) as error:
            return cls(unseen=(str(error),))
        return cls(found, tuple(unseen))

    def since(self, cloud: Cloud | None) -> Beneath:
        """What is there now, was not there then, and stays for a minute."""
        now = Beneath.of(cloud)
        if not now.orphans - self.orphans:
            return Beneath(unseen=now.unseen)
        return Beneath(lasting(lambda: Beneath.of(cloud).orphans - self.orphans), now.unseen)

    def lines(self, acts: Sequence[Act]) -> Iterator[str]:
        """Each with the test that made what it belonged to, if one did."""
        makers = {act.id: act.nodeid for act in acts if act.verb == MADE}
        for orphan in sorted(self.orphans):
            by = f", made by {makers[orphan.id]}" if orphan.id in makers else ""
            yield f"{orphan}{by}"
