"""What is seen of a run while it goes on."""

from __future__ import annotations

from io import StringIO

from tcup.tcup import Progress

TEST = "tests/test_a.py::A::test_it"


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_drawn_for_tests_and_not_again_when_they_are_over() -> None:
    out = _Terminal()
    progress = Progress(out)
    for event in ({"event": "collected", "number": 2}, {"event": "began", "test": TEST}):
        progress.take(event)
    assert out.getvalue().endswith("[--------------------] 0 of 2, 0:00  test_a.py::A::test_it")

    progress.take({"event": "ended", "test": TEST, "outcome": "passed"})
    assert out.getvalue().endswith("[##########----------] 1 of 2, 0:00  test_a.py::A::test_it")

    progress.clear()
    drawn = out.getvalue()
    for event in (
        {"event": "log", "line": "a line"},
        {"event": "uploaded", "url": "x"},
        {"event": "over", "status": 0},
    ):
        progress.take(event)
    assert out.getvalue() == drawn
