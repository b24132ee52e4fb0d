"""What tests can leave in a real cloud, left on purpose: all of it goes, and the cloud is what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from devcloud.state import State
from pytest_cleanup.difference import difference
from pytest_cleanup.kinds import kinds
from pytest_cleanup.look import Look, look
from pytest_cleanup.resource import Resource
from pytest_cleanup.restore import How, restore
from pytest_cleanup.scope import OfRun
from pytest_cleanup.view import View, connect
from tests.cloud.leaks import Leaks

pytestmark = pytest.mark.slow

#: Kinds of which the leaks have none where the cloud has not their service.
_OPTIONAL = frozenset({"container", "object", "secret", "secret_container", "zone", "recordset", "stack"})
_LEAKED = frozenset(
    {
        "address_group", "address_scope", "aggregate", "application_credential", "compute_quota",
        "credential", "domain", "endpoint", "flavor", "floatingip", "group", "group_type", "image",
        "image_member", "keypair", "limit", "membership", "metadef_namespace", "network", "network_quota",
        "port", "project", "qos_policy", "qos_rule", "rbac_policy", "region", "registered_limit",
        "resource_class", "role", "role_assignment", "router", "security_group", "security_group_rule",
        "server", "server_group", "service", "snapshot", "subnet", "subnetpool", "trait", "trunk", "user",
        "volume", "volume_quota", "volume_transfer", "volume_type",
    }
)  # fmt: skip


@pytest.fixture
def view(state: State, monkeypatch: pytest.MonkeyPatch) -> Iterator[View]:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(state.clouds_yaml))
    with connect("devcloud") as found:
        yield found


@pytest.fixture
def prefix() -> str:
    return f"leak-{uuid4().hex[:6]}"


def test_all_that_was_left_goes(view: View, connect: Callable[[str], Any], prefix: str) -> None:
    before = look(view, kinds().values())
    assert before.failed == {}
    leaks = Leaks(connect("devcloud"), prefix)
    assert len(list(leaks.all())) >= 6
    now = look(view, kinds().values())
    ours = {one.key for one in difference(before, now).appeared if _ours(one, leaks, now)}
    counted = Counter(key.kind for key in ours)
    assert counted.keys() >= _LEAKED
    steps: list[tuple[str, str]] = []
    scope = OfRun(lambda one: "the test" if one.key in ours or _ours(one, leaks, now) else None, lambda one: None)
    how = How(witness=lambda one, step, words: steps.append((one.name, step.name)))
    done = restore(view, kinds(), before, now, scope, how)
    assert [line for failure in done.failures for line in failure.lines()] == []
    assert done.left is not None
    assert (dict(done.left.leaks), list(done.left.lost), dict(done.left.unknown)) == ({}, [], {})
    assert {key for key in ours if key in look(view, kinds().values()).resources} == set()
    assert (f"{prefix}-moving", "reset its state") in steps
    assert (f"{prefix}-image", "unprotect it") in steps


def _ours(one: Resource, leaks: Leaks, now: Look) -> bool:
    """True for what the leaks made, by project, user, name, or what it belongs to: others use the cloud, too."""
    users = {user.id for user in leaks.users}
    word = leaks.prefix.upper().replace("-", "_")
    texts = (one.id, one.name, *(f"{ref.id} {_name(now, ref.key)}" for ref in one.refs))
    known = (leaks.prefix, word, leaks.project.id, *users)
    return one.project == leaks.project.id or one.user in users or any(name in text for text in texts for name in known)


def _name(now: Look, key: Any) -> str:
    found = now.resources.get(key)
    return found.name if found else ""
