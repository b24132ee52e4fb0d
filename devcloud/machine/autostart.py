"""Installing daemons that do not start: neither during the installation nor at the machine's next boot."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pytest_whitebox.core.command import run

#: Debian's maintainer scripts ask this program before they start a daemon; 101 means no.
POLICY = Path("usr/sbin/policy-rc.d")
_SAVED = POLICY.with_name("policy-rc.d.before-devcloud")
_MARK = "#!/bin/sh\n# Put here by devcloud while it installs packages, and taken away afterwards.\n"
_UNIT = "# enabled before: "


@contextmanager
def prevented(root: Path = Path("/")) -> Iterator[None]:
    """While this lasts no package starts a daemon; afterwards none of the new ones starts at boot either.

    A policy that the machine has is put back as it was. What a killed run left behind is recognised and undone.
    """
    remembered = recover(root)
    before = _enabled() if remembered is None else remembered
    with _termination_raises():
        try:
            _forbid(root, before)
            yield
        finally:
            recover(root)
            _disable(_enabled() - before)


def recover(root: Path = Path("/")) -> frozenset[str] | None:
    """Put the machine's own policy back; returns the units that were enabled before, or None if ours is not there."""
    policy, saved = root / POLICY, root / _SAVED
    text = policy.read_text(errors="replace") if policy.is_file() else ""
    ours = text.startswith(_MARK)
    if saved.exists() or saved.is_symlink():
        saved.replace(policy)
    elif ours:
        policy.unlink()
    return units_in(text) if ours else None


def policy_text(enabled: frozenset[str]) -> str:
    """The script that forbids; it also remembers which units were enabled before, for the case that we are killed.

    >>> units_in(policy_text(frozenset({"ssh.service"})))
    frozenset({'ssh.service'})
    """
    return _MARK + "".join(f"{_UNIT}{unit}\n" for unit in sorted(enabled)) + "exit 101\n"


def units_in(text: str) -> frozenset[str]:
    """The units that a policy of ours remembers."""
    return frozenset(line.removeprefix(_UNIT) for line in text.splitlines() if line.startswith(_UNIT))


def _forbid(root: Path, enabled: frozenset[str]) -> None:
    policy = root / POLICY
    if policy.exists() or policy.is_symlink():
        policy.rename(root / _SAVED)
    aside = policy.with_name(".policy-rc.d.new")
    aside.write_text(policy_text(enabled))
    aside.chmod(0o755)
    aside.rename(policy)


def _enabled() -> frozenset[str]:
    """Units that systemd starts at boot; none where systemd does not run."""
    if not Path("/run/systemd/system").is_dir():
        return frozenset()
    listed = run(["systemctl", "list-unit-files", "--state=enabled", "--no-legend", "--plain"], check=False).stdout
    return frozenset(line.split()[0] for line in listed.splitlines() if line.strip())


def _disable(units: frozenset[str]) -> None:
    if units:
        run(["systemctl", "disable", "--now", "--quiet", *sorted(units)], check=False, timeout=120)


@contextmanager
def _termination_raises() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end this process by an exception, so that what must be undone is undone."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
