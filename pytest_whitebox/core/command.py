"""Commands are lists; they are quoted in one place and their outcome is a value."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_whitebox.core.errors import StackproofError


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished command left behind.

    >>> Result(("false",), 1, "", "").ok
    False
    """

    command: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """True if the command exited with 0."""
        return self.rc == 0


class CommandFailed(StackproofError):
    """A command exited with another code than 0; ``result`` holds all of it."""

    def __init__(self, result: Result, *, where: str = "this machine", hint: str = "run it by hand there") -> None:
        lines = (result.stderr or result.stdout).strip().splitlines()
        said = f": {lines[-1]}" if lines else ""
        super().__init__(f"`{quote(result.command)}` exited with {result.rc} on {where}{said}", hint=hint)
        self.result = result


def quote(command: Sequence[str]) -> str:
    """The command as one line for a POSIX shell.

    >>> quote(["cat", "a file"])
    "cat 'a file'"
    """
    return shlex.join(command)


def run(
    command: Sequence[str],
    *,
    input: str | None = None,
    timeout: float = 60,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> Result:
    """Run a command on this machine and return its `Result`; ``timeout`` is in seconds.

    Raises `CommandFailed` for an exit code other than 0 unless ``check`` is false, and `StackproofError` if
    the program is missing or does not end in time.

    >>> run(["echo", "hello"]).stdout
    'hello\\n'
    """
    try:
        done = subprocess.run(
            list(command), input=input, capture_output=True, text=True, errors="replace",
            timeout=timeout, env=env, cwd=cwd, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise StackproofError(f"no program {command[0]!r} on this machine", hint="install it and try again") from None
    except subprocess.TimeoutExpired:
        raise StackproofError(f"`{quote(command)}` did not end within {timeout:g} s", hint="run it by hand") from None
    result = Result(tuple(command), done.returncode, done.stdout, done.stderr)
    if check and not result.ok:
        raise CommandFailed(result)
    return result
