"""A bare Debian or Ubuntu in a folder: its root is made by debootstrap and entered through namespaces of its own."""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.command import run

CHECKOUT = Path(__file__).parents[2]
_ENTER = Path(__file__).with_name("enter.sh")
_PACKAGES = "git,make,python3"
#: How this machine reaches its package sources; a machine on the same network needs the same.
_NETWORK = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/pip.conf",
    "/root/.config/pip",
    "/root/.config/uv",
    "/etc/ssl/certs/ca-certificates.crt",
    "/usr/local/share/ca-certificates",
    "/etc/apt/apt.conf.d",
    "/etc/apt/auth.conf.d",
)
#: Where this machine has its own distribution from.
_SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
#: What debootstrap does for a release of Ubuntu that is younger than it.
_UBUNTU_SCRIPT = Path("/usr/share/debootstrap/scripts/gutsy")


@dataclass(frozen=True, slots=True)
class BareRoot:
    """The folder that holds the root."""

    path: Path

    def command(self, *words: str) -> list[str]:
        """The command line that runs ``words`` inside, in the copied checkout, as a terminal would.

        A caller in the background of a shell ignores Ctrl-C, and what it starts would inherit that.
        """
        inside = ["env", "--default-signal=INT", "-C", "/root/stackproof", *words]
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--", str(_ENTER), str(self.path), *inside]

    def file(self, path: str) -> Path:
        """A path inside, as a path of this machine."""
        return self.path / path.lstrip("/")


def make(folder: Path, cache: Path, suite: str, mirror: str) -> BareRoot:
    """A fresh root of a release of Debian or Ubuntu, with the checkout in it; ``cache`` keeps the first of each.

    ``mirror`` says where a distribution comes from that is not this machine's.
    """
    tarball = cache / f"bare-{suite}.tar"
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    if not tarball.exists():
        _debootstrap(root, tarball, suite, mirror)
        shutil.rmtree(root)
        root.mkdir()
    run(["tar", "-C", str(root), "-xpf", str(tarball)], timeout=120)
    own = suite == _own_suite()
    if own:
        root.joinpath("etc/apt/sources.list").unlink(missing_ok=True)
    for path in (*_NETWORK, *(_SOURCES if own else ())):
        _copy(Path(path), root / path.lstrip("/"))
    _copy_checkout(root / "root/stackproof")
    return BareRoot(root)


def _debootstrap(root: Path, tarball: Path, suite: str, mirror: str) -> None:
    tarball.parent.mkdir(parents=True, exist_ok=True)
    words = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}"]
    if suite == _own_suite():
        source = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]).stdout.split()
        words += [suite, str(root), *source[:1]]
    else:
        # Ubuntu has half of what is needed in "universe".
        words += ["--components=main,universe", suite, str(root), mirror, str(_UBUNTU_SCRIPT)]
    run(words, timeout=900)
    aside = tarball.with_suffix(".new")
    run(["tar", "-C", str(root), "-cpf", str(aside), "."], timeout=120)
    aside.rename(tarball)


def _own_suite() -> str:
    """The code name of this machine's release."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _copy_checkout(target: Path) -> None:
    """What git knows or would add: no virtual environment and no cache comes along."""
    names = run(["git", "-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout
    for name in filter(None, names.split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)


def start(root: BareRoot, *words: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a command inside, in a process group of its own; what it prints goes to ``log``."""
    with log.open("ab") as out:
        return subprocess.Popen(
            root.command(*words), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
