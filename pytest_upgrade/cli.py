"""The command line of pytest_upgrade."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from pytest_upgrade.commands import evidence, history, judging, live, observing, records, resources, selftest, upgrading
from pytest_upgrade.configured.configuration import OPTION, VARIABLE, Configuration, completed, schema
from pytest_upgrade.configured.settings import KNOBS
from pytest_whitebox.core.commandline import FAILED, Parser, carry_out
from pytest_whitebox.core.errors import StackproofError

_EPILOG = """\
exit codes: 0 pass, 1 fail, 2 inconclusive, 3 our error, 4 misused, 130 interrupted

  pytest -m rolling --phase=pre     before; then upgrade, then --phase=post
  pytest-upgrade show               what is known of the open run
"""
_TAGS = ("rolling", "zero_downtime", "zero_impact")
#: The variables that count more than a file of options.
_VARIABLES = {knob.option: knob.env for knob in KNOBS} | {"--os-cloud": "OS_CLOUD"}
#: Adds a verb with this name, command and help.
Verb = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a deliberate error is one sentence on stderr."""
    made = parser()
    given = list(sys.argv[1:] if words is None else words)
    try:
        given = completed(given, made, _configuration(made, given), os.environ, _VARIABLES)
    except StackproofError as error:
        print(f"{made.prog}: {error.sentence}", file=sys.stderr)
        return error.exit_code or FAILED
    return carry_out(made, given)


def _configuration(made: argparse.ArgumentParser, words: Sequence[str]) -> Configuration:
    """The file of options, all of whose keys are known."""
    early = Parser(add_help=False)
    early.add_argument(OPTION, dest="config", default="")
    known, _ = early.parse_known_args(words[: words.index("--")] if "--" in words else words)
    found = Configuration.near(Path.cwd(), known.config or os.environ.get(VARIABLE, ""))
    check(found, made)
    return found


def check(file: Configuration, made: argparse.ArgumentParser | None = None) -> None:
    """Raise `StackproofError` for a key of a file of options that neither pytest nor a command has."""
    file.check(schema(made or parser(), [knob.option for knob in KNOBS]))


def parser() -> argparse.ArgumentParser:
    """All verbs and options."""
    top = Parser(
        prog="pytest-upgrade",
        description="What is known of upgrades, and the tools around pytest's phases.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"pytest-upgrade {version('stackproof')}")
    shared = Parser(add_help=False)
    shared.add_argument("--upgrade-store", dest="store", metavar="URL", help="of the store ($UPGRADE_STORE)")
    shared.add_argument("--upgrade-runs", dest="folder", metavar="FOLDER", help="of all runs ($UPGRADE_RUNS)")
    shared.add_argument(OPTION, dest="config", metavar="FILE", help=f"of options (${VARIABLE}, or upgrade.toml here)")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)

    def verb(name: str, command: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".", parents=[shared])
        made.set_defaults(command=command)
        return made

    def group(name: str, help: str) -> Verb:
        made = verbs.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
        kinds = made.add_subparsers(title="what", metavar="WHAT", required=True, parser_class=Parser)

        def kind(name: str, command: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
            made = kinds.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".", parents=[shared])
            made.set_defaults(command=command)
            return made

        return kind

    def about_a_run(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made.add_argument("run", nargs="?", metavar="RUN", help="its id (default: the only open run)")
        return made

    run = verb("run", upgrading.run, "test before, have a deployer upgrade the cloud, test beside and after it")
    plan = verb("plan", upgrading.plan, "say what a deployer would do, and change nothing")
    for made in (run, plan):
        made.add_argument("--deployer", required=True, metavar="NAME", help="command, manual, or an installed one")
        made.add_argument("--deployer-file", type=Path, metavar="FILE", help="its configuration, in YAML")
        made.add_argument("--service", action="append", metavar="NAME", help="only this one: nova; may be repeated")
        made.add_argument("--upgrade-from", dest="release_from", metavar="RELEASE", help="the release before: 2025.1")
        made.add_argument("--upgrade-to", dest="release_to", metavar="RELEASE", help="the release after, or master")
    run.add_argument("--os-cloud", metavar="NAME", help="entry of clouds.yaml")
    run.add_argument(
        "--upgrade-run", dest="run", metavar="RUN", help="go on with this one instead of beginning another"
    )
    run.add_argument("--grace", type=float, default=30.0, metavar="SECONDS", help="for a step that is aborted")
    run.add_argument(
        "--abort-left", action="store_true", help="end what a run has left at work that was killed, do not wait for it"
    )
    run.add_argument("pytest", nargs="*", metavar="ARGUMENT", help="for each pytest process, after --")
    verb("runs", records.runs, "list all runs")
    about_a_run(verb("show", records.show, "tell all that is known of a run"))
    report = about_a_run(verb("report", records.report, "write a page about a run, for people"))
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="(default: report.html in the run's folder)")
    diff = verb("diff", history.diff, "say what differs between two runs; exits with 1 if the second is worse")
    diff.add_argument("first", metavar="RUN", help="the one before")
    diff.add_argument("second", metavar="RUN", help="the one after")
    trends = verb("trends", history.trends, "say how the runs went that are of one kind: cloud, releases, deployer")
    trends.add_argument("run", nargs="?", metavar="RUN", help="one of them (default: the last)")
    sweep = about_a_run(verb("sweep", resources.sweep, "remove what a run has made in the cloud, and close it"))
    sweep.add_argument("--list", action="store_true", help="say what would be removed, and remove nothing")
    _observing(about_a_run, group("observe", "ask a cloud all the time, in a process of its own"))
    judge = about_a_run(verb("judge", judging.judge, "give the verdicts of a run, from what was observed"))
    judge.add_argument("--service", action="append", metavar="TYPE", help="this one only: compute; may be repeated")
    judge.add_argument("--tag", choices=_TAGS, help="this one only")
    judge.add_argument("--set", action="append", metavar="NAME=NUMBER", help="another threshold: baseline=900")
    judge.add_argument("--json", metavar="FILE", help="write all findings, - for standard output")
    judge.add_argument("--markdown", metavar="FILE", help="write a table for a review or an issue")
    judge.add_argument("--junit", metavar="FILE", help="write a test case for each verdict")
    judge.add_argument("--html", metavar="FILE", help="write a page with the verdicts and the timeline")
    verb("selftest", selftest.selftest, "inject known faults into a server of our own and see that each is measured")
    check = group("check", "look at the cloud now")
    kept = about_a_run(check("resources", resources.check, "what the run keeps: is it there, intact, usable"))
    release = check("release", evidence.release, "which release each service is, and who says so")
    release.add_argument("--expect", metavar="RELEASE", help="that it should be: 2025.1, master")
    health = check("health", evidence.health, "whether services, agents, endpoints, processes and queues are well")
    for made in (release, health):
        made.add_argument("--service", action="append", metavar="TYPE", help="this one only: compute; may be repeated")
    for made in (sweep, kept, release, health):
        made.add_argument("--os-cloud", metavar="NAME", help="entry of clouds.yaml (default: the run's, or $OS_CLOUD)")
    export = about_a_run(verb("export", records.export, "write a run into a file"))
    export.add_argument("-o", "--output", metavar="FILE", help="a new file (default: standard output)")
    export.add_argument("--with-secrets", action="store_true", help="with what another machine needs for --phase=post")
    taken = verb("import", records.import_, "take in a run that was exported, or results of JUnit, subunit or Rally")
    taken.add_argument("file", type=Path, metavar="FILE")
    taken.add_argument("--upgrade-run", dest="run", metavar="RUN", help="of results: theirs (default: the only open)")
    taken.add_argument("--phase", choices=("pre", "during", "post"), help="of results: in which they were written")
    taken.add_argument("--service", metavar="TYPE", help="of results: all are about it (default: by their names)")
    taken.add_argument("--tag", choices=_TAGS, help="of results: they count for it")
    mark = verb("mark", records.mark, "write down that a step of the upgrade, or the upgrade itself, begins or ends")
    mark.add_argument("what", choices=("begin", "end"))
    mark.add_argument("step", nargs="?", default="", metavar="STEP", help="its name (default: the upgrade itself)")
    mark.add_argument("--service", metavar="NAME", help="the service that it is about: nova")
    mark.add_argument("--host", metavar="NAME", help="the host that it is about")
    mark.add_argument("--failed", action="store_true", help="of an end: it failed")
    mark.add_argument("--text", metavar="WORDS", help="what is worth knowing about it")
    mark.add_argument("--upgrade-run", dest="run", metavar="RUN", help="its id (default: the only open run)")
    return top


def _observing(about_a_run: Callable[[argparse.ArgumentParser], argparse.ArgumentParser], kind: Verb) -> None:
    start = about_a_run(kind("start", observing.start, "begin; a run is begun as well if none is open"))
    start.add_argument(
        "--control", metavar="HOST:PORT", help="what answers even if the cloud does not, on the way to it"
    )
    start.add_argument("--longest", type=_seconds, default=86400.0, metavar="TIME", help="ends by itself (default 24h)")
    start.add_argument("--foreground", action="store_true", help="until Ctrl-C")
    cost = about_a_run(
        kind("cost", observing.cost, "measure what each lane costs the cloud; exits with 1 above a share, see --most")
    )
    for made in (start, cost):
        made.add_argument("--os-cloud", metavar="NAME", help="entry of clouds.yaml (default: the run's, or $OS_CLOUD)")
        made.add_argument("--service", action="append", metavar="TYPE", help="this one only: compute; may be repeated")
        made.add_argument("--only-read", action="store_true", help="make nothing in the cloud: no canaries, no ledger")
    cost.add_argument(
        "--most", type=_share, default=0.5, metavar="SHARE",
        help="of one worker's time that the lanes of a service may take (default 0.5)",
    )  # fmt: skip
    watch = about_a_run(kind("watch", live.watch, "show what each lane sees now, until Ctrl-C"))
    watch.add_argument("--once", action="store_true", help="once, and end")
    about_a_run(
        kind("status", observing.status, "whether it lives, and what each lane sees; exits with 1 if it does not")
    )
    about_a_run(kind("stop", observing.stop, "end it"))


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: write a number above 0, 0.5 for half a worker")
    return share


def _seconds(text: str) -> float:
    from pytest_upgrade.phases.ending import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
