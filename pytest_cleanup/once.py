"""Things that are looked for once, and by one thread only."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """What is found by its name; whoever wants the same meanwhile waits for it, and nobody else does.

    >>> once = Once()
    >>> once("answer", lambda: 42), once("answer", lambda: 43), "question" in once
    (42, 42, False)
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._doors: dict[object, Lock] = {}
        self._found: dict[object, Any] = {}

    def __call__(self, name: object, find: Callable[[], T]) -> T:
        """What ``find`` gave the first time; what it raises is raised, and it is asked again the next time."""
        with self._lock:
            door = self._doors.setdefault(name, Lock())
        with door:
            if name not in self._found:
                self._found[name] = find()
            found: T = self._found[name]
            return found

    def __contains__(self, name: object) -> bool:
        return name in self._found
