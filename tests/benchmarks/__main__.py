"""Take figures: ``python -m tests.benchmarks [GROUP …]``; exit code 1 if a median is over its limit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from pytest_whitebox.core.errors import StackproofError
from tests.benchmarks import (
    cleanup,
    cloud,
    configuration,
    domain,
    load,
    observers,
    restores,
    sheet,
    tcup,
    transport,
    worker,
)
from tests.benchmarks.figure import Figure

_GROUPS = (
    "plugin",
    "cleanup",
    "domain",
    "devcloud",
    "commands",
    "configuration",
    "restores",
    "observers",
    "worker",
    "tcup",
)


def main() -> int:
    """Take the groups that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(_GROUPS)} (default all)")
    parser.add_argument("--cold", type=int, default=5, metavar="N", help="cold starts of devcloud (default 5)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="all else, of devcloud and worker (default 5)")
    options = parser.parse_args()
    wanted = set(options.groups or _GROUPS)
    if unknown := wanted - set(_GROUPS):
        parser.error(f"no group is called {', '.join(sorted(unknown))}")
    try:
        taken = list(_taken(wanted, options.runs, options.cold))
    except StackproofError as error:
        print(f"benchmarks: {error.sentence}", file=sys.stderr)
        return 1
    return 0 if all(figure.kept for figure in taken) else 1


def _taken(wanted: set[str], runs: int, cold: int) -> Iterator[Figure]:
    if "plugin" in wanted:
        yield from sheet.write("the plugin in an unrelated project", load.figures())
    if "cleanup" in wanted:
        yield from sheet.write("cleanup", cleanup.figures())
    if "domain" in wanted:
        yield from sheet.write("domain", domain.figures())
    if "observers" in wanted:
        yield from sheet.write("observers", observers.figures())
    if "worker" in wanted:
        yield from sheet.write("the worker's queue", worker.figures(worker.Size(runs=runs)))
    if wanted & {"devcloud", "commands", "configuration", "restores", "tcup"}:
        with cloud.own_cloud() as environment:
            if "devcloud" in wanted:
                yield from sheet.write("devcloud", cloud.figures(environment, runs=runs, cold=cold))
            if "commands" in wanted:
                yield from sheet.write("commands on a host", transport.figures(cloud.up(environment)))
            if "configuration" in wanted:
                yield from sheet.write("a changed configuration", configuration.figures(cloud.up(environment)))
            if "tcup" in wanted:
                yield from sheet.write("tcup", tcup.figures(cloud.up(environment)))
            if "restores" in wanted:
                yield from sheet.write("cleanup of a real cloud", restores.figures(cloud.up(environment)))


if __name__ == "__main__":
    sys.exit(main())
