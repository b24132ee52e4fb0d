"""The state of a cloud in a file, to which it can be set back."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_cleanup.look import Look
from pytest_cleanup.refusal import Refused
from pytest_cleanup.resource import Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

#: What the files of this version look like; a newer one is refused.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a cloud from another, and us from others in it; ``endpoints`` are the ids in its catalog."""

    auth_url: str
    region: str
    endpoints: tuple[str, ...]
    project: str
    user: str
    roles: tuple[str, ...]

    @classmethod
    def of(cls, view: View) -> Identity:
        """The cloud of a view, and who looks."""
        access = view.access
        endpoints = {str(one["id"]) for service in access.service_catalog.catalog for one in service["endpoints"]}
        roles = tuple(sorted(access.role_names))
        return cls(view.auth_url, view.region or "", tuple(sorted(endpoints)), view.project, access.user_id, roles)

    def same(self, other: Identity) -> bool:
        """True for the same cloud; endpoints may have come or gone since."""
        shared = set(self.endpoints) & set(other.endpoints)
        return (self.auth_url, self.region) == (other.auth_url, other.region) and bool(shared)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a cloud had, and what is kept whatever it is: names that configuration files have for it."""

    cloud: Identity
    look: Look
    named: Mapping[str, Sequence[str]]

    def write(self, file: Path) -> None:
        """Write it where only its owner can read it, whole or not at all."""
        new = file.with_name(f".{file.name}.{os.getpid()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(self.as_json(), out, indent=1)
            out.write("\n")
        new.replace(file)

    def as_json(self) -> dict[str, Any]:
        """Itself as JSON's types."""
        resources = [resource.as_json() for _, resource in sorted(self.look.resources.items())]
        return {
            "schema": SCHEMA,
            "cloud": {name: getattr(self.cloud, name) for name in Identity.__slots__},
            "taken": self.look.taken.isoformat(),
            "skew": self.look.skew,
            "listed": sorted(self.look.listed),
            "failed": dict(self.look.failed),
            "named": {kind: list(names) for kind, names in self.named.items()},
            "resources": resources,
            "digest": _digest(resources),
        }

    @classmethod
    def read(cls, file: Path) -> Snapshot:
        """The snapshot in a file; `Refused` if it is missing, not whole, or of a newer version."""
        again = "take one with `pytest-cleanup snapshot` while the cloud is as it should be"
        try:
            told = json.loads(file.read_text())
        except OSError as error:
            raise Refused(f"snapshot {file} cannot be read: {error.strerror}", hint=again) from error
        except ValueError:
            raise Refused(f"snapshot {file} is not whole: it ends in the middle, or is no JSON", hint=again) from None
        schema = told.get("schema") if isinstance(told, dict) else None
        if not isinstance(schema, int):
            raise Refused(f"{file} is no snapshot: it has no schema", hint=again)
        if schema > SCHEMA:
            hint = "use the stackproof that took it, or a newer one"
            raise Refused(f"snapshot {file} has schema {schema}, and this version knows up to {SCHEMA}", hint=hint)
        try:
            if _digest(told["resources"]) != told["digest"]:
                raise Refused(f"snapshot {file} was changed after it was taken", hint=again)
            return _parsed(told)
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(f"snapshot {file} is not whole: {error!r}", hint=again) from error


def _parsed(told: Mapping[str, Any]) -> Snapshot:
    cloud: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in told["cloud"].items()
    }
    resources = [Resource.from_json(one) for one in told["resources"]]
    found = Look(
        datetime.fromisoformat(told["taken"]), float(told["skew"]), frozenset(told["listed"]), told["failed"],
        {resource.key: resource for resource in resources},
    )  # fmt: skip
    return Snapshot(Identity(**cloud), found, told["named"])


def _digest(resources: Sequence[Mapping[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(resources, sort_keys=True).encode()).hexdigest()
