"""`tempest run`, and what it says of each test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pytest_whitebox.tempest.test import name_of

_WORDS = {"success": "passed", "xfail": "xfailed", "uxsuccess": "failed", "fail": "failed", "skip": "skipped"}


def tempest_run(folder: Path, *words: str, env: dict[str, str] | None = None) -> dict[str, str]:
    """Run it in ``folder``, which has etc/tempest.conf, and return the outcome of each test by name.

    What befell a whole class is by the name of its ``setUpClass`` or ``tearDownClass``: Tempest has no more.
    """
    import tempest

    home = Path(tempest.__file__).parent
    lines = ["[DEFAULT]", f"test_path={home / 'test_discover'}", f"top_dir={home.parent}", r"group_regex=([^\.]*\.)*"]
    (folder / ".stestr.conf").write_text("\n".join(lines) + "\n")
    bin = Path(sys.executable).parent
    known = {**os.environ, **(env or {}), "PATH": f"{bin}:{os.environ['PATH']}", "PYTHON": sys.executable}
    if not (folder / ".stestr").exists():
        subprocess.run([bin / "stestr", "init"], cwd=folder, env=known, check=True, capture_output=True)
    subprocess.run([bin / "tempest", "run", *words], cwd=folder, env=known, check=False, capture_output=True)
    said = subprocess.run(
        [bin / "stestr", "last", "--subunit"], cwd=folder, env=known, capture_output=True, check=False
    )
    return outcomes(said.stdout)


def outcomes(stream: bytes) -> dict[str, str]:
    """The outcomes in a stream of subunit v2, by name."""
    return {name_of(test["id"]): _WORDS[test["status"]] for test in read_tests(stream) if test["status"] in _WORDS}


def read_tests(stream: bytes) -> list[dict[str, Any]]:
    """The tests in a stream of subunit v2, as testtools puts them together."""
    import io

    import subunit
    import testtools

    found: list[dict[str, Any]] = []
    note: Any = found.append
    result = testtools.StreamToDict(note)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(io.BytesIO(stream)).run(result)
    result.stopTestRun()
    return found
