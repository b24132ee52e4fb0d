"""Files that the kernel makes up, below /sys and /proc: read, and written in place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.core.transports import Transport

_CHOSEN = re.compile(r"\[(\S+)\]")
# The kernel takes one write as one value; a shell's redirection neither creates nor truncates a file there.
_WRITE = 'cat >"$1"'


def read_value(transport: Transport, path: str) -> str:
    """The value of such a file; of several words the one in brackets, which is the one in force.

    >>> from pytest_whitebox.core.transports import LocalTransport
    >>> read_value(LocalTransport(), "/proc/sys/kernel/ostype")
    'Linux'
    """
    return chosen(transport.read(path).decode(errors="replace"))


def write_value(transport: Transport, path: str, value: bytes) -> None:
    """Write a value; raises `StackproofError` if the kernel refuses it."""
    outcome = transport.execute(["sh", "-c", _WRITE, "sh", path], input=value)
    if outcome.rc:
        said = (outcome.stderr.decode(errors="replace").strip().splitlines() or ["it is refused"])[-1]
        raise StackproofError(
            f"{path} on {transport.name} does not take {value.decode(errors='replace')!r}: {said}",
            hint="see the kernel's documentation of that file, and whether this kernel has it",
        )


def chosen(text: str) -> str:
    """The value in the text of a file.

    >>> chosen("always [madvise] never\\n"), chosen("42\\n")
    ('madvise', '42')
    """
    found = _CHOSEN.search(text)
    return found[1] if found else text.strip()
