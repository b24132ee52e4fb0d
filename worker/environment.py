"""A virtual environment for one job: exactly the Tempest that it asks for, with the libraries of that Tempest's time.

What goes into it is resolved once for each release and kept as a lock beside uv's cache, so that the next job with the
same release takes a second or two, and no network. Pytest is as new as the newest Tempest, and Stackproof's plugin lies
beside it without what else Stackproof needs: discovery, upload and cleanup are not the environment's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

from pytest_whitebox.core.errors import StackproofError

from .releases import LATEST, RELEASES, Release

#: Libraries in C, of which the releases of those days have no wheel for the Python of these.
_WHEELS = ("cffi", "msgpack", "pyyaml")
#: Of the time of the newest Tempest, whatever the time of the one that is asked for.
_NEW = ("pytest", "pluggy", "iniconfig", "pygments", "packaging", *_WHEELS)
#: What of Stackproof lies in the environment.
_THIN = ("pytest_whitebox", "tcup/__init__.py", "tcup/inside/__init__.py", "tcup/inside/watching.py")
Say = Callable[[str], None]


class NoEnvironment(StackproofError):
    """The environment of a job could not be made."""


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
        self._uv = uv or find_uv()

    def prepare(self, version: str, say: Say, stopped: Event) -> Path:
        """The lock of a release, resolved if it is not there; raises `NoEnvironment`."""
        release = RELEASES[version]
        wanted = [f"tempest=={version}", "pytest>=8", *release.beside, *self.beside]
        about = f"{wanted} {release.newest} {_NEW} {LATEST} {_python(release)} {sys.platform}"
        lock = self.cache / "locks" / f"tempest-{version}-{hashlib.sha256(about.encode()).hexdigest()[:12]}.txt"
        if lock.is_file():
            return lock
        with _alone(lock):
            if not lock.is_file():
                source, new = lock.with_suffix(".in"), lock.with_suffix(".new")
                source.write_text("".join(f"{line}\n" for line in wanted))
                new_ones = [word for name in _NEW for word in ("--exclude-newer-package", f"{name}={LATEST}")]
                self._call(
                    ["pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate",
                     "--no-emit-index-url", "--exclude-newer", release.newest, *new_ones,
                     "--python-version", _python(release), "--output-file", str(new), str(source)],
                    f"the libraries of Tempest {version} cannot be chosen", say, stopped,
                )  # fmt: skip
                new.replace(lock)
        return lock

    def make(self, version: str, folder: Path, say: Say, stopped: Event) -> Environment:
        """An environment in a new folder; raises `NoEnvironment`, also if its Tempest lists no test."""
        lock = self.prepare(version, say, stopped)
        python = folder / "bin" / "python"
        what = f"Tempest {version} cannot be installed"
        self._call(["venv", "--quiet", "--python", _python(RELEASES[version]), str(folder)], what, say, stopped)
        install = ["pip", "install", "--quiet", "--python", str(python), "--requirements", str(lock)]
        try:
            self._call([*install, "--offline"], what, lambda _: None, stopped)
        except NoEnvironment:
            self._call(install, what, say, stopped)
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
        sources = list(_sources())
        digest = hashlib.sha256()
        for file, name in sources:
            digest.update(name.encode() + b"\0" + file.read_bytes())
        thin = self.cache / "thin" / digest.hexdigest()[:16]
        with _alone(thin.with_suffix(".lock")):
            if not thin.is_dir():
                new = thin.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)
                for file, name in sources:
                    (new / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, new / name)
                new.rename(thin)
        return thin

    def _call(self, words: Sequence[str], what: str, say: Say, stopped: Event) -> None:
        said: list[str] = []

        def hear(line: str) -> None:
            said.append(line)
            say(line)

        environment = {**os.environ, "UV_CACHE_DIR": str(self.cache / "uv"), "NO_COLOR": "1"}
        environment.pop("VIRTUAL_ENV", None)
        if called([self._uv, *words], environment, hear, stopped, self.cache):
            why = next((line.strip() for line in said if line.strip()), "uv says nothing")
            raise NoEnvironment(
                f"{what}: {why[:300]}", hint="see the log of the job, and the worker's way to the index"
            )


def plugins(folder: Path) -> list[str]:
    """Arguments of pytest by which a run in ``folder`` has our plugin, and no configuration of anybody's."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    return ["-c", "pytest.ini", "--rootdir", str(folder), "-p", "pytest_whitebox.plugin", "-p", "tcup.inside.watching"]


def called(
    command: Sequence[str], environment: dict[str, str], hear: Say, stopped: Event, folder: Path,
    descriptors: Sequence[int] = (), grace: float = 3.0,
) -> int:  # fmt: skip
    """Run a program to its end and return its exit status; once ``stopped`` is set it and all its children end.

    They have ``grace`` seconds to do so themselves, as with Ctrl-C.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True, pass_fds=descriptors,
    )  # fmt: skip
    for descriptor in descriptors:
        os.close(descriptor)
    over = Event()

    def watch() -> None:
        while not over.is_set():
            if stopped.wait(0.2):
                _end(process, over, grace)
                return

    watcher = Thread(target=watch)
    watcher.start()
    try:
        for line in process.stdout or ():
            hear(line)
        return process.wait()
    finally:
        over.set()
        watcher.join()
        _signal(process, signal.SIGKILL)


def _end(process: subprocess.Popen[str], over: Event, grace: float) -> None:
    _signal(process, signal.SIGINT)
    if not over.wait(grace):
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """To the whole group, which may outlive the process itself."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def quiet(made: Environment, folder: Path) -> dict[str, str]:
    """The environment of a process that needs nothing of ours."""
    return {
        "PATH": f"{made.python.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder),
        "LANG": "C.UTF-8", "PYTHONPATH": str(made.thin), "PYTHONUNBUFFERED": "1", "COLUMNS": "200", "CI": "true",
    }  # fmt: skip


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One process at a time works at a file; the lock goes with the process."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def _sources() -> Iterator[tuple[Path, str]]:
    for name in _THIN:
        package, _, rest = name.partition("/")
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise NoEnvironment(
                f"{package} is not beside this worker", hint="install stackproof, or run it from a checkout"
            )
        top = Path(spec.origin).parent
        found = [top / rest] if rest else sorted(top.rglob("*"))
        for file in found:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file, str(file.relative_to(top.parent))


def _python(release: Release) -> str:
    return release.python or f"{sys.version_info[0]}.{sys.version_info[1]}"


def find_uv() -> str:
    """The uv beside this worker, else that of the system; raises `NoEnvironment` if there is none."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if not found:
        raise NoEnvironment(
            "there is no uv, which makes the environments of jobs", hint="pip install 'stackproof[worker]'"
        )
    return found
