"""Making what Heat has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_whitebox.create.maker import Maker


def stack(create: Maker, template: Mapping[str, Any], **parameters: str) -> Any:
    """A stack that Heat has begun to make."""
    name = create.noted("stack")
    described = {"template": dict(template), "parameters": parameters, "timeout_mins": 5}
    return create.connection.orchestration.create_stack(name=name, **described)
