"""The job that comes by standard input: what is to be done, for which cloud, with which secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_whitebox.core.errors import StackproofError

#: The name by which the cloud is known in the container.
CLOUD = "tcup"
_CLOUDS, _SECURE = "clouds.yaml", "secure.yaml"


@dataclass(frozen=True, slots=True)
class Job:
    """``variables`` are OS_*, ``files`` what they name, by path; ``api`` is where results go, ``key`` signs them."""

    task: str
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    tried: bool = False
    pytest: tuple[str, ...] = ()
    api: str = ""
    key: str = field(default="", repr=False)
    trusted: str = ""
    body: str = ""
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_line(cls, line: str) -> Job:
        """Read a job; raises `StackproofError` if that is none."""
        try:
            known = json.loads(line)
            return cls(**{**known, "pytest": tuple(known.get("pytest", ()))})
        except (ValueError, TypeError, AttributeError):
            hint = "use the tcup.py of the release that the image was built from"
            raise StackproofError("what came by standard input is no job", hint=hint) from None

    def entry(self) -> dict[str, Any]:
        """The cloud as clouds.yaml has it, without the files that it names."""
        return self._chosen() if self.variables.get("OS_CLOUD") else _entry(self.variables)

    def secrets(self) -> Iterator[str]:
        """All that must not leave: passwords, those of proxies too, and a key by its lines."""
        auth = self.entry().get("auth", {})
        yield from (str(value) for name, value in auth.items() if name in _SECRET and value)
        yield from (line for line in self.key.splitlines() if line and not line.startswith("-----"))
        for name, proxy in self.proxies.items():
            if name.lower() == "no_proxy":
                continue
            password = urlsplit(proxy if "://" in proxy else f"//{proxy}").password
            if password:
                yield from {password, unquote(password)}

    def prepare(self, folder: Path) -> Path:
        """Write what the suites look for, for their owner only; returns the clouds.yaml."""
        entry = self.entry()
        for name in ("cacert", "cert", "key"):
            if entry.get(name):
                entry[name] = str(_write(folder / f"{name}.pem", self._file(str(entry[name]))))
        return _write(folder / _CLOUDS, json.dumps({"clouds": {CLOUD: entry}}))

    def _file(self, path: str) -> str:
        if path not in self.files:
            raise StackproofError(f"{path} is named by clouds.yaml and was not found", hint="correct the path")
        return self.files[path]

    def _chosen(self) -> dict[str, Any]:
        """The one entry of clouds.yaml that OS_CLOUD names, with what secure.yaml adds; the others stay behind."""
        import yaml

        name = self.variables["OS_CLOUD"]
        found: dict[str, Any] = {}
        try:
            for file in (_CLOUDS, _SECURE):
                clouds = (yaml.safe_load(self.files.get(file, "")) or {}).get("clouds") or {}
                found = _merged(found, clouds.get(name) or {})
        except (yaml.YAMLError, AttributeError):
            raise StackproofError("clouds.yaml cannot be read", hint="see openstacksdk's page on it") from None
        if not found:
            raise StackproofError(f"clouds.yaml has no cloud {name!r}", hint="correct OS_CLOUD")
        regions = self.variables.get("OS_REGION_NAME")
        return {**found, "region_name": regions} if regions else found


_SECRET = ("password", "application_credential_secret", "passcode", "token", "client_secret")
#: What OS_* are called in an entry's `auth`.
_AUTH = (
    "auth_url", "project_name", "project_id", "username", "user_id", "password", "user_domain_name", "user_domain_id",
    "project_domain_name", "project_domain_id", "application_credential_id", "application_credential_name",
    "application_credential_secret",
)  # fmt: skip


def _entry(variables: Mapping[str, str]) -> dict[str, Any]:
    """The cloud that OS_* describe; who gives no domain means the default one, as of old.

    >>> _entry({"OS_AUTH_URL": "http://x/v3", "OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_TENANT_NAME": "t"})["auth"][
    ...     "project_domain_id"
    ... ]
    'default'
    """
    auth = {name: variables[f"OS_{name.upper()}"] for name in _AUTH if variables.get(f"OS_{name.upper()}")}
    if variables.get("OS_TENANT_NAME"):
        auth.setdefault("project_name", variables["OS_TENANT_NAME"])
    entry: dict[str, Any] = {"auth": auth, "identity_api_version": "3"}
    if "application_credential_secret" in auth:
        entry["auth_type"] = "v3applicationcredential"
        for scope in ("project_name", "project_id", "project_domain_name", "project_domain_id"):
            auth.pop(scope, None)
    if "username" in auth and not {"user_domain_name", "user_domain_id"} & auth.keys():
        auth["user_domain_id"] = "default"
    if "project_name" in auth and not {"project_domain_name", "project_domain_id"} & auth.keys():
        auth["project_domain_id"] = "default"
    names = {"OS_REGION_NAME": "region_name", "OS_INTERFACE": "interface", "OS_CACERT": "cacert"}
    return entry | {name: variables[variable] for variable, name in names.items() if variables.get(variable)}


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    both = {**first, **second}
    return {
        name: _merged(first[name], value) if isinstance(value, dict) and isinstance(first.get(name), dict) else value
        for name, value in both.items()
    }


def _write(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text)
    return file
