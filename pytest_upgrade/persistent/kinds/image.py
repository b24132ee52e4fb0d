"""Images."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Unusable
from pytest_upgrade.persistent.kinds.fields import absent, changed
from pytest_whitebox import images
from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept


class Image:
    """An image of noise."""

    name = "image"
    service = "image"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Upload it."""
        content = os.urandom(spec["size"])
        made = images.upload(place.connection, content, name, {"disk_format": "raw"})
        digest = hashlib.sha256(content).hexdigest()
        return {"id": made.id, "digest": digest, "record": self._record(place, made.id)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By its id."""
        return absent(lambda: place.connection.image.get_image(kept.state["id"]))

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """What Glance says of it: size, checksums, format, owner."""
        return changed(kept.state["record"], self._record(place, kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:
        """Download it and compare it byte for byte."""
        answer = place.connection.image.get(f"/images/{kept.state['id']}/file")
        digest = hashlib.sha256(answer.content).hexdigest()
        if answer.status_code != 200 or digest != kept.state["digest"]:
            said = f"Glance answers {answer.status_code} with {len(answer.content)} bytes of SHA-256 {digest[:16]}…"
            raise Unusable(f"{kept} is downloaded as something else: {said}", hint="see the log of glance-api")
        return f"downloaded, {len(answer.content)} bytes as they were uploaded"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """By its name."""
        REMOVALS["image"](place.connection, name)

    def _record(self, place: Place, id: str) -> dict[str, Any]:
        found = place.connection.image.get_image(id)
        return {
            "status": found.status, "size": found.size, "checksum": found.checksum, "hash": found.hash_value,
            "format": found.disk_format, "visibility": found.visibility, "owner": found.owner_id,
        }  # fmt: skip
