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
