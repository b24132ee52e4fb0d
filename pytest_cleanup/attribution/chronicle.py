"""What each process of a run did to the cloud: files that are only ever appended to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pytest_cleanup.attribution.act import Act

_FOLDER = "acts"


class Chronicle:
    """The file of one process; a line is there in full as soon as `note` returns, even if the process dies then.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> chronicle = Chronicle(folder, "gw1")
    >>> chronicle.note(Act("made", 5.0, "test_a.py::test_it", kind="flavor", id="7"))
    >>> [act.id for act in read(folder)]
    ['7']
    """

    def __init__(self, run: Path, worker: str) -> None:
        self._run, self._worker = run, worker or "main"
        self._file: int | None = None

    def note(self, act: Act) -> None:
        """Append a line, in one write, so that threads do not mix theirs."""
        if self._file is None:
            folder = self._run / _FOLDER
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{self._worker}.jsonl"
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(self._file, f"{act.line}\n".encode())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read(run: Path) -> tuple[Act, ...]:
    """All acts of a run, of all its processes, the oldest first."""
    return tuple(sorted(_acts(run), key=lambda act: act.at))


def _acts(run: Path) -> Iterator[Act]:
    for file in sorted((run / _FOLDER).glob("*.jsonl")):
        for line in file.read_text(errors="replace").splitlines():
            act = Act.from_line(line)
            if act is not None:
                yield act
