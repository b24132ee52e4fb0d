"""An engine of our own, started by hand: no bridge, no rule of a firewall, nothing of it outside its folder.

ENGINE says which: docker, the default, podman, or podman-rootless, that of a user who is not root. With ENGINE_FOLDER
what it has is kept there for the next time, which saves minutes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import pytest

from pytest_whitebox.core.command import run
from pytest_whitebox.core.wait import wait_for

BASE = "tcup-base:local"
_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_WANTED = "python3,python3-venv,ca-certificates"
_TARBALL = "base.tar"
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
#: Machines without systemd, and those where root may not raise limits, need to be told.
_PODMAN = """\
[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""
#: Who a rootless engine belongs to, with numbers of his own for the users in its containers.
NOBODY = 65534
_NUMBERS = "nobody:200000:65536\n"
#: The numbers are of this process alone: the machine's own tables stay as they are.
_AS_NOBODY = """\
mount --bind "$1" /etc/subuid
mount --bind "$1" /etc/subgid
shift
exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all -- "$@"
"""


@dataclass
class Engine:
    """dockerd in ``folder``, which keeps images while it is stopped."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = None
    _clients: list[Any] = field(default_factory=list)

    #: Where the contents of images are; all else is what it has written down.
    contents: ClassVar[frozenset[str]] = frozenset({"data-root/overlay2", "exec-root/netns", "scratch"})

    @property
    def address(self) -> str:
        """What DOCKER_HOST says."""
        return f"unix://{self.folder / 'd.sock'}"

    @property
    def client(self) -> Any:
        """The SDK's client."""
        import docker

        self._clients.append(docker.APIClient(base_url=self.address, version="1.41", timeout=120))
        return self._clients[-1]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self.folder / "pidfile").unlink(missing_ok=True)
        (self.folder / "d.sock").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PATH": _SBIN, **self.environment()}, start_new_session=True,
            )  # fmt: skip
        wait_for(self._answers, timeout=60, what=self.command()[0], hint=f"see {self.folder}/log")

    def command(self) -> list[str]:
        """How it is started."""
        private = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        places = [f"--{name}={self.folder / name}" for name in ("data-root", "exec-root", "pidfile")]
        return [program("dockerd"), "-H", self.address, *places, *private]

    def environment(self) -> dict[str, str]:
        """What it has in its environment beside this process's."""
        return {}

    def stop(self) -> None:
        """Stop it, and what it runs with it."""
        for client in self._clients:
            client.close()
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            # A rootless Podman leaves the half of itself that is in its own namespace.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            subprocess.run(["umount", self.folder / "exec-root/netns/default"], check=False, capture_output=True)

    def kill(self) -> None:
        """End it at once, and with it containerd; its containers go on."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            # Nobody may have taken note yet that it is dead, and the next dockerd would wait for it.
            (self.folder / "exec-root/containerd/containerd.pid").unlink(missing_ok=True)

    def written_down(self) -> Iterator[Path]:
        """The files in which it keeps what it knows, but the contents of images."""
        aside = {str(self.folder / name) for name in self.contents}
        for top, folders, files in os.walk(self.folder):
            folders[:] = [name for name in folders if f"{top}/{name}" not in aside]
            yield from (path for name in files if (path := Path(top, name)).is_file() and name != _TARBALL)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except Exception:  # noqa: BLE001 -- the SDK raises what its libraries do
            return False


class Podman(Engine):
    """The same of Podman's service."""

    contents = frozenset({"root/overlay", "root/vfs", "scratch"})

    def command(self) -> list[str]:
        """How it is started."""
        places = [f"--{name}={self.folder / name}" for name in ("root", "runroot", "tmpdir")]
        return [program("podman"), *places, "system", "service", "--time=0", self.address]

    def environment(self) -> dict[str, str]:
        """Its configuration; what this machine has for Podman stays aside."""
        conf = self.folder / "containers.conf"
        conf.write_text(_PODMAN)
        return {"CONTAINERS_CONF": str(conf), "TMPDIR": str(self.folder)}


class RootlessPodman(Podman):
    """The same of a user who is not root; its socket is where Podman has it for a user."""

    @property
    def address(self) -> str:
        """Where tcup looks by itself."""
        return f"unix://{self.folder}/run/podman/podman.sock"

    def start(self) -> None:
        """Start it as that user."""
        for name in ("", "home", "run", "run/podman"):
            (self.folder / name).mkdir(exist_ok=True, mode=0o700)
            os.chown(self.folder / name, NOBODY, NOBODY)
        super().start()

    def command(self) -> list[str]:
        """How it is started."""
        return _as_nobody(self.folder, super().command())

    def environment(self) -> dict[str, str]:
        """Where a user has his things."""
        home = {"HOME": str(self.folder / "home"), "XDG_RUNTIME_DIR": str(self.folder / "run")}
        return {**super().environment(), **home}


def _as_nobody(folder: Path, words: list[str]) -> list[str]:
    numbers = folder / "numbers"
    numbers.write_text(_NUMBERS)
    return ["unshare", "--mount", "sh", "-euc", _AS_NOBODY, "sh", str(numbers), *words]


def program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    if found is None or os.geteuid() != 0:
        pytest.skip(f"needs root and the program {name}: install docker.io and mmdebstrap")
    return found


@contextmanager
def started(kind: str = "", base: Path | None = None) -> Iterator[Engine]:
    """An engine that has a base to build on; ``kind`` is what the environment says, and docker if that is nothing.

    ``base`` is a tarball that another engine has made.
    """
    kept = "" if kind else os.environ.get("ENGINE_FOLDER")
    folder = Path(kept or mkdtemp(prefix="tcup-engine-", dir="/var/tmp"))
    folder.mkdir(exist_ok=True)
    engine = _KINDS[kind or os.environ.get("ENGINE", "docker")](folder)
    try:
        engine.start()
        for one in engine.client.containers(all=True):
            engine.client.remove_container(one["Id"], force=True, v=True)
        if not engine.client.images(name=BASE):
            name, tag = BASE.split(":")
            engine.client.import_image_from_file(str(base or _base(folder)), name, tag)
            if not engine.client.images(name=BASE):
                # Podman 4 takes the name only.
                engine.client.tag(name, name, tag)
        yield engine
    finally:
        engine.stop()
        if not kept:
            run(["rm", "-r", "--one-file-system", "--", str(folder)], timeout=120)


def _base(folder: Path) -> Path:
    """A small Debian of this machine's own sources: there may be no registry in reach."""
    tarball = folder / _TARBALL
    if not tarball.exists():
        sources = run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages"]).stdout
        mirror, release = sources.splitlines()[0].split()
        options = [f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT]
        options += ["--dpkgopt=force-unsafe-io", f"--include={_WANTED}", "--variant=minbase", "--quiet"]
        scratch = folder / "scratch"
        scratch.mkdir()
        run(["mount", "-t", "tmpfs", "-o", "size=2g,mode=1777,dev,suid,exec", "tmpfs", str(scratch)])
        try:
            words = [program("mmdebstrap"), *options, "--format=tar", release, str(tarball), mirror]
            run(["env", f"TMPDIR={scratch}", *words], timeout=300)
        finally:
            # Who was ended in the middle has left mounts of its own in it.
            run(["umount", "--recursive", "--lazy", str(scratch)])
    return tarball


_KINDS = {"docker": Engine, "podman": Podman, "podman-rootless": RootlessPodman}
