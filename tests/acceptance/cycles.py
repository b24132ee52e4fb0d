"""Ten times down and up, with a guest that has a volume and a floating IP: all well after each.

Run as root with a cloud that is up: ``python -m tests.acceptance.cycles [--cycles N]``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError
from tests.acceptance.record import Record
from tests.cloud.devcloud import Devcloud
from tests.cloud.guest import Guest, guest


def main() -> int:
    """Run the cycles and write their page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=10, metavar="N")
    cycles = parser.parse_args().cycles
    devcloud, record = Devcloud.from_environment(), Record("cycles", f"down and up {cycles} times, with a guest")
    with tempfile.TemporaryDirectory() as folder:
        return record.carry_out(lambda: _accept(record, devcloud, Path(folder), cycles))


def _accept(record: Record, devcloud: Devcloud, folder: Path, cycles: int) -> None:
    with ExitStack() as undo:
        with record.step("a guest with a volume and a floating IP") as step:
            made = undo.enter_context(guest(devcloud.state / "clouds.yaml", folder))
            step.said = made.well()
        for number in range(1, cycles + 1):
            _cycle(record, devcloud, made, number)


def _cycle(record: Record, devcloud: Devcloud, made: Guest, number: int) -> None:
    with record.step(f"{number}: down") as step:
        devcloud("down")
        step.said = _nothing_left(devcloud)
    with record.step(f"{number}: up"):
        devcloud("up")
    with record.step(f"{number}: the cloud and the guest are well") as step:
        problems = devcloud.problems()
        if problems:
            raise StackproofError(f"not well: {'; '.join(problems)}", hint="see `devcloud logs SERVICE`")
        step.said = made.well()


def _nothing_left(devcloud: Devcloud) -> str:
    """No process, mount, interface or loop device of the cloud is on the machine."""
    mark = str(devcloud.state)
    left = [f"process {p.name}" for p in Path("/proc").glob("[0-9]*") if mark in _environment(p)]
    left += [f"mount {line.split()[1]}" for line in Path("/proc/mounts").read_text().splitlines() if mark in line]
    subnet = json.loads((devcloud.state / "devcloud.json").read_text())["subnet"]
    left += re.findall(rf": (dc{subnet}-\w+)", run(["ip", "-o", "link"]).stdout)
    left += [line for line in run(["losetup", "--list", "--noheadings"]).stdout.splitlines() if mark in line]
    if left:
        raise StackproofError(f"down left {', '.join(left)}", hint="end it by hand")
    return "no process, mount, interface or loop device is left"


def _environment(process: Path) -> str:
    try:
        return (process / "environ").read_text(errors="replace").partition("DEVCLOUD_HOST=")[2]
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
