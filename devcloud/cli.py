"""The command line of devcloud."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from devcloud.commands import apis as api_commands
from devcloud.commands import faults as fault_commands
from devcloud.commands import lifecycle as commands
from devcloud.commands import saves as save_commands
from devcloud.commands import upgrade as upgrade_commands
from devcloud.machine.packages import RELEASES
from devcloud.services.catalog import DEFAULT as DEFAULT_PROJECTS
from devcloud.services.catalog import PROJECTS
from devcloud.services.rotation import DRAIN_TIMEOUT
from devcloud.state import DEFAULT, DEFAULT_RELEASE
from devcloud.topology import COMPUTES
from devcloud.upgrade.request import MANNERS
from pytest_whitebox.core.commandline import carry_out

_EPILOG = """\
exit codes: 0 done and well, 1 not well or failed, 2 misused, 130 interrupted

  devcloud up --install       from nothing to a cloud; the same again repairs what is broken
  eval "$(devcloud env)"      then: openstack server list, pytest tests/suites
  devcloud ssh compute1       behind the API
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a deliberate error is one sentence on stderr."""
    return carry_out(parser(), words, failed=1, interrupted="the same command goes on from here")


def parser() -> argparse.ArgumentParser:
    """All verbs and options."""
    top = argparse.ArgumentParser(
        prog="devcloud",
        description="A real OpenStack on this machine, from packages, in namespaces of its own.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"devcloud {version('stackproof')}")
    shared = argparse.ArgumentParser(add_help=False)
    for place, default in ((top, None), (shared, argparse.SUPPRESS)):
        place.add_argument(
            "--state",
            type=Path,
            default=default,
            metavar="DIR",
            help=f"the folder that holds the cloud (DEVCLOUD_STATE; default {DEFAULT})",
        )
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def verb(name: str, command: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".", parents=[shared])
        made.set_defaults(command=command)
        return made

    up = verb("up", commands.up, "make the cloud, start it, or repair it: does what is missing")
    up.add_argument("--release", choices=RELEASES, help=f"of a new cloud (default {DEFAULT_RELEASE})")
    up.add_argument(
        "--services",
        metavar="A,B",
        help=f"from {', '.join(PROJECTS)} (default up to {DEFAULT_PROJECTS[-1]}; the first five are always there);"
        " to a cloud that is there they are added",
    )
    up.add_argument(
        "--computes", type=int, choices=COMPUTES, metavar="N", help="how many compute hosts (default 2); can grow"
    )
    up.add_argument(
        "--workers", type=int, choices=(1, 2), help="how many instances of each API stand behind HAProxy (default 1)"
    )
    up.add_argument("--tls", action="store_true", default=None, help="of a new cloud: endpoints with TLS, of an own CA")
    up.add_argument("--install", action="store_true", help="install the system packages that are missing")
    verb("down", commands.down, "shut guests and services down and leave nothing running; `up` brings all back")
    save = verb("save", save_commands.save, "put the whole cloud aside under a name, guests and all")
    save.add_argument("name", metavar="NAME", help="or the path of a folder to make, outside the state folder")
    load = verb("load", save_commands.load, "make the cloud what it was when it was saved, and bring it up")
    load.add_argument("name", metavar="NAME", help="or the path of a folder that `devcloud save` made")
    saved = verb("saved", save_commands.saved, "list the saved clouds")
    saved.add_argument("--delete", metavar="NAME", help="delete one of them")
    verb("destroy", commands.destroy, "switch off and delete the state folder: nothing is left")
    verb("status", commands.status, "say what is wrong, service by service").add_argument(
        "--json", action="store_true", help="for programs"
    )
    verb("env", commands.env, "print shell lines that point OpenStack clients at the cloud")
    verb("clouds-yaml", commands.clouds_yaml, "print the path of the cloud's clouds.yaml")
    logs = verb("logs", commands.logs, "print the end of a service's log")
    logs.add_argument("service", metavar="SERVICE")
    logs.add_argument("-n", "--lines", type=_above_zero, default=100, metavar="N", help="how many lines (default 100)")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as the log grows")
    ssh = verb("ssh", commands.ssh, "open a shell on a host, or run a command there")
    ssh.add_argument("host", metavar="HOST")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    rotating = {
        "restart": (commands.restart, "restart a service and wait until it works; an API's instances in turn"),
        "drain": (
            api_commands.drain,
            "have HAProxy give an API's instance no more requests; waits for its last",
        ),
        "ready": (api_commands.ready, "have HAProxy give an API's instance requests again, once it answers"),
    }
    for name, (command, help) in rotating.items():
        made = verb(name, command, help)
        made.add_argument("service", metavar="SERVICE")
        made.add_argument("instance", nargs="?", default="", metavar="INSTANCE", help="a or b (default all there are)")
        if name == "drain":
            made.add_argument(
                "--timeout",
                type=_above_zero,
                default=DRAIN_TIMEOUT,
                metavar="SECONDS",
                help="to wait (default %(default)s)",
            )
    upgrade = verb("upgrade", upgrade_commands.upgrade, "bring the cloud to a later release; the same again goes on")
    upgrade.add_argument("--to", required=True, metavar="RELEASE", help=f"from {', '.join(RELEASES)}")
    upgrade.add_argument(
        "--manner",
        choices=MANNERS,
        help="cold: each service is stopped, migrated and started; rolling: its daemons are replaced one by one"
        " while others work (default: rolling where each API has two instances)",
    )
    upgrade.add_argument("--service", action="append", metavar="PROJECT", help="only this one: nova; may be repeated")
    upgrade.add_argument("--until", metavar="STEP", help="go no further than this step")
    upgrade.add_argument("--plan", action="store_true", help="list the steps, and do none")
    verb("metrics", api_commands.metrics, "count requests by API, memory and processor time by service").add_argument(
        "--output", type=Path, metavar="FILE", help="write it there as JSON, process by process"
    )
    for name, command, meaning in (
        (
            "break",
            fault_commands.break_,
            "break the cloud on purpose, in a way that has a name; without one, list them",
        ),
        ("mend", fault_commands.mend, "mend a fault that was made on purpose, or all"),
    ):
        verb(name, command, meaning).add_argument("fault", nargs="?", metavar="FAULT")
    verb("doctor", commands.doctor, "check whether this machine can carry a cloud; changes nothing")
    return top


def _above_zero(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
