"""The monitor by HTTP, with requests at random."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from uv import find_uv_bin

from tests.wire.worker.laboratory import Laboratory

SCHEMATHESIS = "schemathesis==4.32.5"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_requests_at_random_are_answered_as_the_schema_says(tmp_path: Path) -> None:
    """By Schemathesis, in an environment of its own: its plugin would slow each start of pytest here."""
    laboratory = Laboratory(tmp_path, leases=("--lease", "600"))
    try:
        laboratory.monitor()
        _try(laboratory, tmp_path)
    finally:
        laboratory.close()


def _try(laboratory: Laboratory, folder: Path) -> None:
    uv = find_uv_bin()
    (folder / "schemathesis.toml").write_text('[headers]\nAuthorization = "Bearer ${TOKEN}"\n')
    for who in ("ann", "node"):
        words = [uv, "tool", "run", "--from", SCHEMATHESIS, "schemathesis", "run", f"{laboratory.url}/openapi.json"]
        words += ["--checks", CHECKS, "--phases", "fuzzing", "--max-examples", "10", "--seed", "1"]
        environment = {**os.environ, "TOKEN": (laboratory.folder / who).read_text(), "NO_COLOR": "1"}
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert ("9 selected / 9 total" in done.stdout, "9 passed" in done.stdout) == (True, True)
