"""What Neutron has of rules: who may do what, how much of it, and how fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_cleanup.kind import Kind, NotRestorable
from pytest_cleanup.kinds.collection import Row
from pytest_cleanup.kinds.neutron import NETWORK, PART_OF, neutron
from pytest_cleanup.resource import Reference, Resource

if TYPE_CHECKING:
    from pytest_cleanup.view import View


def _rules(view: View) -> list[Row]:
    """The rules of all groups, which tell them: Neutron makes groups while it lists them, so one listing is better."""
    groups = view.rows(NETWORK, "/security-groups", "security_groups")
    return [{**rule, "content": _content(rule)} for group in groups for rule in group.get("security_group_rules", ())]


def _content(rule: Row) -> str:
    """What a rule says: one that is made again says the same under another id."""
    ends = f"{_some(rule, 'port_range_min')}-{_some(rule, 'port_range_max')}"
    remote = _some(rule, "remote_ip_prefix") or _some(rule, "remote_group_id") or _some(rule, "remote_address_group_id")
    words = (rule["security_group_id"], rule["direction"], rule["ethertype"], _some(rule, "protocol"), ends, remote)
    return " ".join(word or "any" for word in words)


def _some(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _delete_rule(view: View, rule: Resource) -> None:
    group = rule.id.partition(" ")[0]
    for row in view.fresh().rows(NETWORK, "/security-group-rules", "security_group_rules", security_group_id=group):
        if _content(row) == rule.id:
            view.delete(NETWORK, f"/security-group-rules/{row['id']}")


def _remake_rule(view: View, rule: Resource) -> None:
    view.post(NETWORK, "/security-group-rules", {"security_group_rule": dict(rule.attributes)})


_RULE = "direction ethertype protocol port_range_min port_range_max remote_ip_prefix remote_group_id security_group_id"


def _refuse(_: View, now: Resource, changed: Mapping[str, Any]) -> None:
    raise NotRestorable(f"{', '.join(changed)} of {now} cannot be changed", hint="make it again by hand")


def _qos_rules(view: View) -> list[Row]:
    policies = view.rows(NETWORK, "/qos/policies", "policies")
    return [
        {**rule, "id": f"{policy['id']}/{rule['type']}/{rule['id']}", "policy": policy["id"]}
        for policy in policies
        for rule in policy.get("rules", ())
    ]


def _qos_rule_path(rule: Resource) -> str:
    policy, type, id = rule.id.split("/")
    return f"/qos/policies/{policy}/{type}_rules/{id}"


def _restore_qos_rule(view: View, rule: Resource, changed: Mapping[str, Any]) -> None:
    view.put(NETWORK, _qos_rule_path(rule), {f"{rule.id.split('/')[1]}_rule": dict(changed)})


def _rbac(row: Row) -> Iterator[Reference]:
    yield Reference(PART_OF, row["object_type"], row["object_id"])


def _quotas(view: View) -> list[Row]:
    """Neutron lists those only that differ from its defaults."""
    rows = view.rows(NETWORK, "/quotas", "quotas")
    known = ("project_id", "tenant_id")
    return [{"id": row["project_id"], "limits": {n: row[n] for n in row if n not in known}} for row in rows]


def _restore_quota(view: View, now: Resource, changed: Mapping[str, Any]) -> None:
    view.put(NETWORK, f"/quotas/{now.id}", {"quota": changed["limits"]})


KINDS: tuple[Kind, ...] = (
    neutron("security_group", fields="name description stateful tags"),
    neutron(
        "security_group_rule", rows=_rules, id="content", label="", fields=_RULE, restoration=_refuse,
        part_of={"security_group": "security_group_id"}, deletion=_delete_rule, remaking=_remake_rule,
    ),
    neutron("address_group", fields="name description", extension="address-group"),
    neutron(
        "rbac_policy", "/rbac-policies", fields="target_tenant", edges=_rbac, label="action", created="",
        extension="rbac-policies",
    ),
    neutron(
        "qos_policy", "/qos/policies", body="policy", fields="name description shared is_default tags", extension="qos"
    ),
    neutron(
        "qos_rule", rows=_qos_rules, label="type", part_of={"qos_policy": "policy"}, restoration=_restore_qos_rule,
        fields="max_kbps max_burst_kbps min_kbps min_kpps dscp_mark direction", created="", extension="qos",
        deletion=lambda view, rule: view.delete(NETWORK, _qos_rule_path(rule)),
    ),
    neutron("metering_label", "/metering/metering-labels", extension="metering", created=""),
    neutron(
        "metering_label_rule", "/metering/metering-label-rules", part_of={"metering_label": "metering_label_id"},
        extension="metering", created="",
    ),
    neutron("log", "/log/logs", fields="name description enabled", extension="logging"),
    neutron(
        "network_flavor", "/flavors", body="flavor", fields="name description enabled", extension="flavors", created=""
    ),
    neutron("service_profile", "/service_profiles", extension="flavors", created="", label="description"),
    neutron(
        "network_quota", rows=_quotas, label="", created="", restoration=_restore_quota, extension="quotas",
        attributes=lambda row: {"limits": row["limits"]}, uses={"project": "id"},
        deletion=lambda view, it: view.delete(NETWORK, f"/quotas/{it.id}"),
        remaking=lambda view, was: _restore_quota(view, was, was.attributes),
    ),
)  # fmt: skip
