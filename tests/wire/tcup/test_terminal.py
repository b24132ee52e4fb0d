"""On a terminal: the shell of --debug, the password that is asked for, the question before an upload."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.refstack import Refstack
from tests.wire.tcup.cloud import PASSWORD, SELECTION
from tests.wire.tcup.conftest import TCUP
from tests.wire.tcup.engine import BASE, Engine
from tests.wire.tcup.terminal import Terminal


@pytest.fixture
def terminal(engine: Engine, variables: dict[str, str], tmp_path: Path) -> Callable[..., Terminal]:
    def start(*words: str, **env: str) -> Terminal:
        known = {**variables, "DOCKER_HOST": engine.address, "TERM": "xterm", **env}
        own = [sys.executable, str(TCUP), "--base", BASE, *words]
        return Terminal(own, tmp_path, {name: value for name, value in known.items() if value})

    return start


def test_debug_opens_a_shell_where_all_is_prepared(
    terminal: Callable[..., Terminal], tmp_path: Path, nothing_left: Callable[[], None]
) -> None:
    (tmp_path / "mine.txt").write_text("what lies here\n")
    tmp_path.chmod(0o755)
    for parent in (tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)

    debug = terminal("--debug", "--", SELECTION)
    debug.until("--interop-target=platform")
    debug.until("$ ")
    debug.type("id -u; cat /work/mine.txt; env | grep -c ^OS_; cat /proc/*/environ | grep -ac Tr0ub4dor")
    debug.until("$ ", 30)
    debug.type("exit 7")

    assert debug.end() == 7
    assert "65534\r\nwhat lies here\r\n1\r\n0\r\n" in debug.said
    assert "cd /tmp/tcup && /opt/stackproof/bin/python -m pytest -v --os-cloud tcup" in debug.said
    assert f"'{SELECTION}'" in debug.said
    assert PASSWORD not in debug.said
    nothing_left()


def test_a_password_is_asked_for_and_not_shown_and_an_upload_is_agreed_to_once(
    terminal: Callable[..., Terminal], server: Refstack, nothing_left: Callable[[], None]
) -> None:
    first = terminal("--api", server.url, "--", SELECTION, OS_PASSWORD="")
    first.until("password of admin: ")
    first.type(PASSWORD)
    first.until("send this, now and after later runs? [y/N] ")
    assert server.seen == []
    first.type("y")

    assert first.end() == 1
    assert PASSWORD not in first.said
    assert "test_create_token 6f8e4436-fc96-4282-8122-e41df57197a9" in first.said
    assert "[####################] 7 of 7, 5 failed" in first.said
    assert len(server.seen) == 1
    nothing_left()
