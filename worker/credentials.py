"""Credentials that a job brings along: who logs in where. They come from strangers, as the job does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_whitebox.core.errors import StackproofError

from .payload import leads_to

#: What each is called in the environment, as an openrc file sets it; of two names the first that is set.
_VARIABLES = {
    "auth_url": ("OS_AUTH_URL",),
    "username": ("OS_USERNAME",),
    "password": ("OS_PASSWORD",),
    "project_name": ("OS_PROJECT_NAME", "OS_TENANT_NAME"),
    "user_domain_name": ("OS_USER_DOMAIN_NAME",),
    "user_domain_id": ("OS_USER_DOMAIN_ID",),
    "project_domain_name": ("OS_PROJECT_DOMAIN_NAME",),
    "project_domain_id": ("OS_PROJECT_DOMAIN_ID",),
    "region_name": ("OS_REGION_NAME",),
}
_NEEDED = ("auth_url", "username", "password", "project_name")
#: One line without control characters, and not too long.
_LINE = re.compile(r"[^\x00-\x1f\x7f]{0,1024}\Z")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Name, password and project, with their domains if these are not the default one, and the address of Keystone.

    >>> known = {"auth_url": "https://keystone.example/v3", "username": "u", "password": "p", "project_name": "demo"}
    >>> Credentials.from_mapping(known).clouds("mine")["clouds"]["mine"]["auth"]["user_domain_id"]
    'default'
    """

    auth_url: str
    username: str
    password: str = field(repr=False)
    project_name: str
    user_domain_name: str = ""
    user_domain_id: str = ""
    project_domain_name: str = ""
    project_domain_id: str = ""
    region_name: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Credentials:
        """What OS_* describe; raises `StackproofError` that names the variable that is missing."""
        known = {}
        for name, variables in _VARIABLES.items():
            found = next((environ[one] for one in variables if environ.get(one)), "")
            if not found and name in _NEEDED:
                raise StackproofError(f"${variables[0]} is not set", hint="source the openrc file of the cloud first")
            known[name] = found
        return cls.from_mapping(known)

    @classmethod
    def from_text(cls, text: str) -> Credentials:
        """Read `text`; raises `StackproofError`."""
        try:
            return cls.from_mapping(json.loads(text))
        except (ValueError, RecursionError):
            return cls.from_mapping(None)

    @classmethod
    def from_mapping(cls, known: object) -> Credentials:
        """Check what was sealed; raises `StackproofError`, which says nothing of what it was."""
        hint = "seal them again, with `submit --seal-to`"
        if not isinstance(known, dict) or not {*_NEEDED} <= {*known} <= {*_VARIABLES}:
            raise StackproofError("what was sealed is no credentials", hint=hint)
        for name, value in known.items():
            if not isinstance(value, str) or not _LINE.match(value) or not (value or name not in _NEEDED):
                raise StackproofError(f"the {name} of what was sealed is none", hint=hint)
        return cls(**known)

    @property
    def text(self) -> str:
        """What is sealed."""
        return json.dumps(asdict(self), sort_keys=True)

    def check_address(self, allowed: Sequence[str]) -> None:
        """Raise `StackproofError` if it does not lead to one of these hosts."""
        if not leads_to(self.auth_url, allowed):
            hint = "have the worker's keeper allow the host of its Keystone, with --allow"
            raise StackproofError("the cloud that was sealed is at a host that is not allowed", hint=hint)

    def clouds(self, name: str) -> dict[str, Any]:
        """A clouds.yaml with an entry of this name."""
        known = {key: value for key, value in asdict(self).items() if value}
        region = {"region_name": known.pop("region_name")} if self.region_name else {}
        for who in ("user", "project"):
            if not known.keys() & {f"{who}_domain_name", f"{who}_domain_id"}:
                known[f"{who}_domain_id"] = "default"
        return {"clouds": {name: {"auth": known, **region}}}
