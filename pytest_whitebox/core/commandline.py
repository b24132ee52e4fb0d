"""The command lines of our programs: what is not understood does nothing, and has an exit code of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from pytest_whitebox.core.errors import StackproofError

#: The exit codes of a deliberate error, of a command line that was not understood, and of Ctrl-C.
FAILED, MISUSED, INTERRUPTED = 3, 4, 130


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


def carry_out(
    parser: argparse.ArgumentParser, words: Sequence[str] | None, *, failed: int = FAILED, interrupted: str = ""
) -> int:
    """Run the ``command`` that the words choose, and return its exit code; an error is one sentence on stderr.

    ``failed`` is the code of an error that has none of its own; ``interrupted`` says what is to be known after Ctrl-C.
    """
    options = parser.parse_args(words)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except StackproofError as error:
        print(f"{parser.prog}: {error.sentence}", file=sys.stderr)
        return error.exit_code or failed
    except BrokenPipeError:
        sys.stderr.close()
        return failed
    except KeyboardInterrupt:
        print(f"\n{parser.prog}: {'; '.join(filter(None, ('interrupted', interrupted)))}", file=sys.stderr)
        return INTERRUPTED
