"""What is wrong with a thing that should have outlived the upgrade."""

from __future__ import annotations

from pytest_whitebox.core.errors import StackproofError


class Gone(StackproofError):
    """It is not there any more."""


class Changed(StackproofError):
    """It is there, and not what it was."""


class Unusable(StackproofError):
    """It is there, and does not do what it is for."""


class Inconclusive(StackproofError):
    """It cannot be judged; the message begins with that word."""

    def __init__(self, why: str, *, hint: str) -> None:
        super().__init__(f"inconclusive: {why}", hint=hint)
        self.why = why
