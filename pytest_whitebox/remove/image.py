"""Undoing what was made in Glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_whitebox.remove.gone import remove_all

if TYPE_CHECKING:
    from openstack.connection import Connection


def image(connection: Connection, name: str) -> None:
    """Delete the images of this name and wait until they are gone."""
    images: Any = connection.image
    remove_all(name, lambda: images.images(name=name), images.delete_image, "image")
