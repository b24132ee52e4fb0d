"""What devcloud needs from the distribution, and the environment that holds a release of OpenStack."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devcloud.hosts.namespace import HOST_PATH
from devcloud.machine.autostart import prevented
from devcloud.machine.dependencies import half_installed, missing_programs
from devcloud.state import State, write_atomically
from pytest_whitebox.core.command import Result, run
from pytest_whitebox.core.errors import StackproofError

_LISTS = Path(__file__).parents[1] / "releases"
#: The releases of OpenStack that there is a frozen list of packages for, oldest first.
RELEASES = tuple(sorted(file.stem for file in _LISTS.glob("*.txt")))
_SYSTEM_PYTHON = "/usr/bin/python3"
_MARKER = ".complete"
_LOCK_TIMEOUT = 300
_INSTALL_TIMEOUT = 1800
Say = Callable[[str, float], None]


def install_system(projects: Sequence[str], say: Say) -> None:
    """Install what these projects miss; no daemon is started, and what is there already is left alone.

    Raises `StackproofError` if the package source is down or refuses. Ctrl-C and a killed run are put right by
    the next one.
    """
    if not shutil.which("apt-get", path=HOST_PATH):
        raise StackproofError("this machine has no apt-get", hint="use Debian 12 or Ubuntu 24.04")
    wanted = sorted({*missing_programs(projects), *half_installed(projects)})
    if not wanted:
        return
    began = time.monotonic()
    with prevented():
        if _interrupted():
            _apt(["dpkg", "--configure", "-a", "--force-confdef", "--force-confold"])
        updated = _apt(["apt-get", "-q", "update"])
        installed = _apt([*_APT_INSTALL, *wanted])
    missing = missing_programs(projects)
    if not installed.ok or missing:
        failed = installed if not installed.ok else updated
        raise StackproofError(
            f"{few(list(missing) or wanted)} cannot be installed: {reason(failed.stderr)}",
            hint="see that the package source answers and try again; `apt-get update` says more",
        )
    say(f"installed {few(wanted)}", time.monotonic() - began)


_APT_INSTALL = (
    "apt-get", "-q", "-y", "--no-install-recommends", "--fix-broken", "-o", f"DPkg::Lock::Timeout={_LOCK_TIMEOUT}",
    "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold", "install",
)  # fmt: skip
_APT_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "APT_LISTCHANGES_FRONTEND": "none",
    "NEEDRESTART_SUSPEND": "1",
    "LC_ALL": "C.UTF-8",
}


def few(names: Sequence[str]) -> str:
    """Some of many names.

    >>> few(["gcc", "haproxy", "runit", "zstd", "ipset"])
    'gcc, haproxy, runit and 2 more packages'
    """
    more = f" and {len(names) - 3} more packages" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def reason(stderr: str) -> str:
    """The line in which apt or dpkg says what went wrong.

    >>> reason("W: Ignored\\nE: Failed to fetch http://deb.example/a.deb  Could not resolve 'deb.example'\\nE: Unable")
    "Failed to fetch http://deb.example/a.deb  Could not resolve 'deb.example'"
    """
    lines = stderr.strip().splitlines()
    errors = [line for line in lines if line.startswith(("E: ", "dpkg: error", "W: Failed to fetch"))]
    return (errors or lines[-1:] or ["apt-get gave no reason"])[0].removeprefix("E: ").removeprefix("W: ")


def _interrupted() -> bool:
    """True if dpkg was stopped in the middle of something."""
    return any(Path("/var/lib/dpkg/updates").glob("[0-9]*")) or bool(run(["dpkg", "--audit"], check=False).stdout)


def _apt(command: Sequence[str]) -> Result:
    """Run apt or dpkg in a session of its own: Ctrl-C reaches us first, and we wait until all of it has ended."""
    process = subprocess.Popen(
        list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        errors="replace", start_new_session=True, env={**os.environ, "PATH": HOST_PATH, **_APT_ENVIRONMENT},
    )  # fmt: skip
    try:
        out, err = process.communicate()
    except BaseException:  # also Ctrl-C: nothing of apt may run on when we are gone
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()
        raise
    return Result(tuple(command), process.returncode, out, err)


def versions(release: str) -> dict[str, str]:
    """The version of each project in a release, by the project's name; other packages by their own.

    >>> versions("2025.1")["heat"].partition(".")[0], versions("2026.1")["nova"].partition(".")[0]
    ('24', '33')
    """
    pins = (line.partition(" ;")[0].partition("==") for line in (_LISTS / f"{release}.txt").read_text().splitlines())
    return {name.removeprefix("openstack-"): version for name, _, version in pins}


def environment(state: State, release: str, say: Say) -> Path:
    """The virtual environment that holds a release: made from its frozen list, or mended, or as it is.

    Raises `StackproofError` if a package cannot be had or built; the next call goes on from what was downloaded.
    """
    folder = state.environments / release
    frozen = _LISTS / f"{release}.txt"
    digest = hashlib.sha256(frozen.read_bytes()).hexdigest()
    marker = folder / _MARKER
    if marker.exists() and marker.read_text() == digest:
        return folder
    began = time.monotonic()
    if not marker.exists():
        shutil.rmtree(folder, ignore_errors=True)
        _uv(state, release, "venv", "--quiet", "--python", _SYSTEM_PYTHON, str(folder))
    # From here the environment is not what its marker says.
    marker.unlink(missing_ok=True)
    python = folder / "bin/python"
    words = ("pip", "sync", "--compile-bytecode", "--python", str(python), "--build-constraints", str(frozen))
    _uv(state, release, *words, str(frozen))
    write_atomically(marker, digest)
    say(f"OpenStack {release} installed", time.monotonic() - began)
    return folder


def _uv(state: State, release: str, *words: str) -> None:
    """Run uv; all it said is kept beside the cache."""
    outer = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    # The certificates of the machine, as apt and pip on Debian use them: its owner may have added one.
    # A file that is not compiled within a minute is no reason to end on a machine that is busy.
    ours = {
        "UV_CACHE_DIR": str(state.cache / "uv"), "UV_SYSTEM_CERTS": "true",
        "UV_COMPILE_BYTECODE_TIMEOUT": str(_INSTALL_TIMEOUT),
    }  # fmt: skip
    env = {**ours, **outer, "UV_PYTHON_DOWNLOADS": "never"}
    result = run([_uv_program(), *words], timeout=_INSTALL_TIMEOUT, check=False, env=env)
    if not result.ok:
        log = state.cache / f"install-{release}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(log, result.stderr, mode=0o600)
        raise StackproofError(
            f"OpenStack {release} cannot be installed: {uv_reason(result.stderr)}",
            hint=f"see {log}, and that the package index answers; the same again goes on from here",
        )


def uv_reason(stderr: str) -> str:
    """What uv says went wrong, and the last of the causes it gives.

    >>> uv_reason("Resolved 3 packages\\nerror: Failed to fetch: a\\n  cause: connect error\\n  cause: no route")
    'Failed to fetch: a: no route'
    """
    errors = re.findall(r"^error: (.+)", stderr, re.MULTILINE)
    causes = re.findall(r"^ +(?:cause|Caused by): (.+)", stderr, re.MULTILINE)
    return ": ".join([*errors[:1], *causes[-1:]]) or "uv gave no reason"


def _uv_program() -> str:
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
        if found is None:
            raise StackproofError(
                "there is no uv, which installs OpenStack", hint="`pip install 'stackproof[devcloud]'` brings it"
            ) from None
        return found
