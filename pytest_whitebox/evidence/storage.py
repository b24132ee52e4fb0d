"""What Cinder tells its users of what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pytest_whitebox.evidence.piece import Piece, as_json

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud

_MESSAGES = "3.5"  # the microversion that has them


def pieces(cloud: Cloud, start: float) -> Iterator[Piece]:
    """Cinder's messages since the test began, if there is a Cinder."""
    if "block-storage" in cloud.facts.service_types:
        yield Piece("volume-messages.json", lambda: as_json(_messages(cloud, start)))


def _messages(cloud: Cloud, start: float) -> list[dict[str, Any]]:
    storage: Any = cloud.connection.block_storage
    since = datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    answer = storage.get("/messages", microversion=_MESSAGES).json()
    return [one for one in answer.get("messages", ()) if one["created_at"] >= since]
