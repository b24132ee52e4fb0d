"""The stand-alone worker as a host has it: a Python without any package, an empty folder, an empty environment."""

from __future__ import annotations

import venv
from collections.abc import Sequence
from pathlib import Path

from worker.standalone import write


def program(folder: Path, **variables: str) -> Sequence[str]:
    """Make both below ``folder``; returns the command that starts it, with these variables and no others."""
    file, bare, empty = folder / "worker.pyz", folder / "bare", folder / "empty"
    empty.mkdir(parents=True)
    write(file)
    venv.create(bare, symlinks=True, with_pip=False)
    given = [f"{name}={value}" for name, value in variables.items()]
    return ["env", "-i", "-C", str(empty), *given, str(bare / "bin" / "python"), str(file)]
