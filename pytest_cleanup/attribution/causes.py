"""What a resource was made for: side effects lead back to what a test asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from pytest_cleanup.resource import Key, Relation, Resource

#: Kinds that services make by themselves for something else, and the kinds that they are made for, the nearest first.
MADE_FOR: Mapping[str, tuple[str, ...]] = {
    "port": ("server", "floatingip", "router", "loadbalancer", "network"),
    "volume": ("server", "stack", "image"),
    "attachment": ("server", "volume"),
    "image": ("server", "volume"),
    "snapshot": ("group_snapshot", "image", "server", "volume"),
    "network": ("router",),
    "security_group_rule": ("security_group",),
    "server": ("stack",),
    "object": ("container",),
    "recordset": ("zone",),
}
#: All that lies in a project that a test made, or belongs to a user that it made, goes back to that test.
_OWNERS = ("project", "user", "domain")


def causes(resources: Iterable[Resource]) -> Callable[[Resource], Iterator[Key]]:
    """Answers what each of these resources may have been made for, the likeliest first."""
    takers: Mapping[Key, list[Key]] = _takers(resources)

    def of(resource: Resource) -> Iterator[Key]:
        yield from (ref.key for ref in resource.refs if ref.relation is Relation.PART_OF)
        yield from takers.get(resource.key, ())
        wanted = MADE_FOR.get(resource.kind, ())
        yield from (ref.key for kind in wanted for ref in resource.refs if ref.kind == kind)
        yield from (ref.key for kind in _OWNERS for ref in resource.refs if ref.kind == kind)
        if resource.project:
            yield Key("project", resource.project)
        if resource.user:
            yield Key("user", resource.user)

    return of


def _takers(resources: Iterable[Resource]) -> Mapping[Key, list[Key]]:
    """Whatever takes something along when it goes."""
    found: dict[Key, list[Key]] = defaultdict(list)
    for resource in resources:
        for ref in resource.refs:
            if ref.relation is Relation.TAKES:
                found[ref.key].append(resource.key)
    return found
