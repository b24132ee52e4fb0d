"""What Nova recorded of requests to a server, read from its own answers."""

from __future__ import annotations

from typing import Any

from openstack.compute.v2.server_action import ServerAction

from pytest_whitebox.actions.record import Action

# Of a resize whose host was restarted meanwhile; the traceback is cut.
RESIZE = {
    "action": "resize",
    "request_id": "req-48b01ae6-ff73-48e2-a62d-cb2bd3db5045",
    "start_time": "2026-11-21T14:40:46.000000",
    "message": "Error",
    "events": [
        {
            "event": "compute_resize_instance", "start_time": "2026-11-21T14:42:10.000000",
            "finish_time": "2026-11-21T14:42:16.000000", "result": "Error", "host": "compute2", "details": None,
            "traceback": "Traceback (most recent call last):\n\n  File ...\n\nUnexpectedTaskStateError: Conflict\n",
        },
        {
            "event": "conductor_migrate_server", "start_time": "2026-11-21T14:40:47.000000",
            "finish_time": "2026-11-21T14:40:51.000000", "result": "Success", "host": "controller", "details": None,
            "traceback": None,
        },
    ],
}  # fmt: skip


def action(**changes: Any) -> Action:
    return Action.from_resource(ServerAction(**{**RESIZE, **changes}))


def test_steps_are_in_their_order_and_the_failed_one_gives_the_reason() -> None:
    found = action()
    assert [event.name for event in found.events] == ["conductor_migrate_server", "compute_resize_instance"]
    assert (found.failed, found.over) == (True, True)
    assert found.reason == "UnexpectedTaskStateError: Conflict"
    assert str(found).endswith(
        "conductor_migrate_server on controller: Success, "
        "compute_resize_instance on compute2: Error (UnexpectedTaskStateError: Conflict)"
    )


def test_details_are_a_better_reason_than_a_traceback() -> None:
    failed = {**RESIZE["events"][0], "details": "Conflict updating instance"}  # type: ignore[dict-item]
    assert action(events=[failed]).reason == "Conflict updating instance"


def test_step_without_a_result_is_not_over() -> None:
    begun = {**RESIZE["events"][1], "result": None, "finish_time": None}  # type: ignore[dict-item]
    found = action(message=None, events=[begun])
    assert (found.failed, found.over, found.reason) == (False, False, "")
    assert str(found).endswith("conductor_migrate_server on controller: not over")


def test_request_that_no_service_has_begun_says_so() -> None:
    assert str(action(events=[], message=None)) == f"resize ({RESIZE['request_id']}): no step has begun"
