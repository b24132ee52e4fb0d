"""Making what Designate has."""

from __future__ import annotations

from typing import Any

from pytest_whitebox.create.maker import Maker, settled
from pytest_whitebox.remove import domain


def zone(create: Maker) -> Any:
    """A primary zone that its name servers have."""
    api = create.connection.dns
    name = domain(create.noted("zone"))
    made = api.create_zone(name=name, email=f"hostmaster@{name.rstrip('.')}", ttl=60)
    return settled(lambda: api.get_zone(made.id), "ACTIVE", f"zone {name}")
