"""Making what Swift has."""

from __future__ import annotations

from pytest_whitebox.create.maker import Maker


def container(create: Maker) -> str:
    """The name of a new container; it goes with all that is in it."""
    name = create.noted("container")
    create.connection.object_store.create_container(name)
    return name
