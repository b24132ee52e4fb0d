"""uv, which makes the environments of jobs: where it is, and how a worker that has none comes to it.

It is compiled, so the stand-alone worker does not have it along, but its version and hashes, as Stackproof's lock has
them. Python's own pip gets it into the cache, once for all workers that share it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from threading import Event

from pytest_whitebox.core.errors import StackproofError

from .calling import Say, called
from .locking import alone

#: The file that only the stand-alone worker has: a requirement of pip's.
PINNED = "uv.txt"


class NoUv(StackproofError):
    """There is no uv, and it cannot be had."""


class NoEnvironment(StackproofError):
    """An environment could not be made."""


@dataclass(frozen=True, slots=True)
class Uv:
    """uv with a cache that several workers of a machine may share; ``program`` is another than the one there is."""

    cache: Path
    program: str = ""

    def call(self, words: Sequence[str], what: str, say: Say, stopped: Event) -> None:
        """Have it do something; raises `NoEnvironment` with ``what`` and its first line if it does not."""
        said: list[str] = []

        def hear(line: str) -> None:
            said.append(line)
            say(line)

        uv = self.program or have_uv(self.cache, say, stopped)
        environment = {**os.environ, "UV_CACHE_DIR": str(self.cache / "uv"), "NO_COLOR": "1"}
        environment.pop("VIRTUAL_ENV", None)
        if called([uv, *words], environment, hear, stopped, self.cache):
            why = next((line.strip() for line in said if line.strip()), "uv says nothing")
            hint = "see the log of the job, and the worker's way to the index"
            raise NoEnvironment(f"{what}: {why[:300]}", hint=hint)


def pinned() -> str:
    """The uv that a stand-alone worker gets, with its hashes; nothing elsewhere."""
    file = files(__package__).joinpath(PINNED)
    return file.read_text() if file.is_file() else ""


def find_uv(cache: Path) -> str:
    """The uv beside this worker, else that of the system or of its cache; raises `NoUv` if there is none."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv") or shutil.which(_own(cache))
    if not found:
        hint = "`prepare` gets it, and so does the first job" if pinned() else "pip install 'stackproof[worker]'"
        raise NoUv("there is no uv, which makes the environments of jobs", hint=hint)
    return found


def have_uv(cache: Path, say: Say, stopped: Event) -> str:
    """The same, got if there is none; raises `NoUv` where that cannot be."""
    try:
        return find_uv(cache)
    except NoUv:
        if not pinned():
            raise
    uv = _own(cache)
    with alone(uv):
        if not uv.is_file():
            _get(uv, say, stopped)
    return str(uv)


def _own(cache: Path) -> Path:
    """Where the uv of a cache is; another version is another file."""
    return cache / "tools" / f"uv-{hashlib.sha256(pinned().encode()).hexdigest()[:12]}"


def _get(uv: Path, say: Say, stopped: Event) -> None:
    """Have pip install it into an environment that is only for that, and keep the program."""
    folder = uv.with_name(f"{uv.name}.new")
    shutil.rmtree(folder, ignore_errors=True)
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        say(line)

    python, wanted = folder / "bin" / "python", uv.with_name(f"{uv.name}.txt")
    wanted.write_text(pinned())
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    install += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(wanted)]
    try:
        for command in ([sys.executable, "-m", "venv", str(folder)], install):
            if called(command, dict(os.environ), hear, stopped, uv.parent):
                why = next((line.strip() for line in reversed(said) if line.strip()), "pip says nothing")
                hint = "install uv, or Python's venv, and see the way to the package index"
                raise NoUv(f"uv, which makes the environments of jobs, cannot be had: {why[:300]}", hint=hint)
        (folder / "bin" / "uv").replace(uv)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
