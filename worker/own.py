"""The worker's own environment: libraries that it needs beside gear, for what no environment of a job is to do.

Where Stackproof is installed they are there. The stand-alone worker, in which nothing is compiled, makes an environment
of them in its cache: with uv, by the versions and hashes of Stackproof's lock.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from threading import Event
from typing import Any

from pytest_whitebox.core.errors import StackproofError

from .bootstrap import Uv
from .calling import Say
from .locking import alone

#: The file that only the stand-alone worker has: requirements of pip's.
LIBRARIES = "libraries.txt"
#: What is asked: for keys, and for a tempest.conf.
SEALING, DISCOVERING = f"{__package__}.sealing", "pytest_whitebox.tempest.discovering"
#: Seconds for an answer.
_PATIENCE = 60.0


def python(cache: Path, say: Say, stopped: Event) -> Path:
    """The Python that has the libraries; raises `NoEnvironment` if it cannot be made."""
    wanted = files(__package__).joinpath(LIBRARIES)
    if not wanted.is_file():
        return Path(sys.executable)
    text = wanted.read_text()
    about = f"{text} {sys.version_info[:2]}"
    folder = cache / "own" / hashlib.sha256(about.encode()).hexdigest()[:12]
    made, interpreter = folder / "made", folder / "bin" / "python"
    if made.is_file():
        return interpreter
    with alone(folder):
        if not made.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            file = folder.with_name(f"{folder.name}.txt")
            file.write_text(text)
            uv, what = Uv(cache), "the worker's own libraries cannot be installed"
            uv.call(["venv", "--quiet", "--python", sys.executable, str(folder)], what, say, stopped)
            install = ["pip", "install", "--quiet", "--python", str(interpreter), "--require-hashes", "--no-deps"]
            uv.call([*install, "--requirements", str(file)], what, say, stopped)
            made.touch()
    return interpreter


def asked(module: str, request: dict[str, Any], cache: Path, say: Say, stopped: Event) -> dict[str, Any]:
    """Have a module that needs them do something, by JSON there and back; raises `StackproofError`.

    Nothing of it is on a command line or in a file.
    """
    from .standalone import command

    words = command(module, python(cache, say, stopped))
    done = subprocess.run(
        words, input=json.dumps(request), stdout=subprocess.PIPE, text=True, timeout=_PATIENCE, check=False
    )
    try:
        known = dict(json.loads(done.stdout))
    except ValueError:
        hint = "see the log of the worker; it makes its own environment again if `own` in its cache is removed"
        raise StackproofError(f"{module} has ended without a word", hint=hint) from None
    if "error" in known:
        raise StackproofError(known["error"], hint=known["hint"])
    return known


def answered(answer: dict[str, Any] | StackproofError) -> None:
    """What a module says to who has asked."""
    if isinstance(answer, StackproofError):
        answer = {"error": str(answer), "hint": answer.hint}
    print(json.dumps(answer), flush=True)
