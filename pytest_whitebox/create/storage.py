"""Making what Cinder has: volumes, snapshots and volume types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_whitebox.create.maker import Maker, settled

_LUKS = {"provider": "luks", "cipher": "aes-xts-plain64", "key_size": 256, "control_location": "front-end"}


def volume(
    create: Maker, *, size: int = 1, image: Any = None, snapshot: Any = None, type: Any = None,
    wait: str | None = "available", **attributes: Any,
) -> Any:  # fmt: skip
    """A volume of ``size`` GiB that has reached the status ``wait``; empty unless made of an image or a snapshot."""
    storage = create.connection.block_storage
    sources = {"image_id": image, "snapshot_id": snapshot}
    given = {key: source.id for key, source in sources.items() if source is not None}
    kind = {} if type is None else {"volume_type": type if isinstance(type, str) else type.name}
    name = create.noted("volume")
    made = storage.create_volume(name=name, size=size, **given, **kind, **attributes)
    return settled(lambda: storage.get_volume(made.id), wait, f"volume {name}") if wait else made


def snapshot(create: Maker, volume: Any, *, force: bool = False) -> Any:
    """A snapshot of a volume that is available; ``force`` takes one of a volume in use."""
    storage = create.connection.block_storage
    name = create.noted("volume snapshot")
    made = storage.create_snapshot(name=name, volume_id=volume.id, is_forced=force)
    return settled(lambda: storage.get_snapshot(made.id), "available", f"snapshot {name}")


def volume_type(
    create: Maker, *, extra_specs: Mapping[str, str] | None = None, encryption: Mapping[str, Any] | bool = False
) -> Any:
    """A volume type; with ``encryption`` its volumes are encrypted by LUKS, or as the mapping says."""
    storage = create.connection.block_storage
    made = storage.create_type(name=create.noted("volume type"), extra_specs=dict(extra_specs or {}))
    if encryption:
        storage.create_type_encryption(made, **(_LUKS if encryption is True else encryption))
    return made
