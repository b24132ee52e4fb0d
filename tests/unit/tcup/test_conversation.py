"""What is said to the container, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tcup.tcup import Conversation, parser

TEST = "tests/test_a.py::test_it"
BODY = {"cpid": "c0ffee", "duration_seconds": 7, "results": [{"name": "a.b"}]}
EVENTS: list[dict[str, Any]] = [
    {"event": "collected", "number": 1},
    {"event": "began", "test": TEST},
    {"event": "ended", "test": TEST, "outcome": "passed", "why": ""},
    {"event": "payload", "body": BODY},
    {"event": "over", "status": 0},
]


@dataclass
class _There:
    """The other side; somebody presses Ctrl-C before the event of this name."""

    stopped_before: str = ""
    written: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    conversation: Conversation | None = None

    def write(self, text: str) -> None:
        self.written.append(text)

    def events(self) -> Iterator[dict[str, Any]]:
        for event in EVENTS:
            if event["event"] == self.stopped_before and self.conversation:
                self.conversation.stop()
            yield event


def _held(there: _There, tmp_path: Path) -> int:
    options = parser().parse_args(["--api", "http://refstack.example", "--yes", "--results", str(tmp_path)])
    there.conversation = Conversation(there, options)  # type: ignore[arg-type]
    return there.conversation.held()


def test_results_are_sent_of_a_run_that_nobody_has_stopped(tmp_path: Path) -> None:
    there = _There()
    assert _held(there, tmp_path) == 0
    assert there.written == ["upload"]


def test_results_of_a_stopped_run_are_kept_and_not_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = _There("payload")
    _held(there, tmp_path)

    assert there.written == ["stop", "leave"]
    assert "results not uploaded, for the run was stopped; `tcup upload " in capsys.readouterr().err
    (kept,) = tmp_path.glob("*/refstack.json")
    assert '"c0ffee"' in kept.read_text()
