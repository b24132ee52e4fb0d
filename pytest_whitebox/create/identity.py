"""Making what Keystone has."""

from __future__ import annotations

from typing import Any

from pytest_whitebox.create.maker import Maker


def user(create: Maker, *, password: str, **attributes: Any) -> Any:
    """A user with a password, of the default domain unless told otherwise."""
    name = create.noted("user")
    return create.connection.identity.create_user(name=name, password=password, **attributes)
