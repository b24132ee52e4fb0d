"""Accounts that are made once for a run and handed out by Tempest's own locks, instead of new ones for each class."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_whitebox.tempest import leavings, roles
from pytest_whitebox.tempest.needs import PERSONAS, Kind

if TYPE_CHECKING:
    from pytest_whitebox.create import Create

#: A network for tests (RFC 2544), a part of it for each project.
_CIDR = "198.18.{}.0/24"


class Pool:
    """Makes the accounts that are needed; ``entries`` is the accounts file."""

    def __init__(self, create: Create, domain: str) -> None:
        self.entries: list[dict[str, Any]] = []
        self._create, self._domain = create, domain
        self._numbers = itertools.count()
        self._identity: Any = create.connection.identity
        self._roles = {role.name: role.id for role in self._identity.roles()}

    def fill(self, needed: Mapping[Kind, int], *, networks: bool) -> None:
        """Make them; the members come first in the file, for Tempest takes the first that will do."""
        personas = {kind: count for kind, count in needed.items() if kind.scope == "project" and kind.roles in PERSONAS}
        projects = [self._project(networks=networks) for _ in range(max(personas.values(), default=0))]
        for kind in sorted(personas, key=lambda kind: kind.roles != ("member",)):
            for project in projects:
                self._add(kind, project)
        for kind, count in needed.items():
            if kind not in personas:
                for _ in range(count):
                    self._add(kind, self._place(kind.scope, networks=networks))

    def _place(self, scope: str, *, networks: bool) -> dict[str, Any]:
        """Where roles are given: a new project or domain, or the whole system, which is nothing."""
        if scope == "domain":
            made = self._identity.create_domain(name=self._create.noted("domain"))
            return {"id": made.id, "domain": made.name}
        return self._project(networks=networks) if scope == "project" else {}

    def _project(self, *, networks: bool) -> dict[str, Any]:
        create = self._create
        number = next(self._numbers)
        made = self._identity.create_project(name=create.noted("project"))
        if not networks:
            return {"id": made.id, "name": made.name}
        create.ledger.add(f"{leavings.GROUP} {made.name}", partial(leavings.leave, create.connection, made.name))
        network = create.network(project_id=made.id)
        subnet = create.subnet(network, cidr=_CIDR.format(number), project_id=made.id)
        create.router(subnets=[subnet], external=_has_outside(create), project_id=made.id)
        return {"id": made.id, "name": made.name, "network": network.name}

    def _add(self, kind: Kind, place: Mapping[str, Any]) -> None:
        password = secrets.token_urlsafe(18)
        user = self._identity.create_user(name=self._create.noted("user"), password=password)
        for role in kind.roles:
            target = f"/{kind.scope}s/{place['id']}" if place else "/system"
            self._identity.put(f"{target}/users/{user.id}/roles/{self._role(role)}")
        entry = {"username": user.name, "password": password, "user_domain_name": self._domain, "roles": [*kind.roles]}
        if kind.scope == "project":
            entry |= {"project_name": place["name"], "project_domain_name": self._domain}
            entry |= {"resources": {"network": place["network"]}} if "network" in place else {}
        else:
            entry |= {"domain_name": place["domain"]} if kind.scope == "domain" else {"system": "all"}
        self.entries.append(entry)

    def _role(self, name: str) -> str:
        if name not in self._roles:
            roles.have(self._create, name)
            self._roles = {role.name: role.id for role in self._identity.roles()}
        return str(self._roles[name])


def _has_outside(create: Create) -> bool:
    return any(True for _ in create.connection.network.networks(is_router_external=True))
