"""The command line of the worker, its monitor, and its users."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pytest_whitebox.core.commandline import Parser, carry_out
from pytest_whitebox.core.setting import Setting

from . import settings
from .standalone import archive

_EPILOG = """\
exit codes: 0 done, and of `watch` passed; 1 of `watch` not passed; 3 an error of ours; 4 misused

  {run} token host node1 >node1.token       a token for a testing host; for a user: token user ann
  {run} serve                               the monitor, with a Gearman server of its own
  {run} run --clouds clouds --slots 2       a worker; SIGTERM ends it when its jobs have ended
  {run} submit --cloud prod --tempest 47.0.0 --guideline 2020.06 --target compute
  {run} watch ID
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a deliberate error is one sentence on stderr."""
    return carry_out(parser(), words)


def parser() -> argparse.ArgumentParser:
    """All verbs and options."""
    from .commands import doctor, keeping, using

    # The package has another name where it is installed, and a worker that stands alone is a file.
    file = archive()
    run = f"python {file.name}" if file else f"python -m {__package__}"
    top = Parser(
        prog="worker", description="A queue of test runs over Gearman.", epilog=_EPILOG.format(run=run),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)

    def verb(
        name: str, command: Callable[[argparse.Namespace], int], help: str, *knobs: Setting[Any]
    ) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
        made.set_defaults(command=command)
        for knob in knobs:
            made.add_argument(
                knob.option, dest=knob.destination, metavar=knob.metavar, help=f"{knob.help} (${knob.env})"
            )
        return made

    mine = (settings.URL, settings.TOKEN, settings.AUTHORITY)
    _submitting(verb("submit", using.submit, "submit a job and print its id", *mine, settings.STATE, settings.CACHE))
    one = [
        verb("watch", using.watch, "follow a job, and what it prints, until it has ended", *mine),
        verb("cancel", using.cancel, "cancel a job", *mine),
        verb("results", using.results, "what became of the tests of a job that has ended", *mine),
    ]
    for made in one:
        made.add_argument("job", metavar="ID")
    one[2].add_argument("--json", action="store_true", help="for programs")
    status = verb("status", using.status, "how a job is, or how many jobs are in each state", *mine)
    status.add_argument("job", nargs="?", metavar="ID")
    listed = verb("list", using.list_, "your newest jobs; those of all for an administrator", *mine)
    listed.add_argument(
        "--in", dest="among", default="", metavar="STATE", help="only those that are queued, running, …"
    )
    listed.add_argument("--limit", type=int, default=50, metavar="N", help="so many (default %(default)s)")

    scale = verb("scale-advice", using.scale_advice, "how many slots the jobs that you see should have", *mine)
    scale.add_argument(
        "--within", type=_seconds, default=3600.0, metavar="SECONDS", help="all jobs are to end (default 3600)"
    )
    scale.add_argument("--json", action="store_true", help="for programs")

    gearman = (
        settings.CONFIG, settings.GEARMAN_SERVER, settings.GEARMAN_PORT, settings.GEARMAN_CERTIFICATE,
        settings.GEARMAN_KEY, settings.GEARMAN_AUTHORITY,
    )  # fmt: skip
    serve = verb(
        "serve", keeping.serve, "run the monitor, and a Gearman server if none is named", settings.LISTEN,
        settings.STATE, settings.STORE, settings.ALLOW, *gearman, settings.GEARMAN_LISTEN,
    )  # fmt: skip
    serve.add_argument("--certificate", type=Path, metavar="FILE", help="TLS: the monitor's certificate")
    serve.add_argument("--key", type=Path, metavar="FILE", help="TLS: its private key")
    serve.add_argument(
        "--lease", type=_seconds, default=30.0, metavar="SECONDS", help="of silence until a worker is lost (default 30)"
    )
    serve.add_argument(
        "--deaths", type=int, default=3, metavar="N", help="workers that a job may take along (default %(default)s)"
    )
    serve.add_argument("--behind-proxy", action="store_true", help="something before it has TLS")
    verb(
        "run", keeping.run, "run jobs until SIGTERM; a second one hands them back", *mine, *gearman, settings.STATE,
        settings.CACHE, settings.SLOTS, settings.CLOUDS, settings.ALLOW, settings.BESIDE,
    )  # fmt: skip
    prepare = verb(
        "prepare",
        keeping.prepare,
        "fill the cache, so that jobs start without a network",
        settings.STATE,
        settings.CACHE,
        settings.BESIDE,
    )
    prepare.add_argument("--tempest", required=True, metavar="VERSIONS", help="divided by commas: 41.0.0,47.0.0")
    verb(
        "doctor", doctor.doctor, "look at what a testing host needs; exits with 1 if something is missing", *mine,
        *gearman, settings.STATE, settings.CACHE, settings.CLOUDS,
    )  # fmt: skip
    token = verb(
        "token", keeping.token, "make a token for a user, a testing host, or an administrator, who sees all jobs",
        settings.STATE,
    )  # fmt: skip
    token.add_argument("kind", choices=("user", "host", "admin"))
    token.add_argument("name", metavar="NAME")
    token.add_argument("--remove", action="store_true", help="take it away instead")
    verb(
        "key", keeping.key, "print this worker's public key, made if there is none, to which users seal credentials",
        settings.STATE, settings.CACHE,
    )  # fmt: skip
    pyz = verb("pyz", keeping.pyz, "write the stand-alone worker, one file for hosts that have Python and nothing else")
    pyz.add_argument("file", type=Path, metavar="FILE", help="such as worker.pyz")
    return top


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 86400")
    return value


def _submitting(made: argparse.ArgumentParser) -> None:
    made.add_argument("--cloud", metavar="NAME", help="one that the workers hold")
    made.add_argument("--tempest", metavar="VERSION", help="of Tempest: 47.0.0")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--guideline", metavar="ID", help="the tests of a guideline: 2020.06")
    what.add_argument("--tests", type=Path, metavar="FILE", help="names of tests, one on a line")
    what.add_argument("--test-list", metavar="URL", help="a list of tests, as Refstack's server has them")
    made.add_argument("--target", metavar="NAME", help="what the guideline is to be met for (default platform)")
    made.add_argument("--set", action="append", default=[], metavar="SECTION.OPTION=VALUE", help="in tempest.conf")
    made.add_argument("--priority", choices=("high", "normal", "low"))
    made.add_argument("--deadline", type=int, metavar="SECONDS", help="that the run may take")
    made.add_argument("--callback", metavar="URL", help="gets each change of the job")
    made.add_argument(
        "--seal-to", metavar="KEY", help="have the credentials of OS_* in the job, for the worker with this key alone"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="the whole job as JSON, instead of the options")
