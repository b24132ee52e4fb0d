"""Making what Barbican has."""

from __future__ import annotations

from typing import Any

from pytest_whitebox.create.maker import Maker


def secret(create: Maker, payload: str) -> Any:
    """A secret whose payload is a text."""
    name = create.noted("secret")
    return create.connection.key_manager.create_secret(name=name, payload=payload, payload_content_type="text/plain")
