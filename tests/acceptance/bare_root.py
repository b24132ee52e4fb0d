"""`make demo` on a bare Debian or Ubuntu, twice; with --interrupt the first is stopped by Ctrl-C in the middle.

Run as root from the checkout: ``python -m tests.acceptance.bare_root [--suite NAME --mirror URL] [--interrupt N]``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_whitebox.core.command import run
from pytest_whitebox.core.errors import StackproofError
from tests.acceptance.bare import BareRoot, make, start
from tests.acceptance.record import Record, Step

_DEMO_LIMIT = 1800
#: Ctrl-C must end a command within this many seconds.
_PATIENCE = 60
_HINT = "read what was printed inside"


def main() -> int:
    """Run the acceptance and write its page."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="stackproof-bare-", dir="/var/tmp"))
    name, what = f"bare-root-{options.suite}", f"`make demo` on a bare {options.suite}"
    if options.interrupt:
        name, what = f"{name}-interrupted", f"{what}, stopped by Ctrl-C after {options.interrupt} s"
    record = Record(name, f"{what}, then again")
    try:
        _accept(record, folder, options)
    except StackproofError as error:
        print(f"failed: {error.sentence}", file=sys.stderr)
        shutil.copyfile(folder / "log", options.log)
        print(f"all that was printed inside: {options.log}", file=sys.stderr)
        return 1
    finally:
        print(f"written: {record.write()}")
        shutil.rmtree(folder)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--suite", default="bookworm", metavar="NAME", help="a release of Debian or Ubuntu (default %(default)s)"
    )
    parser.add_argument(
        "--mirror", default="", metavar="URL", help="where it is had from, if this machine is another's"
    )
    parser.add_argument("--interrupt", type=int, metavar="SECONDS", help="press Ctrl-C after so long, then go on")
    parser.add_argument("--cache", type=Path, default=Path("/var/cache/stackproof"), help="keeps the bare root")
    parser.add_argument("--report", type=Path, default=Path("report.html"), help="where the report is put")
    parser.add_argument("--log", type=Path, default=Path("bare-root.log"), help="what was printed, if it failed")
    return parser.parse_args()


def _accept(record: Record, folder: Path, options: argparse.Namespace) -> None:
    log = folder / "log"
    log.touch()
    with record.step("a bare root: debootstrap's minimal system, git, make, python3") as step:
        root = make(folder, options.cache, options.suite, options.mirror)
        step.said = run(["du", "-sh", str(root.path)]).stdout.split()[0] + "B"
    if options.interrupt:
        with record.step(f"make demo, Ctrl-C after {options.interrupt} s") as step:
            _interrupted(root, log, step, options.interrupt)
    with record.step("make demo") as step:
        _demo(root, log, step)
    shutil.copyfile(root.file("/root/stackproof/report.html"), options.report)
    with record.step("make demo again, after a power cut") as step:
        _demo(root, log, step)
    with record.step("devcloud destroy leaves no file and no interface"):
        subnet = json.loads(root.file("/var/lib/devcloud/devcloud.json").read_text())["subnet"]
        _inside(root, log, ".venv/bin/devcloud", "destroy")
        _nothing_left(root, subnet)


def _interrupted(root: BareRoot, log: Path, step: Step, after: int) -> None:
    process = start(root, "make", "demo", log=log)
    try:
        process.wait(after)
        raise StackproofError(f"make demo ended before the {after} s were over", hint="interrupt it earlier")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
    try:
        code = process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise StackproofError(f"make demo did not end within {_PATIENCE} s of Ctrl-C", hint=_HINT) from None
    if code == 0:
        raise StackproofError("make demo says 0 although it was interrupted", hint=_HINT)
    step.said = f"exit {code}"


def _demo(root: BareRoot, log: Path, step: Step) -> None:
    already = log.stat().st_size
    _inside(root, log, "make", "demo")
    printed = log.read_bytes()[already:].decode(errors="replace")
    counted = re.findall(r"=+ (\d+ passed.*?) =+", printed)
    if not counted:
        raise StackproofError("make demo ran no test", hint=_HINT)
    step.said = counted[-1]


def _inside(root: BareRoot, log: Path, *words: str) -> None:
    process = start(root, *words, log=log)
    try:
        code = process.wait(_DEMO_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise StackproofError(f"{' '.join(words)} did not end within {_DEMO_LIMIT} s", hint=_HINT) from None
    except BaseException:
        process.kill()
        raise
    if code:
        last = log.read_text(errors="replace").splitlines()[-1:]
        raise StackproofError(f"{' '.join(words)} exited with {code}: {''.join(last)}", hint=_HINT)


def _nothing_left(root: BareRoot, subnet: int) -> None:
    if root.file("/var/lib/devcloud").exists():
        raise StackproofError("the state folder is still there", hint=_HINT)
    left = re.findall(rf": (dc{subnet}-\w+)", run(["ip", "-o", "link"]).stdout)
    if left:
        raise StackproofError(f"interfaces are left: {', '.join(left)}", hint="remove them with `ip link del`")


if __name__ == "__main__":
    sys.exit(main())
