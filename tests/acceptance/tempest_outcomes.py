"""`tempest run` and `pytest --tempest` on the same tests: the same outcome for each test.

Run with a cloud that is up: ``python -m tests.acceptance.tempest_outcomes STATE REGEX [WORKERS [CREDENTIALS]]``. Both
have the same tempest.conf with `dynamic` credentials; with `pool` pytest makes its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_whitebox.core.clouds import named
from pytest_whitebox.core.rundirectory import RunDirectory
from pytest_whitebox.session import Session
from pytest_whitebox.tempest import making
from tests.plugin.tempest_run import tempest_run


def main(state: str, regex: str, workers: str = "2", credentials: str = "dynamic") -> int:
    """Compare; the cloud in ``state`` must be up."""
    choice = named("devcloud", "here", Path(state) / "clouds.yaml")
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(Path(state) / "clouds.yaml")
    with TemporaryDirectory() as folder:
        run = RunDirectory.new(Path(folder))
        made = making.make(Session(choice, None, None, "", None, None, run, "", named=True, strict=False), "dynamic")
        try:
            return _compare(made.conf.path, Path(folder), regex, workers, credentials)
        finally:
            if failures := made.undo():
                print(failures)


def _compare(conf: Path, folder: Path, regex: str, workers: str, credentials: str) -> int:
    (folder / "etc").mkdir()
    (folder / "etc" / "tempest.conf").symlink_to(conf)
    began = time.monotonic()
    theirs = tempest_run(folder, "--concurrency", workers, "--regex", regex)
    between = time.monotonic()
    if credentials != "dynamic":
        (folder / "etc" / "tempest.conf").unlink()
    ours = _pytest(folder, regex, workers)
    over = time.monotonic()
    print(f"tempest run: {len(theirs)} in {between - began:.0f} s; pytest: {len(ours)} in {over - between:.0f} s")
    different = {
        name: (theirs.get(name, "not told"), ours.get(name, "not told"))
        for name in sorted({*theirs, *ours})
        if _class_of(theirs, name) != ours.get(name) and not name.startswith(("setUpClass", "tearDownClass"))
    }
    for name, (their, our) in different.items():
        print(f"{name}: tempest run says {their}, pytest says {our}")
    for word in ("passed", "failed", "skipped"):
        told = (sum(one == word for one in known.values()) for known in (theirs, ours))
        print(word, *told)
    return len(different)


def _class_of(theirs: dict[str, str], name: str) -> str | None:
    """What Tempest says of a test, or of its class where it says nothing of the test."""
    return theirs.get(name) or theirs.get(f"setUpClass ({name.rpartition('.')[0]})")


def _pytest(folder: Path, regex: str, workers: str) -> dict[str, str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"--tempest={regex}",
        "-n",
        workers,
        "--os-cloud=devcloud",
        "--junit-xml=junit.xml",
    ]
    subprocess.run(command, cwd=folder, check=False)
    return _junit(folder / "junit.xml")


def _junit(file: Path) -> dict[str, str]:
    from lxml import etree

    found: dict[str, str] = {}
    for case in etree.parse(file).iter("testcase"):
        kinds = {str(child.tag) for child in case} & {"failure", "error", "skipped"}
        word = "failed" if kinds & {"failure", "error"} else "skipped" if kinds else "passed"
        name = f"{case.get('classname')}.{case.get('name')}"
        found[name] = "failed" if "failed" in (word, found.get(name)) else word
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
