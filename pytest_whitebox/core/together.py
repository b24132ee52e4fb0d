"""Several contexts at the same time: entered side by side, and left side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial


@contextmanager
def together(contexts: Sequence[AbstractContextManager[object]]) -> Iterator[None]:
    """Enter all contexts at once, each in a thread; if one cannot be entered, the others are left again.

    One error is raised as it is, several as a group.

    >>> from contextlib import closing
    >>> import io
    >>> files = [io.StringIO(), io.StringIO()]
    >>> with together([closing(file) for file in files]):
    ...     [file.closed for file in files]
    [False, False]
    >>> [file.closed for file in files]
    [True, True]
    """
    if len(contexts) == 1:
        with contexts[0]:
            yield
        return
    entered: list[AbstractContextManager[object]] = []
    try:
        _each([partial(_enter, context, entered) for context in contexts])
        yield
    finally:
        # Whatever interrupted the entering, all threads have ended by now.
        _each([partial(context.__exit__, None, None, None) for context in entered])


def _enter(context: AbstractContextManager[object], entered: list[AbstractContextManager[object]]) -> None:
    context.__enter__()
    entered.append(context)


def _each(actions: Sequence[Callable[[], object]]) -> None:
    """Carry out all actions, each in a thread; raises what they raised when all have ended."""
    with ThreadPoolExecutor(max(1, len(actions))) as pool:
        futures = [pool.submit(action) for action in actions]
    errors = [error for future in futures if (error := future.exception()) is not None]
    if len(errors) > 1:
        raise BaseExceptionGroup(f"{len(errors)} of them failed", errors)
    if errors:
        raise errors[0]
