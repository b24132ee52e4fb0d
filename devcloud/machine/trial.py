"""Things that a machine must be able to do, tried once inside namespaces that go at once."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from devcloud.machine.finding import Finding
from pytest_whitebox.core.command import Result, run


def namespaces() -> Finding:
    """Whether a host's namespaces can be made."""
    result = run(["unshare", "--net", "--uts", "--ipc", "--pid", "--fork", "--mount", "--", "true"], check=False)
    return _tried("namespaces", result, "namespaces can be made", "run in a virtual machine, or a privileged container")


def kernel() -> Iterator[Finding]:
    """Each kind of interface is made once, in a namespace that goes at once."""
    commands = {
        "veth": ["link", "add", "probe0", "type", "veth", "peer", "name", "probe1"],
        "bridge": ["link", "add", "probe0", "type", "bridge"],
        "tap": ["tuntap", "add", "probe0", "mode", "tap"],
    }
    for kind, words in commands.items():
        result = run(["unshare", "--net", "--", "ip", *words], check=False)
        yield _tried(f"kernel: {kind}", result, f"{kind} interfaces can be made", f"load the kernel module for {kind}")


def folder(path: Path, above: Path) -> Finding:
    """Whether hosts can live in ``path``: mounts an overlay below ``above``, the part of the path that exists."""
    if re.search(r"[\s,:\\]", str(path)):
        said = f"{path} has a character that the options of an overlay cannot have"
        return Finding("state folder", False, said, "give another folder with --state DIR")
    try:
        with tempfile.TemporaryDirectory(prefix=".devcloud-probe-", dir=above) as probe:
            why = _overlay(Path(probe))
    except OSError as error:
        why = error.strerror or str(error)
    return Finding("state folder", True, f"{path} can hold hosts") if why is None else _unfit(path, why)


def _overlay(probe: Path) -> str | None:
    """Why an overlay cannot be had, or None; it is mounted in a namespace of its own and goes with it."""
    upper, work, root = (probe / part for part in ("upper", "work", "root"))
    for part in (upper, work, root):
        part.mkdir()
    os.setxattr(upper, "trusted.overlay.opaque", b"y")
    options = f"lowerdir=/,upperdir={upper},workdir={work}"
    result = run(
        ["unshare", "--mount", "--", "mount", "-t", "overlay", "overlay", "-o", options, str(root)], check=False
    )
    return None if result.ok else result.stderr


def _unfit(path: Path, why: str) -> Finding:
    said = f"{path} lies on a file system that cannot hold hosts ({why.strip().splitlines()[0] if why else '?'})"
    return Finding("state folder", False, said, "give a folder on ext4 or xfs with --state DIR")


def _tried(name: str, result: Result, said: str, hint: str) -> Finding:
    lines = result.stderr.strip().splitlines() or ["no reason given"]
    return Finding(name, result.ok, said if result.ok else f"{name} cannot be had here: {lines[-1]}", hint)
