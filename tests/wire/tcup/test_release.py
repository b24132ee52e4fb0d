"""A downloaded tcup.py, which builds its image from a release, does what that of a checkout does beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.doubles.serving import serving
from tests.wire.tcup.cloud import SELECTION
from tests.wire.tcup.conftest import TCUP, Run, Tcup
from tests.wire.tcup.engine import Engine


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """A page that links to the wheel of this checkout."""
    code = f"from hatchling.build import build_wheel; build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=TCUP.parents[1], capture_output=True)
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))) as server:
        yield f"http://127.0.0.1:{server.server_port}/"


def test_both_have_the_same_results(engine: Engine, tcup: Tcup, index: str, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "tcup.py"
    alone.parent.mkdir()
    shutil.copy(TCUP, alone)

    downloaded = tcup("--no-upload", "--", SELECTION, engine=engine, env={"PIP_FIND_LINKS": index}, file=alone)
    checkout = tcup("--no-upload", "--", SELECTION, engine=engine)
    assert downloaded.wait() == 1, downloaded.said
    assert checkout.wait() == 1, checkout.said

    assert "from release 0.1.0" in downloaded.said
    assert len(_outcomes(checkout)) == 7
    assert _outcomes(downloaded) == _outcomes(checkout)
    assert {file.name for file in downloaded.results.iterdir()} == {file.name for file in checkout.results.iterdir()}


def _outcomes(run: Run) -> dict[str, str]:
    told = [json.loads(line) for line in (run.results / "results.jsonl").read_text().splitlines()]
    return {one["test"]: one["outcome"] for one in told}
