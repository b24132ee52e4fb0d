"""Images: the one that guests boot from unless told otherwise, and copies of it with other properties."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from openstack.connection import Connection

#: Kernels and ramdisks boot nothing by themselves, an installer wants to be answered.
_NOT_BOOTABLE = ("aki", "ari", "iso")
_SET_BY_GLANCE = frozenset({
    "id", "self", "file", "schema", "status", "owner", "checksum", "size", "virtual_size", "created_at", "updated_at",
    "direct_url", "locations", "stores", "protected", "name", "visibility", "os_hash_algo", "os_hash_value",
})  # fmt: skip


def find(connection: Connection, name: str) -> Any:
    """The image of a name or id."""
    images: Any = connection.image
    return images.find_image(name, ignore_missing=False)


def default(connection: Connection, began: float) -> Any:
    """The oldest public image that asks for the smallest disk, of those older than ``began``, in seconds since 1970.

    A newer one may be another test's, which removes it before the guest has it.
    """
    images: Any = connection.image
    active = images.images(visibility="public", status="active")
    usable = [image for image in active if image.disk_format not in _NOT_BOOTABLE]
    if not usable:
        hint = "upload one, or name one with --whitebox-image"
        raise StackproofError("the cloud has no public image that a guest could boot from", hint=hint)
    before = [image for image in usable if _created(image) <= began]
    return min(before or usable, key=lambda image: (image.min_disk or 0, _created(image)))


def _created(image: Any) -> float:
    return datetime.fromisoformat(image.created_at).timestamp() if image.created_at else 0


def copy(connection: Connection, image: Any, name: str, properties: Mapping[str, str]) -> Any:
    """A private image with the same bytes and properties, and those given set over them."""
    api: Any = connection.image
    record = api.get(f"/images/{image.id}").json()
    kept = {key: value for key, value in record.items() if key not in _SET_BY_GLANCE and value is not None}
    body = {key: value for key, value in kept.items() if not key.startswith("os_glance_")}
    with tempfile.TemporaryFile() as content:
        with api.get(f"/images/{image.id}/file", stream=True) as download:
            shutil.copyfileobj(download.raw, content)
        content.seek(0)
        return upload(connection, content, name, {**body, **properties})


def upload(connection: Connection, content: bytes | IO[bytes], name: str, properties: Mapping[str, Any]) -> Any:
    """A private image of these bytes; ``properties`` may tell its ``disk_format``."""
    api: Any = connection.image
    told = {"container_format": "bare", **properties, "name": name, "visibility": "private"}
    new = _answer(api.post("/images", json=told), f"create image {name}")["id"]
    headers = {"Content-Type": "application/octet-stream"}
    _answer(api.put(f"/images/{new}/file", data=content, headers=headers), f"upload image {name}")
    return api.get_image(new)


def _answer(response: Any, what: str) -> Any:
    if response.ok:
        return response.json() if response.content else None
    raise StackproofError(
        f"Glance refused to {what}: {response.status_code} {response.reason}", hint=response.text[:200]
    )
