"""What a failed test leaves: each piece of evidence, seen in the folder and in the report."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.cloud.conftest import Program

ERROR = """
def test_fails(create):
    create.server(extra_specs={"trait:CUSTOM_HAS_NO_HOST": "required"})
"""
RUNS = """
def test_fails(create):
    server = create.server()
    server.attach_volume(create.volume())
    server.reboot(hard=True)
    assert server.domain is None
"""


@pytest.fixture
def failed(tmp_path: Path, program: Program, request: pytest.FixtureRequest) -> dict[str, str]:
    """The pieces of evidence of a run whose only test fails, by the name of their file; ``report.html`` beside them."""
    (tmp_path / "test_it.py").write_text(request.param)
    result = program("pytest", "--os-cloud", "devcloud", "-p", "no:cacheprovider", "test_it.py")
    assert "1 failed" in result.stdout
    latest = tmp_path / ".stackproof" / "runs" / "latest"
    (folder,) = [path for path in latest.iterdir() if path.is_dir()]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    pieces = {re.sub(r"-sp-\w+-fails-server\d", "", file.name): file.read_text() for file in folder.iterdir()}
    return {**pieces, "report.html": (latest / "report.html").read_text()}


@pytest.mark.parametrize("failed", [ERROR], ids=["error"], indirect=True)
def test_server_that_no_host_took(failed: dict[str, str]) -> None:
    assert failed["fault.txt"].startswith("No valid host was found")
    assert "nova.exception.NoValidHost" in failed["fault.txt"]
    assert failed["domain.xml"].startswith("could not be collected: ServerError: server sp-")
    assert '"vm_state": "error"' in failed["database.json"]
    assert re.search(r"POST \S+/servers 202 in [\d.]+ s req-", failed["requests.log"])
    assert "controller nova-scheduler: " in failed["log-of-its-requests.log"]
    assert "Got no allocation candidates" in failed["log-of-its-requests.log"]
    shown = html.unescape(failed["report.html"])
    assert all(f"<summary>{name}" in shown for name in ("fault-", "actions-", "log-of-its-requests.log"))


@pytest.mark.parametrize("failed", [RUNS], ids=["runs"], indirect=True)
def test_server_that_runs(failed: dict[str, str]) -> None:
    assert "<domain type='qemu' id=" in failed["domain.xml"]
    assert "<domain type='qemu'>" in failed["domain-inactive.xml"]
    assert re.search(r"reboot \(req-[-\w]+\)\n.*compute_reboot_instance on compute\d: Success", failed["actions.txt"])
    assert "attach_volume (req-" in failed["actions.txt"]
    assert "qemu-system-x86_64" in failed["qemu.log"]
    assert '"destination_type": "volume"' in failed["database.json"]
    assert "connection_info" not in failed["database.json"]
    assert '"VCPU": 1' in failed["allocations.json"]
    assert '"status": "attached"' in failed["attachments.json"]
    services = {line.split()[1] for line in failed["log-of-its-requests.log"].splitlines()}
    assert {"nova-api:", "nova-compute:", "cinder-api:", "cinder-volume:"} <= services
    assert [name for name, text in failed.items() if "could not be collected" in text and name != "report.html"] == []
