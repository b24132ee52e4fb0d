"""An engine of our own, started by hand: no bridge, no rule of a firewall, nothing of it outside its folder.

With ENGINE_FOLDER what it has is kept there for the next time, which saves minutes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from pytest_whitebox.core.command import run
from pytest_whitebox.core.wait import wait_for

BASE = "tcup-base:local"
_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_WANTED = "python3,python3-venv,ca-certificates"
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")


@dataclass
class Engine:
    """dockerd in ``folder``, which keeps images while it is stopped."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = None
    _clients: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        """What DOCKER_HOST says."""
        return f"unix://{self.folder / 'd.sock'}"

    @property
    def client(self) -> Any:
        """The SDK's client."""
        import docker

        self._clients.append(docker.APIClient(base_url=self.address, version="1.41"))
        return self._clients[-1]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        private = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        places = [f"--{name}={self.folder / name}" for name in ("data-root", "exec-root", "pidfile")]
        (self.folder / "pidfile").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            words = [program("dockerd"), "-H", self.address, *places, *private]
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "PATH": _SBIN}
            )
        wait_for(self._answers, timeout=60, what="dockerd", hint=f"see {self.folder}/log")

    def stop(self) -> None:
        """Stop it, and what it runs with it."""
        for client in self._clients:
            client.close()
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            subprocess.run(["umount", self.folder / "exec-root/netns/default"], check=False, capture_output=True)

    def written_down(self) -> Iterator[Path]:
        """The files in which it keeps what it knows, but the contents of images."""
        for path in self.folder.rglob("*"):
            if not {"overlay2", "netns"} & set(path.parts) and path.is_file():
                yield path

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except Exception:  # noqa: BLE001 -- the SDK raises what its libraries do
            return False


def program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    if found is None or os.geteuid() != 0:
        pytest.skip(f"needs root and the program {name}: install docker.io and mmdebstrap")
    return found


@contextmanager
def started() -> Iterator[Engine]:
    """An engine that has a base to build on."""
    kept = os.environ.get("ENGINE_FOLDER")
    folder = Path(kept or mkdtemp(prefix="tcup-engine-", dir="/var/tmp"))
    folder.mkdir(exist_ok=True)
    engine = Engine(folder)
    try:
        engine.start()
        for one in engine.client.containers(all=True):
            engine.client.remove_container(one["Id"], force=True, v=True)
        if not engine.client.images(name=BASE):
            engine.client.import_image_from_file(str(_base(folder)), *BASE.split(":"))
        yield engine
    finally:
        engine.stop()
        if not kept:
            run(["rm", "-r", "--one-file-system", "--", str(folder)], timeout=120)


def _base(folder: Path) -> Path:
    """A small Debian of this machine's own sources: there may be no registry in reach."""
    tarball = folder / "base.tar"
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
