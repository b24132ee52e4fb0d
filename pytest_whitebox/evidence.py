"""What is kept of a failed test: its servers from both sides, and what the services logged meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_whitebox.core.rundirectory import slug
from pytest_whitebox.fixtures import servers_key
from pytest_whitebox.session import session_key

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud
    from pytest_whitebox.core.host import Host
    from pytest_whitebox.server import Server

_CONSOLE_LINES, _LOG_LINES = 200, 400
_STAMP = "%Y-%m-%d %H:%M:%S"
_SECRET = ("admin_password", "adminPass", "user_data", "location")

#: When a test began, in seconds since 1970.
started_key = pytest.StashKey[float]()
_collected_key = pytest.StashKey[bool]()


def collect(item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]) -> list[Path]:
    """Write down what a failed test leaves to be seen, once for each test; returns the files, for the report too."""
    item.stash.setdefault(started_key, call.start)
    cloud = getattr(item, "funcargs", {}).get("cloud")
    if not report.failed or cloud is None or item.stash.get(_collected_key, False):
        return []
    item.stash[_collected_key] = True
    folder = item.config.stash[session_key].run.folder(item.nodeid)
    servers: list[Server] = item.stash.get(servers_key, [])
    pieces = _pieces(cloud, servers, item.stash[started_key])
    files = [_write(folder / slug(name), text) for name, text in pieces if text.strip()]
    report.sections.append(("evidence", "\n".join(map(str, files))))
    return files


def _write(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text)
    return file


def _pieces(cloud: Cloud, servers: Iterable[Server], start: float) -> Iterator[tuple[str, str]]:
    for server in servers:
        yield f"server-{server.name}.json", _tried(_shown, server)
        yield f"domain-{server.name}.xml", _tried(_domain, server)
        yield f"console-{server.name}.log", _tried(_console, server)
    yield from _logs(cloud, start)


def _logs(cloud: Cloud, start: float) -> Iterator[tuple[str, str]]:
    hosts: list[Host] = []
    utc = datetime.fromtimestamp(start, UTC).strftime(_STAMP)
    if problem := _tried(_hosts, cloud, hosts):
        yield "hosts", problem
    for host in hosts:
        local = _tried(local_time, host, start)
        if not local[:4].isdigit():
            yield host.name, local
            continue
        for service in host.services:
            yield f"{host.name}-{service}.log", _tried(_log, host, service, local, utc)


def _tried(look: Callable[..., str], *subject: object) -> str:
    try:
        return look(*subject)
    except Exception as error:  # noqa: BLE001 -- a test's own failure must be told, not that of its evidence
        return f"could not be collected: {type(error).__name__}: {error}\n"


def _hosts(cloud: Cloud, hosts: list[Host]) -> str:
    hosts.extend(cloud.hosts)
    return ""


def _log(host: Host, service: str, local: str, utc: str) -> str:
    return lines_since(host.service(service).log_tail(_LOG_LINES), local, utc)


def _shown(server: Server) -> str:
    facts: dict[str, Any] = server.refresh().resource.to_dict(computed=False)
    kept = {key: value for key, value in facts.items() if value is not None and key not in _SECRET}
    return json.dumps(kept, indent=2, default=str) + "\n"


def _domain(server: Server) -> str:
    return server.domain.xml


def _console(server: Server) -> str:
    return "\n".join(server.console_log.splitlines()[-_CONSOLE_LINES:]) + "\n"


def local_time(host: Host, seconds: float) -> str:
    """A time as the host's services write it into their logs, such as ``2026-11-21 07:30:00``."""
    return host.run(["date", "-d", f"@{int(seconds)}", f"+{_STAMP}"]).stdout.strip()


def lines_since(log: str, local: str, utc: str) -> str:
    """The log from the first line that is not older; lines without a time, as of a traceback, go with those before.

    Lines with a ``Z`` in their time, as OVN's, are compared with ``utc``, the others with ``local``.

    >>> log = "2026-11-21 07:00:00.1 old\\n more\\n2026-11-21T07:30:00.1Z|new\\n more"
    >>> print(lines_since(log, "2026-11-21 08:00:00", "2026-11-21 07:00:00"))
    2026-11-21T07:30:00.1Z|new
     more
    """
    lines = log.splitlines()
    for at, line in enumerate(lines):
        since = utc if "Z" in line[19:28] else local
        if line[:4].isdigit() and line[:19].replace("T", " ") >= since:
            return "\n".join(lines[at:])
    return ""
