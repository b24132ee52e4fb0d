"""Copies of what was observed: an observer writes a file of its own, and a store that others share has a copy of it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_upgrade.observers.observing import SAMPLES, TAKEN
from pytest_upgrade.store.values import Piece
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.store import Store
    from pytest_upgrade.store.values import Run
    from pytest_whitebox.core.rundirectory import RunDirectory

#: Bytes of a piece: well below what a server of MariaDB takes at once, 16 MiB.
_PIECE = 1 << 20


def pieces(folder: Path) -> list[Piece]:
    """The samples of a run's folder as they are now, compressed, in pieces; none if there are no samples."""
    file, at = folder / SAMPLES, time.time()
    if not file.is_file():
        return []
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / SAMPLES
        # Of a file that an observer goes on writing: its own backup is whole at every instant.
        with (
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return [Piece(number, data, at) for number, data in enumerate(_cut(_compressed(copy)))]


def give(store: Store, run: Run, folder: Path) -> bool:
    """Put a copy of the samples of a run's folder into its store, unless it has them; true if it was put."""
    if not (folder / SAMPLES).is_file() or (folder / TAKEN).exists():
        return False
    if store.pieces.newest(run.id) >= _changed(folder):
        return False
    store.pieces.replace_all(run.id, pieces(folder))
    return True


def take(store: Store, run: Run, directory: RunDirectory) -> bool:
    """Have the store's copy in a run's folder, if nobody has observed from here and it is newer; true if it was taken.

    Raises `StackproofError` if the copy is not whole.
    """
    mark, newest = directory.path / TAKEN, store.pieces.newest(run.id)
    is_there = (directory.path / SAMPLES).is_file()
    if not newest or (is_there and (not mark.exists() or float(mark.read_text()) >= newest)):
        return False
    folder = directory.folder()
    new = folder / f".{SAMPLES}.{os.getpid()}"
    found = sorted(store.pieces.of(run.id), key=lambda one: one.number)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for data in _expanded(one.data for one in found):
                file.write(data)
    except zlib.error as error:
        new.unlink()
        said = f"the store's copy of the samples of run {run.id} is damaged: {error}"
        hint = "bring the run here with `pytest-upgrade export` from where the observer was"
        raise StackproofError(said, hint=hint) from None
    mark.write_text(repr(newest))
    new.replace(folder / SAMPLES)
    return True


def _changed(folder: Path) -> float:
    """When samples were written last, also those that are not in the file itself yet."""
    files = (folder / SAMPLES, folder / f"{SAMPLES}-wal")
    return max(file.stat().st_mtime for file in files if file.exists())


def _compressed(file: Path) -> Iterator[bytes]:
    packer = zlib.compressobj()
    with file.open("rb") as source:
        while data := source.read(_PIECE):
            yield packer.compress(data)
    yield packer.flush()


def _expanded(found: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    for data in found:
        yield unpacker.decompress(data)
    yield unpacker.flush()
    if not unpacker.eof:
        raise zlib.error("its end is missing")


def _cut(found: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a size."""
    left = b""
    for data in found:
        left += data
        while len(left) >= _PIECE:
            yield left[:_PIECE]
            left = left[_PIECE:]
    if left:
        yield left
