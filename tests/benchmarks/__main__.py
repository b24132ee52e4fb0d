"""Take figures: ``python -m tests.benchmarks [GROUP …]``; exit code 1 if a median is over its limit."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from tests.benchmarks import cloud, load, sheet, transport
from tests.benchmarks.figure import Figure

_GROUPS: dict[str, tuple[str, Callable[[], Iterable[Figure]]]] = {
    "load": ("plugin", load.figures),
    "transport": ("commands on a host", lambda: transport.figures(_state())),
    "cloud": ("devcloud", cloud.figures),
}


def main() -> int:
    """Take the groups that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(_GROUPS)} (default all)")
    wanted = parser.parse_args().groups or list(_GROUPS)
    try:
        taken = [figure for name in wanted for figure in sheet.write(_GROUPS[name][0], _GROUPS[name][1]())]
    except StackproofError as error:
        print(f"benchmarks: {error.sentence}", file=sys.stderr)
        return 1
    for figure in taken:
        print(figure.row())
    return 0 if all(figure.kept for figure in taken) else 1


def _state() -> Path:
    return Path(os.environ.get("DEVCLOUD_STATE", "/var/lib/devcloud"))


if __name__ == "__main__":
    sys.exit(main())
