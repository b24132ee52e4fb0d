"""The verb doctor: what a testing host needs, looked at one by one."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError

from .. import settings
from ..clouds import CLOUDS, CONF

#: Bytes that a cache with a few releases and the environments of some jobs take.
_ROOM = 2 * 1024**3
_PATIENCE = 5.0
#: The Python of releases before 42.
_OLD = "3.11"

Check = Callable[[argparse.Namespace], str]


def doctor(options: argparse.Namespace) -> int:
    """Look at each thing, and return 1 if one of them will not do."""
    worst = 0
    for name, check in CHECKS.items():
        try:
            print(f"ok   {name}: {check(options)}")
        except StackproofError as error:
            print(f"NOT  {name}: {error.sentence}")
            worst = 1
    return worst


def _uv(options: argparse.Namespace) -> str:
    from ..bootstrap import find_uv

    uv = find_uv(settings.cache(options))
    return subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout.strip()


def _python(options: argparse.Namespace) -> str:
    from ..bootstrap import find_uv

    if f"{sys.version_info[0]}.{sys.version_info[1]}" == _OLD:
        return sys.executable
    uv = find_uv(settings.cache(options))
    done = subprocess.run([uv, "python", "find", _OLD], capture_output=True, text=True, check=False)
    if done.returncode:
        hint = "install it, or let uv get it with the first job: `uv python install 3.11`"
        raise StackproofError("there is no Python 3.11, which Tempest before 42 takes", hint=hint)
    return done.stdout.strip()


def _compiler(_: argparse.Namespace) -> str:
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        hint = "install gcc and the headers of Python 3.11, or take later releases only"
        raise StackproofError("there is no C compiler, which Tempest before 42 takes", hint=hint)
    return found


def _cache(options: argparse.Namespace) -> str:
    folder = settings.cache(options)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StackproofError(f"{folder} cannot be made: {error.strerror}", hint="name another with --cache") from None
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        raise StackproofError(f"{folder} cannot be written", hint="name another with --cache")
    if free < _ROOM:
        raise StackproofError(f"{folder} has {free / 1024**3:.1f} GiB left", hint="give it 2 GiB")
    prepared = sorted(file.name.split("-")[1] for file in (folder / "locks").glob("tempest-*.listed"))
    return f"{folder}, {free / 1024**3:.0f} GiB left, prepared: {', '.join(prepared) or 'nothing'}"


def _clouds(options: argparse.Namespace) -> str:
    folder = settings.clouds(options)
    files = sorted([*folder.glob(f"*/{CONF}"), *folder.glob(f"*/{CLOUDS}")])
    if not files:
        raise StackproofError(f"{folder} has no cloud", hint=f"write NAME/{CONF} or NAME/{CLOUDS} there")
    for file in files:
        if file.stat().st_mode & 0o077:
            raise StackproofError(f"{file} can be read by others", hint=f"`chmod 600 {file}`")
    return ", ".join(file.parent.name for file in files)


def _gearman(options: argparse.Namespace) -> str:
    place = settings.gearman(options)
    if place is None:
        raise StackproofError("no Gearman server is named", hint="set GEARMAN_SERVER, or give --gearman-server")
    try:
        socket.create_connection((place.host, place.port), _PATIENCE).close()
    except OSError as error:
        raise StackproofError(f"{place} does not answer: {error.strerror or error}", hint="see that it runs") from None
    return str(place)


def _monitor(options: argparse.Namespace) -> str:
    from ..asking import Asking, Refusal

    authority = settings.chosen(options, settings.AUTHORITY)
    asking = Asking(
        settings.chosen(options, settings.URL), settings.token(options), Path(authority) if authority else None
    )
    try:
        asking.post("/update-test-status/", {})
    except Refusal as error:
        # A host that is known hears what is missing in its report.
        if error.code != 400:
            raise
    return asking.url


CHECKS: dict[str, Check] = {
    "uv": _uv, "python": _python, "compiler": _compiler, "cache": _cache, "clouds": _clouds, "gearman": _gearman,
    "monitor": _monitor,
}  # fmt: skip
