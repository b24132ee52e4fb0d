"""Which cloud is meant, and by what: told without OpenStack's libraries, so that it is cheap to ask."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_whitebox.core.errors import StackproofError

#: What openstacksdk calls the cloud that the OS_* variables describe.
ENVIRONMENT = "envvars"
_SUFFIXES = (".yaml", ".yml", ".json")
_PATIENCE = 10  # seconds for the first TCP connection
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Choice:
    """The cloud to look at: an entry of clouds.yaml, or `ENVIRONMENT`; ``source`` is who chose it."""

    name: str
    source: str
    file: Path | None
    region: str | None
    project: str | None
    auth_host: str | None

    @property
    def ssh_config(self) -> Path | None:
        """The ssh_config beside clouds.yaml if there is one; None stands for the user's own."""
        beside = self.file.parent / "ssh_config" if self.file else None
        return beside if beside and beside.is_file() else None


def clouds_file(environ: Mapping[str, str], directory: Path) -> Path | None:
    """The clouds.yaml that openstacksdk would take (openstack/config/loader.py); None if there is none."""
    user = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    folders = (directory, user / "openstack", Path("/etc/xdg/openstack"), Path("/etc/openstack"))
    named = [Path(environ["OS_CLIENT_CONFIG_FILE"])] if environ.get("OS_CLIENT_CONFIG_FILE") else []
    candidates = [*named, *(folder / f"clouds{suffix}" for folder in folders for suffix in _SUFFIXES)]
    return next((file for file in candidates if file.is_file()), None)


def choose(name: str | None, source: str, environ: Mapping[str, str], directory: Path) -> Choice | None:
    """The chosen cloud; without a name the one that OS_AUTH_URL and its like describe, None if they do not.

    Raises `StackproofError` for a name that no clouds.yaml has; the error tells the known ones.

    >>> variables = {"OS_AUTH_URL": "https://keystone.example:5000/v3", "OS_PROJECT_NAME": "demo"}
    >>> choice = choose(None, "", variables, Path("/nowhere"))
    >>> choice.name, choice.auth_host, choice.project, choice.source
    ('envvars', 'keystone.example', 'demo', 'OS_AUTH_URL')
    """
    file = clouds_file(environ, directory)
    if name is None or name == ENVIRONMENT:
        return _from_environment(file, environ)
    return named(name, source, file)


def named(name: str, source: str, file: Path | None) -> Choice:
    """An entry of this clouds.yaml; `StackproofError` if it has none of that name."""
    entry = _entry(name, source, file)
    auth = entry.get("auth") or {}
    project = auth.get("project_name") or auth.get("project_id")
    return Choice(name, source, file, entry.get("region_name"), project, _host(auth.get("auth_url")))


def reach(url: str | None) -> None:
    """Raise `OSError` within seconds where OpenStack's libraries would try for minutes; a proxy decides for itself."""
    from urllib.request import getproxies

    parts = urlsplit(url or "")
    if parts.hostname and not getproxies():
        port = parts.port or _PORTS.get(parts.scheme, 443)
        socket.create_connection((parts.hostname, port), timeout=_PATIENCE).close()


def _from_environment(file: Path | None, environ: Mapping[str, str]) -> Choice | None:
    address = environ.get("OS_AUTH_URL")
    if not address:
        return None
    project = environ.get("OS_PROJECT_NAME") or environ.get("OS_PROJECT_ID")
    return Choice(ENVIRONMENT, "OS_AUTH_URL", file, environ.get("OS_REGION_NAME"), project, _host(address))


def _entry(name: str, source: str, file: Path | None) -> dict[str, Any]:
    if file is None:
        hint = "write a clouds.yaml, or set OS_CLIENT_CONFIG_FILE to the path of one"
        raise StackproofError(f"no clouds.yaml in which cloud {name!r} (from {source}) could be looked up", hint=hint)
    known = _read(file)
    if name not in known:
        hint = f"choose from {', '.join(sorted(known)) or 'nothing: it has no clouds'}"
        raise StackproofError(f"no cloud is named {name!r} (from {source}) in {file}", hint=hint)
    return known[name]


def _read(file: Path) -> dict[str, dict[str, Any]]:
    import yaml

    try:
        clouds = yaml.safe_load(file.read_text())["clouds"] or {}
        return {name: dict(entry or {}) for name, entry in clouds.items()}
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError):
        hint = "it must hold a mapping `clouds:`, see openstacksdk's page on configuration"
        raise StackproofError(f"cannot read {file} as a clouds.yaml", hint=hint) from None


def _host(url: str | None) -> str | None:
    return urlsplit(url).hostname if url else None
