"""The folder of a leak: evidence that is collected before anything is done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_cleanup.attribution.act import Act
from pytest_cleanup.evidence.pieces import pieces
from pytest_cleanup.leak import Leak
from pytest_cleanup.resource import Key, Resource
from pytest_whitebox.core.rundirectory import RunDirectory, slug
from pytest_whitebox.evidence import logs
from pytest_whitebox.evidence.piece import Piece, as_json, told

if TYPE_CHECKING:
    from pytest_whitebox.cloud import Cloud

_FOLDER = "leaks"
_MOST = 3  # leaks of one cause that are looked at from all sides: the next one tells nothing new


class Bundles:
    """`collect` writes the folder of a leak; of equal causes only the first few are looked at from all sides.

    ``cloud`` is None where only what was written down can be told.
    """

    def __init__(self, run: RunDirectory, acts: Iterable[Act], cloud: Cloud | None) -> None:
        self._run, self._cloud = run, cloud
        self._acts = tuple(acts)
        self._read = logs.reader(min((act.at for act in self._acts), default=0.0))
        self._seen: Counter[str] = Counter()

    def collect(self, leak: Leak, *, full: bool) -> Path:
        """Write down what there is to see of it, with ``full`` from all sides, and return the folder."""
        folder = self._run.folder(_FOLDER, _name(leak.resource))
        self._seen[leak.group] += full
        found = [
            Piece("acts.log", lambda: _lines(self._of(leak.resource))),
            Piece("leak.json", lambda: as_json(leak.as_json())),
        ]
        if full and self._cloud is not None and self._seen[leak.group] <= _MOST:
            found += [*pieces(self._cloud, leak.resource), logs.of_requests(self._cloud, self._read, self._ids(leak))]
        _write_all(folder, found)
        return folder

    def step(self, resource: Resource, name: str) -> Path:
        """Write down what is to be seen of it before a step is taken, and return the folder."""
        folder = self._run.folder(_FOLDER, _name(resource), f"before-{name}")
        if self._cloud is not None:
            _write_all(folder, pieces(self._cloud, resource))
        return folder

    def _of(self, resource: Resource) -> tuple[Act, ...]:
        return tuple(act for act in self._acts if Key(act.kind, act.id) == resource.key)

    def _ids(self, leak: Leak) -> frozenset[str]:
        """All requests that had to do with it."""
        own = (act.request_id for act in self._of(leak.resource))
        made = leak.attribution
        return frozenset(filter(None, (*own, made.request_id if made else "", made.test_id if made else "")))


def _name(resource: Resource) -> str:
    return "-".join(filter(None, (resource.kind, resource.name[:40], resource.id[-36:])))


def _lines(acts: Iterable[Act]) -> str:
    return "".join(f"{line}\n" for line in map(_line, acts))


def _line(act: Act) -> str:
    at = datetime.fromtimestamp(act.at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    said = f": {act.said}" if act.said else ""
    where = ", ".join(filter(None, (act.phase, f"fixture {act.fixture}" if act.fixture else "", act.worker)))
    return f"{at}Z {act.verb} by {act.nodeid} ({where}) with {act.status} {act.request_id}{said}"


def _write_all(folder: Path, found: Iterable[Piece]) -> None:
    """Write the pieces that have something to say, for their owner only."""
    for piece in found:
        text = told(piece)
        if text.strip():
            file = folder / slug(piece.name)
            file.touch(mode=0o600)
            file.write_text(text)
