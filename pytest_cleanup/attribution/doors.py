"""Where in the addresses of an API things of which kind are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol


class Placed(Protocol):
    """What is asked of a kind: its name, its service, and the address of its collection if it has one."""

    @property
    def name(self) -> str:
        """The API's word for one of them."""

    @property
    def service(self) -> str:
        """The type of the service that has them."""


#: Further addresses of kinds: older ones, and those of what is listed in another way.
_ALSO: Mapping[tuple[str, str], str] = {
    ("block-storage", "/os-volume-transfer"): "volume_transfer",
    ("block-storage", "/attachments"): "volume_attachment",
    ("block-storage", "/consistencygroups"): "volume_group",
    ("network", "/security-group-rules"): "security_group_rule",
    ("network", "/port_forwardings"): "port_forwarding",
    ("identity", "/application_credentials"): "application_credential",
    ("dns", "/recordsets"): "recordset",
}


class Doors:
    """``find(service, parts)`` tells the kind that an address is about, and what of it comes behind the collection.

    >>> from types import SimpleNamespace as Some
    >>> doors = Doors([Some(name="policy", service="network", path="/qos/policies")])
    >>> doors.find("network", ["v2.0", "qos", "policies", "7f"])
    ('policy', ['7f'])
    >>> doors.find("network", ["v2.0", "policies"]) is None
    True
    """

    def __init__(self, kinds: Iterable[Placed]) -> None:
        kinds = tuple(kinds)
        known = {kind.name for kind in kinds}
        paths = [(kind.service, path, kind.name) for kind in kinds if (path := getattr(kind, "path", ""))]
        paths += [(service, path, name) for (service, path), name in _ALSO.items() if name in known]
        self._doors: dict[str, dict[tuple[str, ...], str]] = {}
        for service, path, name in paths:
            self._doors.setdefault(service, {}).setdefault(tuple(path.strip("/").split("/")), name)

    def find(self, service: str, parts: Sequence[str]) -> tuple[str, list[str]] | None:
        """The kind of the innermost collection in an address; None if it has none that is known."""
        doors = self._doors.get(service, {})
        for end in range(len(parts), 0, -1):
            fitting = [path for path in doors if tuple(parts[max(end - len(path), 0) : end]) == path]
            if fitting:
                return doors[max(fitting, key=len)], list(parts[end:])
        return None
