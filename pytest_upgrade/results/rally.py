"""Rally's results: `rally task report --json`, and the older `rally task results`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_upgrade.results.result import Result, Unreadable


def read(data: bytes) -> list[Result]:
    """A result for each workload; it has failed by its own SLA, or without one if an iteration failed.

    >>> read(b'[{"key": {"name": "Nova.boot", "pos": 0}, "result": [{"error": []}], "sla": [], "full_duration": 2.5}]')
    [Result(test='Nova.boot[0]', outcome='passed', seconds=2.5, reason='')]
    """
    try:
        document = json.loads(data)
        if isinstance(document, dict):
            return list(_report(document["tasks"]))
        return [
            _result(one["key"]["name"], one["key"]["pos"], one["result"], one["sla"], one.get("full_duration"))
            for one in document
        ]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        said = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise Unreadable(said) from None


def _report(tasks: Sequence[Mapping[str, Any]]) -> Iterator[Result]:
    for task in tasks:
        for subtask in task["subtasks"]:
            for one in subtask["workloads"]:
                name, sla = next(iter(one["scenario"])), one["sla_results"].get("sla", [])
                yield _result(name, one["position"], one["data"], sla, one.get("full_duration"))


def _result(
    name: str, position: int, made: Sequence[Mapping[str, Any]], sla: Sequence[Mapping[str, Any]], took: float | None
) -> Result:
    test, seconds = f"{name}[{position}]", float(took or 0.0)
    if missed := [one for one in sla if not one["success"]]:
        told = "; ".join(f"{one['criterion']}: {one.get('detail', '')}".rstrip(": ") for one in missed)
        return Result(test, "failed", seconds, told)
    if not made:
        return Result(test, "inconclusive", seconds, "it was not done once")
    failed = [one["error"] for one in made if one.get("error")]
    if failed and not sla:
        said = " ".join(map(str, failed[0][:2]))
        return Result(test, "failed", seconds, f"{len(failed)} of {len(made)} failed: {said}")
    return Result(test, "passed", seconds)
