"""The cloud's passwords stay where only root reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devcloud.state import State
from tests.cloud.conftest import Program

_FAILS = """
def test_fails(create, database, hosts):
    server = create.server()
    config = hosts.computes[0].service("nova-compute").config
    assert server.domain is None, (config, database("nova"), config.get("neutron", "password") and "")
"""


@pytest.fixture
def passwords(state: State) -> dict[bytes, str]:
    """The cloud's passwords, each with its name."""
    return {value.encode(): name for name, value in state.secrets().items()}


def test_no_process_has_a_password_on_its_command_line(passwords: dict[bytes, str]) -> None:
    seen = dict(_command_lines())
    assert any(b"nova-compute" in words for words in seen.values())
    assert _found(passwords, seen) == []


def test_no_log_of_a_host_has_a_password(state: State, passwords: dict[bytes, str]) -> None:
    logs = {str(file): file.read_bytes() for file in state.hosts.glob("*/upper/var/log/*/*") if file.is_file()}
    assert any("nova-compute.log" in name for name in logs)
    assert _found(passwords, logs) == []


def test_no_report_or_evidence_has_a_password(tmp_path: Path, program: Program, passwords: dict[bytes, str]) -> None:
    (tmp_path / "test_fails.py").write_text(_FAILS)
    result = program("pytest", "--os-cloud", "devcloud", "-p", "no:cacheprovider", "test_fails.py")
    assert "1 failed" in result.stdout
    stored = {str(file): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert any(b"<domain" in text for text in stored.values())
    assert any(name.endswith("report.html") for name in stored)
    assert _found(passwords, {**stored, "what is printed": (result.stdout + result.stderr).encode()}) == []


def test_files_with_a_password_or_a_key_are_for_root_alone(state: State, passwords: dict[bytes, str]) -> None:
    files = [*state.path.glob("*"), *state.authority.glob("*"), *state.hosts.glob("*/upper/etc/**/*")]
    secrets = [*passwords, b"PRIVATE KEY-----"]
    holding = [file for file in files if file.is_file() and any(word in file.read_bytes() for word in secrets)]
    expected = {"clouds.yaml", "secrets.json", "nova.conf", "ssh_key"}
    assert expected | ({"ca.key", "server.pem"} if state.settings().tls else set()) <= {file.name for file in holding}
    assert [str(file) for file in holding if file.stat().st_mode & 0o077] == []


def _command_lines() -> Iterator[tuple[str, bytes]]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield str(file), file.read_bytes()
        except OSError:
            continue


def _found(passwords: dict[bytes, str], texts: dict[str, bytes]) -> list[str]:
    return [f"{name} in {place}" for place, text in texts.items() for word, name in passwords.items() if word in text]
