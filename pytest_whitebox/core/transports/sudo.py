"""Being root on a host where one logs in as another user."""

from __future__ import annotations

import re

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.transports.transport import Outcome

#: What stands before a command; it fails rather than asks for a password.
SUDO = ("sudo", "-n", "--")
_REFUSES = re.compile(
    rb"sudo: (a password is required|a terminal is required|no tty present)|is not in the sudoers file"
    rb"|^Sorry, user \S+ (is not allowed|may not run)"
)
_MISSING = re.compile(rb"sudo: (command )?not found|No such file or directory: 'sudo'")


def check(outcome: Outcome, where: str) -> None:
    """Raise `StackproofError` if it was sudo that failed, not the command behind it."""
    if outcome.rc == 127 and _MISSING.search(outcome.stderr):
        raise StackproofError(
            f"there is no sudo on {where}", hint="install it there, or log in as root (User in the ssh_config)"
        )
    if outcome.rc and _REFUSES.search(outcome.stderr.partition(b"\n")[0]):
        raise StackproofError(
            f"{where} may not become root: sudo wants a password, or does not allow it",
            hint="give the user a line with NOPASSWD: ALL in sudoers, or log in as root (User in the ssh_config)",
        )
