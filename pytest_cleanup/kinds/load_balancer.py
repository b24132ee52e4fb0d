"""What Octavia has; known from recorded APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, Step
from pytest_cleanup.kinds.collection import Collection, Edge, Row
from pytest_cleanup.resource import Relation, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View

_OCTAVIA = "load-balancer"
_USES, _PART_OF = Relation.USES, Relation.PART_OF
_STUCK = frozenset({"ERROR"})
_BALANCERS = "loadbalancers.id"


def _octavia(name: str, path: str, fields: str, *edges: Edge, **more: Any) -> Collection:
    words = {"status": "provisioning_status", "lingers": True, "stuck": _STUCK, "key": path.rpartition("/")[2]}
    return Collection(
        **{**words, **more}, name=name, service=_OCTAVIA, path=path, restored=tuple(fields.split()), body=name,
        references=edges, user="",
    )  # fmt: skip


def _members(view: View) -> list[Row]:
    pools = view.rows(_OCTAVIA, "/lbaas/pools", "pools")

    def of(pool: Row) -> list[Row]:
        rows = view.rows(_OCTAVIA, f"/lbaas/pools/{pool['id']}/members", "members")
        return [{**row, "id": f"{pool['id']}/{row['id']}", "pool": pool["id"]} for row in rows]

    return [row for rows in view.each(pools, of) for row in rows]


def _member_path(member: Resource) -> str:
    pool, id = member.id.split("/")
    return f"/lbaas/pools/{pool}/members/{id}"


def _restore_member(view: View, member: Resource, changed: Mapping[str, Any]) -> None:
    view.put(_OCTAVIA, _member_path(member), {"member": dict(changed)})


def _delete_balancer(view: View, balancer: Resource) -> None:
    view.delete(_OCTAVIA, f"/lbaas/loadbalancers/{balancer.id}", cascade="true")


def _fail_over(view: View, balancer: Resource) -> None:
    """What is under way on machines that do not answer comes to an end."""
    view.put(_OCTAVIA, f"/lbaas/loadbalancers/{balancer.id}/failover")


def _reset(view: View, balancer: Resource) -> None:
    view.put(_OCTAVIA, f"/lbaas/loadbalancers/{balancer.id}/status", {"loadbalancer": {"provisioning_status": "ERROR"}})


_COMMON = "name description admin_state_up"

KINDS: tuple[Kind, ...] = (
    _octavia(
        "loadbalancer",
        "/lbaas/loadbalancers",
        _COMMON,
        Edge(_USES, "network", "vip_network_id"),
        Edge(_USES, "subnet", "vip_subnet_id"),
        Edge(_USES, "lb_flavor", "flavor_id"),
        deletion=_delete_balancer,
        patience=300,
        ladder=(Step("fail it over", _fail_over), Step("reset its status", _reset)),
    ),
    _octavia("listener", "/lbaas/listeners", _COMMON, Edge(_PART_OF, "loadbalancer", _BALANCERS)),
    _octavia("pool", "/lbaas/pools", f"{_COMMON} lb_algorithm", Edge(_PART_OF, "loadbalancer", _BALANCERS)),
    _octavia(
        "member",
        "/lbaas/members",
        "name weight admin_state_up backup",
        Edge(_PART_OF, "pool", "pool"),
        rows=_members,
        deletion=lambda view, it: view.delete(_OCTAVIA, _member_path(it)),
        restoration=_restore_member,
    ),
    _octavia("healthmonitor", "/lbaas/healthmonitors", "name admin_state_up delay", Edge(_PART_OF, "pool", "pools.id")),
    _octavia("l7policy", "/lbaas/l7policies", _COMMON, Edge(_PART_OF, "listener", "listener_id")),
    _octavia(
        "lb_flavor",
        "/lbaas/flavors",
        "name description enabled",
        Edge(_USES, "lb_flavor_profile", "flavor_profile_id"),
        lingers=False,
        created="",
    ),
    _octavia("lb_flavor_profile", "/lbaas/flavorprofiles", "name", lingers=False, created=""),
)
