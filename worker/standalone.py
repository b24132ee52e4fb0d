"""The stand-alone worker: one file with all that a testing host needs, but Python itself.

It is a zip file that Python runs, and has this package, what that takes of Stackproof, gear, and oslo.config's parser
of files. Nothing in it is compiled; see `worker.bootstrap` for uv. The same sources give the same bytes.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Collection, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path, PurePosixPath

from pytest_whitebox.core.errors import StackproofError

from .bootstrap import PINNED, pinned
from .own import LIBRARIES
from .sources import THIN, sources

#: What of other distributions goes along, beside their licenses: no more than is imported.
_BORROWED = {
    "gear": ("gear/__init__.py", "gear/acl.py", "gear/constants.py"),
    "six": ("six.py",),
    "oslo.config": ("oslo_config/__init__.py", "oslo_config/iniparser.py"),
}
_MAIN = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("worker: this takes Python 3.11 or newer, and %s is older; start it with another" % sys.version.split()[0])
borrowed = sys.path[0] + "/borrowed"
if sys.argv[1:2] == ["-m"]:
    import runpy

    # Environments in which modules are run may have in full what is borrowed here in parts.
    sys.path.append(borrowed)
    del sys.argv[0:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    sys.path.insert(1, borrowed)
    from worker.cli import main

    sys.exit(main())
"""
_SHEBANG = b"#!/usr/bin/env python3\n"
#: A zip file knows no earlier day.
_DAY = (1980, 1, 1, 0, 0, 0)


def archive() -> Path | None:
    """The file that this worker runs from, if it is the stand-alone one."""
    return Path(__file__).parents[1] if pinned() else None


def command(module: str, python: Path | None = None) -> list[str]:
    """The command of a process that runs a module of ours, by this worker's own Python or another."""
    file, interpreter = archive(), str(python or sys.executable)
    return [interpreter, *([str(file)] if file else []), "-m", module]


def write(file: Path) -> None:
    """Write the stand-alone worker, whole or not at all; raises `StackproofError` if something for it is missing."""
    if own := archive():
        raise StackproofError("this worker stands alone already", hint=f"copy {own}")
    out = io.BytesIO(_SHEBANG)
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in sorted(dict(_contents()).items()):
            about = zipfile.ZipInfo(name, _DAY)
            about.external_attr, about.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            made.writestr(about, data)
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_bytes(out.getvalue())
        new.chmod(0o755)
        new.replace(file)
    except OSError as error:
        raise StackproofError(f"{file} cannot be written: {error.strerror}", hint="name another place") from None


def _contents() -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", _MAIN.encode()
    own = __package__.partition(".")[0]
    for name, data in sources([own]):
        yield f"worker{name.removeprefix(own)}", data
    yield from sources(THIN)
    lock = _lock()
    yield f"worker/{PINNED}", _of_lock(lock, {"uv"}).encode()
    yield f"worker/{LIBRARIES}", _of_lock(lock, _needed("stackproof")).encode()
    yield from _about_us()
    for name, wanted in _BORROWED.items():
        yield from ((f"borrowed/{path}", data) for path, data in _borrowed(name, wanted))


def _about_us() -> Iterator[tuple[str, bytes]]:
    """What pytest-cleanup asks of our own distribution: its version."""
    there = distribution("stackproof")
    yield f"stackproof-{there.version}.dist-info/METADATA", (there.read_text("METADATA") or "").encode()


def _borrowed(name: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Files of a distribution that is installed here, and under which license they are."""
    try:
        there = {str(file): file for file in distribution(name).files or ()}
    except PackageNotFoundError:
        raise StackproofError(f"{name} is not installed here", hint="pip install 'stackproof[worker]'") from None
    for path, file in there.items():
        about = PurePosixPath(path).name in ("METADATA", "LICENSE") and ".dist-info/" in path
        if path in wanted or about:
            yield path, Path(str(file.locate())).read_bytes()


def _lock() -> str:
    """Stackproof's lock: in a wheel it lies in tcup, in a checkout above it."""
    tcup = files("tcup")
    inside = tcup.joinpath("requirements.lock")
    return inside.read_text() if inside.is_file() else (Path(str(tcup)).parent / "requirements.lock").read_text()


def _of_lock(lock: str, names: Collection[str]) -> str:
    r"""What a lock says of some packages.

    >>> _of_lock("urllib3==2.8.0 \\\n    --hash=sha256:a\nuv==0.13.8 \\\n    --hash=sha256:b\n", {"uv"})
    'uv==0.13.8 \\\n    --hash=sha256:b\n'
    """
    parts = re.split(r"(?m)^(?=\w)", lock)
    return "".join(part for part in parts if part.partition("==")[0] in names)


def _needed(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """What a distribution needs, and what that needs, as a lock calls it; of any system and any Python."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: set[str] = set()
    todo, seen = [(name, extras)], {(name, extras)}
    while todo:
        one, wanted = todo.pop()
        for need in map(Requirement, _requirements(one)):
            marker = need.marker
            if marker and "extra" in str(marker) and not any(marker.evaluate({"extra": extra}) for extra in wanted):
                continue
            next_ = (canonicalize_name(need.name), frozenset(need.extras))
            found.add(next_[0])
            if next_ not in seen:
                seen.add(next_)
                todo.append(next_)
    return found


def _requirements(name: str) -> list[str]:
    """What a distribution says that it needs; nothing of one that another system or Python would have."""
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []
