"""The command line of pytest-cleanup."""

from __future__ import annotations

import argparse
import logging
import math
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from pytest_cleanup import commands
from pytest_cleanup.pace import AT_ONCE
from pytest_whitebox.core.commandline import Parser, carry_out

_EPILOG = """\
exit codes: 0 the cloud is as it was, or clean; 1 it is not; 3 an error of ours; 4 refused or misused, nothing deleted

  pytest-cleanup snapshot                     before the tests
  pytest-cleanup report                       what is different now
  pytest-cleanup restore --scope run:.stackproof/runs/latest      what a run left that was killed goes
  pytest-cleanup restore --scope cloud        what is not in the snapshot goes, what changed is set back
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a deliberate error is one sentence on stderr."""
    for library in ("keystoneauth", "openstack"):
        # What they warn of is what we say ourselves, in one sentence.
        logging.getLogger(library).addHandler(logging.NullHandler())
    return carry_out(parser(), words, interrupted="the same command goes on from here")


def parser() -> argparse.ArgumentParser:
    """All verbs and options."""
    top = Parser(
        prog="pytest-cleanup", description="Sees to it that a cloud after the tests is the cloud before them.",
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"pytest-cleanup {version('stackproof')}")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)

    def verb(name: str, command: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
        made.set_defaults(command=command)
        made.add_argument(
            "--os-cloud", metavar="NAME", help="the cloud in clouds.yaml (OS_CLOUD, or the OS_* variables)"
        )
        made.add_argument(
            "--rate", type=_rate, default=0.0, metavar="N", help="at most N requests a second (default: any)"
        )
        made.add_argument(
            "--at-once",
            type=_count,
            default=AT_ONCE,
            metavar="N",
            help="requests at the same time (default %(default)s)",
        )
        return made

    took = verb("snapshot", commands.snapshot, "write down what the cloud has, and how it is set")
    took.add_argument("-o", "--output", type=Path, default=commands.DEFAULT, metavar="FILE", help="default %(default)s")
    _keeps(took)
    report = verb("report", commands.report, "say what is different from a snapshot; changes nothing")
    _snapshot(report)
    report.add_argument("--json", action="store_true", help="for programs")
    restore = verb("restore", commands.restore, "delete what is not in a snapshot, set back what changed, prove it")
    _snapshot(restore)
    _keeps(restore)
    restore.add_argument(
        "--scope",
        metavar="SCOPE",
        help="cloud: all that appeared; project:NAME: what is in that project; run:FOLDER: what goes back to that run",
    )
    _deletes(restore)
    purge = verb("purge", commands.purge, "delete everything that projects have, without any snapshot")
    purge.add_argument(
        "--project", action="append", default=[], metavar="NAME", help="of this project; can be repeated"
    )
    purge.add_argument(
        "--every-project", action="store_true",
        help="of all projects, with the projects and users themselves; not what the cloud consists of",
    )  # fmt: skip
    _keeps(purge)
    purge.add_argument("--yes-delete-everything", action="store_true", help="without it nothing is deleted")
    _deletes(purge)
    compare = verbs.add_parser("diff", help="compare two snapshots", description="Compare two snapshots.")
    compare.add_argument("before", type=Path, metavar="BEFORE")
    compare.add_argument("after", type=Path, metavar="AFTER")
    compare.set_defaults(command=commands.diff)
    return top


def _rate(word: str) -> float:
    """A number of requests a second, 0 for any; raises `argparse.ArgumentTypeError` for what is none."""
    try:
        rate = float(word)
    except ValueError:
        rate = -1
    if not 0 <= rate < math.inf:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of requests; say 20, or 0 for any")
    return rate


def _count(word: str) -> int:
    """A number of requests at the same time; raises `argparse.ArgumentTypeError` for what is none."""
    if not (word.isdecimal() and int(word)):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of requests; say 1 or more")
    return int(word)


def _snapshot(made: argparse.ArgumentParser) -> None:
    made.add_argument("--snapshot", type=Path, metavar="FILE", help=f"default {commands.DEFAULT}, or that of the run")
    made.add_argument(
        "--emptied", action="append", default=[], metavar="KIND", help="that there is none left of this kind is right"
    )


def _keeps(made: argparse.ArgumentParser) -> None:
    made.add_argument("--keep-tempest-conf", type=Path, metavar="FILE", help="keep what this tempest.conf names")
    made.add_argument("--keep-accounts", type=Path, metavar="FILE", help="keep what this accounts.yaml names")
    made.add_argument("--keep-clouds", type=Path, metavar="FILE", help="keep what this clouds.yaml names")


def _deletes(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--dry-run", action="store_true", help="print the plan, with order and reasons, and delete nothing"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write what was done there")


if __name__ == "__main__":
    sys.exit(main())
