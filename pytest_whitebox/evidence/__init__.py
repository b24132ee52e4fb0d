"""What is kept of a failed test: its servers from all sides, what it asked for, and what the services logged of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_whitebox.core.rundirectory import slug
from pytest_whitebox.evidence import logs, requests, servers, storage
from pytest_whitebox.evidence.piece import Piece, told
from pytest_whitebox.fixtures import servers_key
from pytest_whitebox.session import session_key, trace_key

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud

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
    texts = ((piece.name, told(piece)) for piece in _pieces(item, cloud))
    files = [_write(folder / slug(name), text) for name, text in texts if text.strip()]
    report.sections.append(("evidence", "\n".join(map(str, files))))
    return files


def _pieces(item: pytest.Item, cloud: Cloud) -> Iterator[Piece]:
    """What its servers are first, then what the test did, then the logs."""
    start, trace = item.stash[started_key], item.config.stash[trace_key]
    asked = tuple(trace.requests)
    for node in item.listchain():
        for server in node.stash.get(servers_key, ()):
            yield from servers.pieces(server)
    yield from storage.pieces(cloud, start)
    yield from requests.pieces(asked)
    ids = frozenset({trace.id, *(one.id for one in asked if one.changes and one.id)})
    yield from logs.pieces(cloud, start, ids)


def _write(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text)
    return file
