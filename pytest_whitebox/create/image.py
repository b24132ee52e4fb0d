"""Making what Glance has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_whitebox import images
from pytest_whitebox.create.maker import Maker


def image(
    create: Maker, *, of: str | None = None, properties: Mapping[str, str] | None = None, content: bytes | None = None,
    disk_format: str = "raw",
) -> Any:  # fmt: skip
    """A private image with properties: of ``content``, else a copy of an image (by default of the guests' own)."""
    connection = create.cloud.connection
    if content is not None:
        name = create.noted("image")
        return images.upload(connection, content, name, {"disk_format": disk_format, **(properties or {})})
    source = create.guest_image if of is None else images.find(connection, of)
    return images.copy(connection, source, create.noted("image"), properties or {})
