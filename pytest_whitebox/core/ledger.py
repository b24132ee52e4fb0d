"""What was changed and how it is undone: written down before the change, undone in reverse."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType


class Ledger:
    """Undo steps in the order in which they were added.

    >>> ledger = Ledger()
    >>> ledger.add("the first", lambda: print("undo 1"))
    >>> ledger.add("the second", lambda: print("undo 2"))
    >>> ledger.unwind()
    undo 2
    undo 1
    """

    def __init__(self) -> None:
        self._entries: list[tuple[str, Callable[[], object]]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, what: str, undo: Callable[[], object]) -> None:
        """Note how something is undone; ``what`` names it in the error should that fail."""
        self._entries.append((what, undo))

    def unwind(self) -> ExceptionGroup[Exception] | None:
        """Undo everything, last first, and return all failures; a second call finds nothing left to do.

        What fails is tried once more after all the rest: a volume that a server would not let go of is free by then.
        """
        entries, self._entries = self._entries[::-1], []
        again = [(what, undo) for what, undo in entries if _failure(what, undo)]
        failures = [failure for what, undo in again if (failure := _failure(what, undo))]
        return (
            ExceptionGroup(f"{len(failures)} of what was changed could not be undone", failures) if failures else None
        )

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if failures := self.unwind():
            raise failures from error


def _failure(what: str, undo: Callable[[], object]) -> Exception | None:
    try:
        undo()
    except Exception as error:  # noqa: BLE001 -- the rest must be undone whatever happened
        error.add_note(f"while undoing: {what}")
        return error
    return None
