"""What a compute host has of its own besides its configuration: an emulator in disguise, and storage seen as shared."""

from __future__ import annotations

import shutil
from pathlib import Path

from devcloud.hosts.host import Host

#: Loaded into libvirtd; see the source.
SHARED_STORAGE = "/usr/local/lib/devcloud/shared_storage.so"
_SOURCE = Path(__file__).with_name("shared_storage.c")
_EMULATOR = "/usr/bin/qemu-system-x86_64"


def prepare(compute: Host) -> None:
    """Give a compute host what Nova and libvirt look for there; does only what is missing."""
    _keep_emulator(compute)
    _build_shared_storage(compute)
    # libvirtd wants these to exist, and only the distribution's packages with system services make them.
    if not compute.run(["getent", "group", "kvm"], check=False).ok:
        compute.run(["groupadd", "--system", "kvm"])
    if not compute.run(["id", "libvirt-qemu"], check=False).ok:
        compute.run(["useradd", "--system", "--no-create-home", "--user-group", "libvirt-qemu"])


def _keep_emulator(compute: Host) -> None:
    """The machine's QEMU under another name: its own name is taken by a script that calls it."""
    original, kept = Path(_EMULATOR), compute.path(f"{_EMULATOR}.real")
    if not kept.exists() or kept.stat().st_size != original.stat().st_size:
        aside = kept.with_suffix(".new")
        shutil.copy2(original, aside)
        aside.rename(kept)


def _build_shared_storage(compute: Host) -> None:
    library, source = compute.path(SHARED_STORAGE), compute.path(SHARED_STORAGE).with_suffix(".c")
    text = _SOURCE.read_text()
    if not library.exists() or source.read_text() != text:
        aside = f"{SHARED_STORAGE}.new"
        library.parent.mkdir(parents=True, exist_ok=True)
        compute.run(["gcc", "-shared", "-fPIC", "-O2", "-x", "c", "-o", aside, "-", "-ldl"], input=text)
        compute.path(aside).rename(library)
        compute.write(str(Path(SHARED_STORAGE).with_suffix(".c")), text)
