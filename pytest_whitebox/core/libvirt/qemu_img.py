"""An image file or block device of a host, as QEMU sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports import Transport


@dataclass(frozen=True, slots=True)
class Image:
    """What ``qemu-img info`` tells: sizes in bytes; ``backing`` is a path or nothing, ``details`` the whole answer."""

    path: str
    format: str
    virtual_size: int
    actual_size: int
    backing: str
    encrypted: bool
    details: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, text: str) -> Image:
        """Parse ``qemu-img info --output=json``; raises `StackproofError` for anything else.

        >>> Image.from_json('{"filename": "/a.img", "format": "raw", "virtual-size": 4096, "actual-size": 512}')
        Image(path='/a.img', format='raw', virtual_size=4096, actual_size=512, backing='', encrypted=False)
        """
        try:
            found = json.loads(text)
            return cls(
                path=found["filename"],
                format=found["format"],
                virtual_size=found["virtual-size"],
                actual_size=found.get("actual-size", 0),
                backing=found.get("full-backing-filename", found.get("backing-filename", "")),
                encrypted=bool(found.get("encrypted")),
                details=MappingProxyType(found),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StackproofError(
                f"qemu-img says something else than expected: {error!r}", hint="run it there"
            ) from None


def image(transport: Transport, path: str) -> Image:
    """Look at an image that a guest may be using, without a lock on it; raises `CommandFailed` if there is none."""
    return Image.from_json(transport.run(["qemu-img", "info", "--output=json", "--force-share", "--", path]).stdout)
