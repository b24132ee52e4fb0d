"""Which accounts classes of tests ask for, and how many of each it takes for several workers at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: What Tempest's words ask for: the scope, and the roles in it.
_WORDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "primary": ("project", ("member",)),
    "alt": ("project", ("member",)),
    "admin": ("project", ("admin",)),
    "project_admin": ("project", ("admin",)),
    "project_member": ("project", ("member",)),
    "project_manager": ("project", ("manager",)),
    "project_reader": ("project", ("reader",)),
    "system_admin": ("system", ("admin",)),
    "system_member": ("system", ("member",)),
    "system_reader": ("system", ("reader",)),
    "domain_admin": ("domain", ("admin",)),
    "domain_manager": ("domain", ("manager",)),
    "domain_member": ("domain", ("member",)),
    "domain_reader": ("domain", ("reader",)),
}
#: Tempest hands these out of one project to one class.
PERSONAS = frozenset({("member",), ("reader",), ("manager",)})

#: What a class says: Tempest's words, or lists of a label and roles.
Credentials = Sequence[str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of account: its scope, ``project``, ``domain`` or ``system``, and its roles."""

    scope: str
    roles: tuple[str, ...]


def kinds(credentials: Credentials) -> list[Kind] | None:
    """What a class asks for, None if any of it is beyond a pool.

    >>> kinds(["primary", ["operator", "member"]])
    [Kind(scope='project', roles=('member',)), Kind(scope='project', roles=('member',))]
    >>> kinds([["domain_operator", "member"]])
    """
    found = []
    for one in credentials:
        if isinstance(one, str):
            if one not in _WORDS:
                return None
            found.append(Kind(*_WORDS[one]))
        elif one[0].startswith(("system", "domain")):
            return None
        else:
            found.append(Kind("project", tuple(sorted(set(one[1:])))))
    return found


def short(entries: Iterable[Mapping[str, Any]], classes: Iterable[Credentials], workers: int) -> str:
    """What an accounts file has too few of for so many workers, nothing if all is well.

    Tempest does not wait for an account that another worker has: the class that asks is in error.

    >>> short([{"username": "u", "project_name": "p", "roles": ["member"]}], [["primary"]], workers=2)
    '1 account of a project with the role member where 2 workers need 2'
    """
    most: Counter[Kind] = Counter()
    for credentials in classes:
        most |= Counter(kinds(credentials) or ())
    had = [_of_entry(entry) for entry in entries]
    for kind, count in most.items():
        have = sum(_may_take(kind, one) and ("admin" in one.roles) == ("admin" in kind.roles) for one in had)
        if have < workers * count and (have or kind.roles == ("member",)):
            what = (
                f"{have} account{'' if have == 1 else 's'} of a {kind.scope} with the role {' and '.join(kind.roles)}"
            )
            return f"{what} where {workers} worker{'' if workers == 1 else 's'} need {workers * count}"
    return ""


def accounts(classes: Iterable[Credentials], workers: int) -> Mapping[Kind, int] | None:
    """How many accounts of each kind there must be so that no worker ever lacks one; None if a pool cannot.

    Tempest takes any free account that has the roles, so those with more roles may be taken for others' needs. Where it
    asks for roles in no scope it takes those of a domain, too, of which a project's tests can make no use: a pool has
    none that could be taken so.

    >>> found = accounts([["primary", "admin"], [["service", "admin", "service"]]], workers=2)
    >>> found[Kind("project", ("admin",))], found[Kind("project", ("admin", "service"))]
    (2, 4)
    """
    most: Counter[Kind] = Counter()
    anywhere: set[tuple[str, ...]] = set()
    for credentials in classes:
        asked = kinds(credentials)
        if asked is None:
            return None
        most |= Counter(asked)
        anywhere |= {kind.roles for one, kind in zip(credentials, asked, strict=True) if _asks_anywhere(one)}
    of_domains = [kind for kind in most if kind.scope == "domain"]
    if any(set(roles) <= set(kind.roles) for roles in anywhere for kind in of_domains):
        return None
    return {
        kind: workers * sum(count for other, count in most.items() if _may_take(other, kind)) for kind in most
    }  # fmt: skip


def _asks_anywhere(credential: str | Sequence[str]) -> bool:
    """True for what Tempest asks for by roles, in whatever scope (preprov_creds.py)."""
    return credential == "admin" or not isinstance(credential, str)


def _may_take(asking: Kind, kind: Kind) -> bool:
    return asking.scope == kind.scope and set(asking.roles) <= set(kind.roles)


def _of_entry(entry: Mapping[str, Any]) -> Kind:
    scope = "project" if {"project_name", "tenant_name"} & set(entry) else "system" if "system" in entry else "domain"
    types = {"admin"} & set(entry.get("types", ()))
    return Kind(scope, tuple(sorted({*entry.get("roles", ()), *types})))
