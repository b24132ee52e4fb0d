"""The verb selftest: whether this machine can measure."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path


def selftest(_: argparse.Namespace) -> int:
    """Inject known faults into a server of our own, have an observer find them, and print the certificate."""
    from pytest_upgrade.observers.observing import preference
    from pytest_upgrade.selftest import trial
    from pytest_upgrade.selftest.certificate import Certificate

    def say(text: str) -> None:
        print(text, flush=True)

    seconds = trial.QUIET + sum(length + trial.APART for _, length in trial.FAULTS)
    say(f"about {seconds:.0f} s, on the loopback of this machine only")
    with tempfile.TemporaryDirectory(prefix="stackproof-selftest-") as folder:
        # The faults have to be where they are said to be, on a busy machine as well.
        with preference():
            made = asyncio.run(trial.run(Path(folder), say=say))
        certificate = Certificate.of(made)
    for line in certificate:
        say(line)
    return 0 if certificate.ok else 1
