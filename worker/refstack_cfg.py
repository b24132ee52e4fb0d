"""A refstack.cfg, as Refstack's specification of the queue has it: where the Gearman server is, and that it is used."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError

_LINE = re.compile(r"\s*(GEARMAN_SERVER|GEARMAN_PORT|TEST_METHOD)\s*=(.*)")


def from_text(text: str) -> dict[str, str]:
    """What it says of Gearman; its other settings are not ours. Raises `ValueError` for a quote without its end.

    >>> from_text("DEBUG = True\\nTEST_METHOD = 'gearman'  # or docker\\nGEARMAN_PORT=4731\\n")
    {'TEST_METHOD': 'gearman', 'GEARMAN_PORT': '4731'}
    """
    found = filter(None, map(_LINE.match, text.splitlines()))
    return {line[1]: " ".join(shlex.split(line[2], comments=True)) for line in found}


def from_file(file: Path) -> dict[str, str]:
    """The same of a file; raises `StackproofError` if it cannot be read, or if its tests do not go over Gearman."""
    try:
        known = from_text(file.read_text())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise StackproofError(f"{file} cannot be read: {why}", hint="name a refstack.cfg with --config") from None
    method = known.get("TEST_METHOD", "")
    if method != "gearman":
        raise StackproofError(
            f"{file} has TEST_METHOD {method or 'not set'}", hint="set it to gearman, or leave --config out"
        )
    return known
