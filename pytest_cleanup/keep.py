"""What configuration files have for the cloud: kept whatever happens, because the next run needs it."""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_cleanup.resource import Resource
from pytest_whitebox.core.errors import StackproofError

#: Options of tempest.conf that name something, by the kind that they name; older names of the same included.
_TEMPEST = (
    ("auth", "admin_username", "user"),
    ("auth", "admin_project_name", "project"),
    ("auth", "admin_domain_name", "domain"),
    ("auth", "tempest_roles", "role"),
    ("compute", "fixed_network_name", "network"),
    ("compute", "flavor_ref", "flavor"),
    ("compute", "flavor_ref_alt", "flavor"),
    ("compute", "image_ref", "image"),
    ("compute", "image_ref_alt", "image"),
    ("identity", "admin_project_name", "project"),
    ("identity", "admin_role", "role"),
    ("identity", "admin_tenant_name", "project"),
    ("identity", "admin_username", "user"),
    ("identity", "alt_project_name", "project"),
    ("identity", "alt_tenant_name", "project"),
    ("identity", "alt_username", "user"),
    ("identity", "default_domain_id", "domain"),
    ("identity", "project_name", "project"),
    ("identity", "tenant_name", "project"),
    ("identity", "username", "user"),
    ("network", "floating_network_name", "network"),
    ("network", "public_network_id", "network"),
    ("network", "public_router_id", "router"),
    ("volume", "volume_type", "volume_type"),
    ("volume", "volume_type_multiattach", "volume_type"),
)
#: The same of an entry in accounts.yaml, or of ``auth`` in clouds.yaml.
_ACCOUNT = {
    "username": "user",
    "user_id": "user",
    "user": "user",
    "project_name": "project",
    "project_id": "project",
    "project": "project",
    "tenant_name": "project",
    "user_domain_name": "domain",
    "user_domain_id": "domain",
    "project_domain_name": "domain",
    "project_domain_id": "domain",
    "domain_name": "domain",
    "domain_id": "domain",
}
Named = dict[str, list[str]]


def named(*, tempest_conf: Path | None = None, accounts: Path | None = None, clouds: Path | None = None) -> Named:
    """Names and ids by kind, from the files that are given; a tempest.conf leads to its accounts.yaml."""
    pairs: list[tuple[str, str]] = []
    if tempest_conf is not None:
        config = _config(tempest_conf)
        pairs += _of_tempest(config)
        listed = config.get("auth", "test_accounts_file", fallback="")
        accounts = accounts or (tempest_conf.parent / listed if listed else None)
    if accounts is not None:
        pairs += [pair for account in _yaml(accounts, list) for pair in _of_account(account)]
    if clouds is not None:
        entries = _yaml(clouds, dict).get("clouds") or {}
        pairs += [pair for entry in entries.values() for pair in _of_account(entry.get("auth") or {})]
    found: Named = {}
    for kind, name in sorted(set(pairs)):
        found.setdefault(kind, []).append(name)
    return found


def keeper(names: Mapping[str, Iterable[str]], why: str = "configuration names it") -> Any:
    """Says why a resource is kept whose name or id is among these.

    >>> keep = keeper({"user": ["demo"]})
    >>> keep(Resource("user", "1", "demo")), keep(Resource("user", "2", "other"))
    ('configuration names it', None)
    """
    known = {kind: frozenset(ones) for kind, ones in names.items()}

    def keep(resource: Resource) -> str | None:
        return why if known.get(resource.kind, frozenset()) & {resource.id, resource.name} else None

    return keep


def _config(file: Path) -> configparser.ConfigParser:
    config = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    try:
        config.read_string(file.read_text())
    except (OSError, configparser.Error) as error:
        raise StackproofError(f"cannot read {file} as a tempest.conf: {error}", hint="give the path of one") from error
    return config


def _of_tempest(config: configparser.ConfigParser) -> Iterator[tuple[str, str]]:
    for section, option, kind in _TEMPEST:
        told = config.get(section, option, fallback=None) or ""
        yield from ((kind, name.strip()) for name in told.split(",") if name.strip())


def _of_account(account: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((kind, str(account[word])) for word, kind in _ACCOUNT.items() if account.get(word))
    yield from (("role", str(role)) for role in account.get("roles") or ())
    network = (account.get("resources") or {}).get("network")
    if network:
        yield "network", str(network)


def _yaml(file: Path, shape: type) -> Any:
    import yaml

    try:
        told = yaml.safe_load(file.read_text()) or shape()
    except (OSError, yaml.YAMLError) as error:
        raise StackproofError(f"cannot read {file}: {error}", hint="give the path of a YAML file") from error
    if not isinstance(told, shape):
        raise StackproofError(f"{file} has no {shape.__name__} at its top", hint="give the path of another file")
    return told
