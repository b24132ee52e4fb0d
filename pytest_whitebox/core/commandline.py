"""The command lines of our programs: what is not understood does nothing, and has an exit code of its own."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

#: The exit code of a command line that was not understood.
MISUSED = 4


class Parser(argparse.ArgumentParser):
    """Takes no option that is cut short: ``--yes`` is not the ``--yes-delete-everything`` that is asked for.

    >>> parser = Parser(prog="cleanup")
    >>> action = parser.add_argument("--yes-delete-everything", action="store_true")
    >>> parser.parse_args(["--yes-delete-everything"]).yes_delete_everything
    True
    """

    def __init__(self, **words: Any) -> None:
        super().__init__(**words, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        self.print_usage(sys.stderr)
        self.exit(MISUSED, f"{self.prog}: {message}\n")
