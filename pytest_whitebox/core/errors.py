"""The one exception that stackproof raises on purpose."""

from __future__ import annotations


class StackproofError(Exception):
    """Something went wrong that the user can do something about.

    The message is one sentence that names the thing; the hint says what to do next. Command lines print
    both and no traceback; pytest shows the hint as a note under the message.

    >>> error = StackproofError("no cloud is named 'prod'", hint="see `openstack --os-cloud help`")
    >>> print(error.sentence)
    no cloud is named 'prod'; see `openstack --os-cloud help`
    """

    #: Of a command line that ends by it; None leaves that to the command line.
    exit_code: int | None = None

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
        self.add_note(f"hint: {hint}")

    @property
    def sentence(self) -> str:
        """The message and its next step on one line."""
        return f"{self}; {self.hint}"


def plain(error: BaseException) -> str:
    """Why something failed: in the operating system's words if they are at its root, else in its own first line.

    Libraries that speak HTTP wrap a refused connection in three of their own errors, whose texts are no sentence.

    >>> try:
    ...     try:
    ...         raise ConnectionRefusedError(111, "Connection refused")
    ...     except OSError as refused:
    ...         raise RuntimeError("HTTPPool(...): Max retries exceeded") from refused
    ... except RuntimeError as wrapped:
    ...     plain(wrapped)
    'Connection refused'
    >>> plain(LookupError("Cloud lab was not found."))
    'Cloud lab was not found'
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
