"""Each release of OpenStack: brought up from nothing, taken through the first suite, and destroyed.

Run as root: ``python -m tests.acceptance.releases [RELEASE …]``.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devcloud.machine.packages import RELEASES
from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError
from tests.acceptance.record import Record, Step
from tests.cloud.devcloud import Devcloud

_SUITE = "tests/suites/compute"


def main() -> int:
    """Take the releases in turn; write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help=f"default: {', '.join(RELEASES)}")
    record = Record("releases", f"each release up from nothing, and through {_SUITE}")
    wanted = parser.parse_args().releases or RELEASES
    return record.carry_out(lambda: _all(record, wanted))


def _all(record: Record, wanted: Sequence[str]) -> None:
    for release in wanted:
        _accept(record, release)


def _accept(record: Record, release: str) -> None:
    with tempfile.TemporaryDirectory(prefix="stackproof-release-", dir="/var/tmp") as folder:
        devcloud = Devcloud(Path(folder) / "cloud")
        try:
            with record.step(f"{release}: up from nothing") as step:
                step.said = devcloud("up", "--release", release, timeout=1800).stdout.splitlines()[-2]
            with record.step(f"{release}: {_SUITE}") as step:
                _suite(devcloud, step)
        finally:
            devcloud("destroy", check=False)


def _suite(devcloud: Devcloud, step: Step) -> None:
    clouds = {"OS_CLIENT_CONFIG_FILE": str(devcloud.state / "clouds.yaml"), "OS_CLOUD": "devcloud"}
    words = [sys.executable, "-m", "pytest", "-q", "--os-cloud", "devcloud", "-m", "smoke", _SUITE]
    said = run(words, timeout=1800, check=False, env={**os.environ, **clouds})
    step.said = said.stdout.strip().splitlines()[-1]
    if not said.ok or not re.search(r"\d+ passed", step.said):
        raise StackproofError(f"the suite failed: {step.said}", hint="run it by hand")


if __name__ == "__main__":
    sys.exit(main())
