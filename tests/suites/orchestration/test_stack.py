"""A stack from its creation to its end: it makes what its template says, changes it in place, and leaves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("orchestration", "network")

#: What Heat made for a resource of a template, and how far it came with it.
#: Heat's column has the name of what it was first made for.
RESOURCE = "SELECT nova_instance AS physical_resource_id, status FROM resource WHERE stack_id = :stack AND name = :name"
NETWORK = {
    "heat_template_version": "2018-08-31",
    "parameters": {"label": {"type": "string"}},
    "resources": {"network": {"type": "OS::Neutron::Net", "properties": {"name": {"get_param": "label"}}}},
    "outputs": {"network": {"value": {"get_resource": "network"}}},
}
SIGNALLED = {
    "heat_template_version": "2018-08-31",
    "resources": {
        "handle": {"type": "AWS::CloudFormation::WaitConditionHandle"},
        "signal": {
            "type": "AWS::CloudFormation::WaitCondition",
            "properties": {"Handle": {"get_resource": "handle"}, "Timeout": 120},
        },
    },
    "outputs": {
        "address": {"value": {"get_resource": "handle"}},
        "heard": {"value": {"get_attr": ["signal", "Data"]}},
    },
}


@pytest.mark.smoke
@pytest.mark.idempotent_id("9925db8b-6749-4db4-a650-d7d47d332451")
def test_stack_makes_changes_and_removes_its_network(cloud: Cloud, create: Create, database: Databases) -> None:
    heat, network = cloud.connection.orchestration, cloud.connection.network
    made = create.stack(NETWORK, label="stack-before")
    before = outputs(settled(cloud, made, "CREATE_COMPLETE"))
    assert network.get_network(before["network"]).name == "stack-before"
    recorded = database("heat").row(RESOURCE, stack=made.id, name="network")
    assert (recorded.physical_resource_id, recorded.status) == (before["network"], "COMPLETE")

    heat.update_stack(made.id, template=NETWORK, parameters={"label": "stack-after"})
    after = outputs(settled(cloud, made, "UPDATE_COMPLETE"))
    assert after == before
    assert network.get_network(before["network"]).name == "stack-after"

    heat.delete_stack(made)
    wait_for(lambda: heat.find_stack(made.name) is None, timeout=120, every=1, what=f"stack {made.name} to be gone")
    assert network.find_network(before["network"]) is None
    assert database("heat").rows(RESOURCE, stack=made.id, name="network") == ()


@pytest.mark.idempotent_id("b3cae214-5cba-42e4-a827-e6f677554ff7")
def test_stack_waits_for_a_signal_that_needs_no_token(cloud: Cloud, create: Create, database: Databases) -> None:
    made = create.stack(SIGNALLED)
    address = wait_for(lambda: address_of(cloud, made), timeout=120, every=1, what="the address for the signal")
    assert database("heat").row(RESOURCE, stack=made.id, name="handle").status == "COMPLETE"
    message = {"Status": "SUCCESS", "Reason": "a test", "UniqueId": "guest", "Data": "hello"}
    assert cloud.connection.session.put(address, json=message, authenticated=False).status_code == 200

    done = outputs(settled(cloud, made, "CREATE_COMPLETE"))
    assert json.loads(done["heard"]) == {"guest": "hello"}


def address_of(cloud: Cloud, stack: Any) -> str | None:
    """Where the stack waits for its signal, once it does."""
    told = outputs(unfailed(cloud, stack)).get("address") or ""
    return told if "://" in told else None


def settled(cloud: Cloud, stack: Any, status: str) -> Any:
    """The stack, once it has reached the status."""
    return wait_for(
        lambda: seen if (seen := unfailed(cloud, stack)).status == status else None,
        timeout=120, every=1, what=f"stack {stack.name} to become {status}",
    )  # fmt: skip


def unfailed(cloud: Cloud, stack: Any) -> Any:
    """The stack as it is now, if nothing has gone wrong with it."""
    seen = cloud.connection.orchestration.get_stack(stack.id)
    assert not seen.status.endswith("FAILED"), f"{seen.status}: {seen.status_reason}"
    return seen


def outputs(stack: Any) -> dict[str, Any]:
    """What the stack tells of itself."""
    return {output["output_key"]: output.get("output_value") for output in stack.outputs or []}
