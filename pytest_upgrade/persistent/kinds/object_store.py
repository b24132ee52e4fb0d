"""Objects."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_upgrade.persistent.errors import Unusable
from pytest_upgrade.persistent.kinds.fields import changed
from pytest_whitebox.remove import REMOVALS

if TYPE_CHECKING:
    from pytest_upgrade.persistent.place import Place
    from pytest_upgrade.store.values import Kept

_OBJECT = "noise"


class Object:
    """An object of noise in a container of its own."""

    name = "object"
    service = "object-store"

    def make(self, place: Place, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Make both."""
        store, content = place.connection.object_store, os.urandom(spec["size"])
        store.create_container(name)
        self._put(place, f"/{name}/{_OBJECT}", content)
        digest = hashlib.sha256(content).hexdigest()
        return {"id": name, "digest": digest, "record": self._record(place, name)}

    def missing(self, place: Place, kept: Kept) -> str:
        """By a request for the object itself."""
        answer = place.connection.object_store.head(f"/{kept.state['id']}/{_OBJECT}")
        return "" if answer.status_code == 200 else f"Swift answers {answer.status_code} for it"

    def differences(self, place: Place, kept: Kept) -> Iterator[str]:
        """Its size, ETag and time, and whether its container lists it."""
        return changed(kept.state["record"], self._record(place, kept.state["id"]))

    def use(self, place: Place, kept: Kept) -> str:
        """Read it byte for byte; put another beside it, read that, and delete it."""
        store, container = place.connection.object_store, kept.state["id"]
        content = store.get(f"/{container}/{_OBJECT}").content
        if hashlib.sha256(content).hexdigest() != kept.state["digest"]:
            raise Unusable(f"{kept} is read as something else: {len(content)} bytes", hint="see the log of swift-proxy")
        other = f"/{container}/other-{place.phase}"
        self._put(place, other, b"beside")
        if store.get(other).content != b"beside":
            raise Unusable(
                f"the container of {kept} does not give back what it takes", hint="see the log of swift-proxy"
            )
        store.delete(other)
        return f"read, {len(content)} bytes as they were written; another written, read and deleted"

    def remove(self, place: Place, name: str, state: Mapping[str, Any]) -> None:  # noqa: ARG002
        """With its container."""
        REMOVALS["container"](place.connection, name)

    def _put(self, place: Place, path: str, content: bytes) -> None:
        answer = place.connection.object_store.put(path, data=content)
        if answer.status_code != 201:
            raise Unusable(f"Swift answers {answer.status_code} to PUT {path}", hint="see the log of swift-proxy")

    def _record(self, place: Place, container: str) -> dict[str, Any]:
        store = place.connection.object_store
        head = store.head(f"/{container}/{_OBJECT}").headers
        listed = [entry["name"] for entry in store.get(f"/{container}", params={"format": "json"}).json()]
        return {
            "size": head.get("Content-Length"), "etag": head.get("Etag"), "time": head.get("X-Timestamp"),
            "listed": _OBJECT in listed,
        }  # fmt: skip
