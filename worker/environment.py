"""A virtual environment for one job: exactly the Tempest that it asks for, with the libraries of that Tempest's time.

What goes into it is resolved once for each release and kept as a lock beside uv's cache, so that the next job with the
same release takes a second or two, and no network. Pytest is as new as the newest Tempest, and Stackproof's plugin lies
beside it without what else Stackproof needs: discovery, upload and cleanup are not the environment's.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from .bootstrap import NoEnvironment, Uv
from .calling import Say, called
from .locking import alone
from .releases import LATEST, RELEASES, Release
from .sources import THIN, sources

#: Libraries in C, of which the releases of those days have no wheel for the Python of these.
_WHEELS = ("cffi", "msgpack", "pyyaml")
#: Of the time of the newest Tempest, whatever the time of the one that is asked for.
_NEW = ("pytest", "pluggy", "iniconfig", "pygments", "packaging", *_WHEELS)
#: What pytest-cleanup's plugin takes beside Tempest, for the services of requests.
_NOTING = ("os-service-types",)


@dataclass(frozen=True, slots=True)
class Environment:
    """What was made: its interpreter, and the folder for PYTHONPATH that has Stackproof's plugin."""

    python: Path
    thin: Path


class Environments:
    """Makes environments out of a cache, which several workers of a machine may share.

    ``beside`` are requirements that are put beside each Tempest, such as its plugins.
    """

    def __init__(self, cache: Path, beside: Sequence[str] = (), uv: str = "") -> None:
        self.cache, self.beside = cache.resolve(), tuple(beside)
        self._uv = Uv(self.cache, uv)

    def prepare(self, version: str, say: Say, stopped: Event) -> Path:
        """The lock of a release, resolved if it is not there; raises `NoEnvironment`."""
        release = RELEASES[version]
        wanted = [f"tempest=={version}", "pytest>=8", *_NOTING, *release.beside, *self.beside]
        about = f"{wanted} {release.newest} {_NEW} {LATEST} {_python(release)} {sys.platform}"
        lock = self.cache / "locks" / f"tempest-{version}-{hashlib.sha256(about.encode()).hexdigest()[:12]}.txt"
        if lock.is_file():
            return lock
        with alone(lock):
            if not lock.is_file():
                source, new = lock.with_suffix(".in"), lock.with_suffix(".new")
                source.write_text("".join(f"{line}\n" for line in wanted))
                new_ones = [word for name in _NEW for word in ("--exclude-newer-package", f"{name}={LATEST}")]
                self._uv.call(
                    ["pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate",
                     "--no-emit-index-url", "--exclude-newer", release.newest, *new_ones,
                     "--python", _interpreter(release), "--python-version", _python(release),
                     "--output-file", str(new), str(source)],
                    f"the libraries of Tempest {version} cannot be chosen", say, stopped,
                )  # fmt: skip
                new.replace(lock)
        return lock

    def make(self, version: str, folder: Path, say: Say, stopped: Event) -> Environment:
        """An environment in a new folder; raises `NoEnvironment`, also if its Tempest lists no test."""
        lock = self.prepare(version, say, stopped)
        python = folder / "bin" / "python"
        what = f"Tempest {version} cannot be installed"
        interpreter = _interpreter(RELEASES[version])
        self._uv.call(["venv", "--quiet", "--python", interpreter, str(folder)], what, say, stopped)
        install = ["pip", "install", "--quiet", "--python", str(python), "--requirements", str(lock)]
        try:
            self._uv.call([*install, "--offline"], what, lambda _: None, stopped)
        except NoEnvironment:
            self._uv.call(install, what, say, stopped)
        made = Environment(python, self._thin())
        self._see_that_it_lists(made, lock, say, stopped)
        return made

    def _see_that_it_lists(self, made: Environment, lock: Path, say: Say, stopped: Event) -> None:
        """Look once for each lock whether there are tests: a Tempest that does not fit its libraries has none."""
        seen = lock.with_suffix(".listed")
        if seen.is_file():
            return
        folder = made.python.parent.parent / "listing"
        folder.mkdir(mode=0o700)
        said: list[str] = []
        command = [str(made.python), "-m", "pytest", *plugins(folder), "--collect-only", "-q", "--tempest"]
        called(command, quiet(made, folder), said.append, stopped, folder)
        shutil.rmtree(folder)
        number = sum("::" in line for line in said)
        if not number:
            raise NoEnvironment(
                f"{lock.stem} lists no test: {said[-1].strip() if said else 'it says nothing'}",
                hint="see the log of the job; leave out what the worker puts beside it",
            )
        say(f"Tempest lists {number} tests\n")
        seen.write_text(f"{number}\n")

    def _thin(self) -> Path:
        """Stackproof's plugin alone, as this worker has it."""
        found = dict(sources(THIN))
        digest = hashlib.sha256()
        for name, data in found.items():
            digest.update(name.encode() + b"\0" + data)
        thin = self.cache / "thin" / digest.hexdigest()[:16]
        with alone(thin.with_suffix(".lock")):
            if not thin.is_dir():
                new = thin.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)
                for name, data in found.items():
                    (new / name).parent.mkdir(parents=True, exist_ok=True)
                    (new / name).write_bytes(data)
                new.rename(thin)
        return thin


def plugins(folder: Path) -> list[str]:
    """Arguments of pytest by which a run in ``folder`` has our plugin, and no configuration of anybody's."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    return ["-c", "pytest.ini", "--rootdir", str(folder), "-p", "pytest_whitebox.plugin", "-p", "tcup.inside.watching"]


def quiet(made: Environment, folder: Path) -> dict[str, str]:
    """The environment of a process that needs nothing of ours."""
    return {
        "PATH": f"{made.python.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder),
        "LANG": "C.UTF-8", "PYTHONPATH": str(made.thin), "PYTHONUNBUFFERED": "1", "COLUMNS": "200", "CI": "true",
    }  # fmt: skip


def _python(release: Release | None = None) -> str:
    """The Python that a release takes, by its version; else that of this worker."""
    return (release and release.python) or f"{sys.version_info[0]}.{sys.version_info[1]}"


def _interpreter(release: Release) -> str:
    """What uv is to take; this worker's own if it will do, which need not be where uv would look."""
    return sys.executable if _python(release) == _python() else _python(release)
