"""A bug report in Markdown for each cause, ready to file: what was seen, by which test, what was asked and answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_cleanup.leak import Leak
from pytest_cleanup.resource import Key
from pytest_whitebox.core.rundirectory import RunDirectory

_SHOWN, _LINES = 10, 60  # leaks that are named, and lines of a piece of evidence that are quoted
#: The pieces that a reader of a bug wants to see first.
_QUOTED = ("acts.log", "fault", "actions", "messages.json", "log-of-its-requests.log")


def groups(leaks: Iterable[Leak]) -> list[tuple[str, list[Leak]]]:
    """Leaks by their cause, the commonest first, and at the end what is left only because something else is."""
    found: dict[str, list[Leak]] = {}
    for leak in leaks:
        found.setdefault(leak.group, []).append(leak)
    left = {leak.resource.key for ones in found.values() for leak in ones}

    def follows(leak: Leak) -> bool:
        return not leak.is_bug and leak.attribution is not None and leak.attribution.cause in left

    return sorted(found.items(), key=lambda one: (all(map(follows, one[1])), -len(one[1]), one[0]))


def write_reports(run: RunDirectory, leaks: Iterable[Leak], folders: Mapping[Key, Path]) -> Iterator[Path]:
    """One file for each cause that is not merely a test that deletes nothing."""
    bugs = [(cause, ones) for cause, ones in groups(leaks) if any(leak.is_bug for leak in ones)]
    for number, (cause, ones) in enumerate(bugs, 1):
        file = run.folder("leaks") / f"bug-{number}.md"
        file.touch(mode=0o600)
        file.write_text("\n".join(markdown(cause, ones, folders)) + "\n")
        yield file


def markdown(cause: str, leaks: Sequence[Leak], folders: Mapping[Key, Path]) -> Iterator[str]:
    """The report of one cause, line by line."""
    kind, _, why = cause.partition(": ")
    yield f"# {kind} is left behind: {why}"
    yield ""
    count = "One is" if len(leaks) == 1 else f"{len(leaks)} are"
    yield f"{count} still there after the tests that made them."
    yield ""
    yield "## What was seen"
    yield ""
    for leak in leaks[:_SHOWN]:
        yield f"- {leak.sentence}"
        yield f"  made by {leak.attribution or 'nobody that is known'}"
    if len(leaks) > _SHOWN:
        yield f"- and {len(leaks) - _SHOWN} more"
    yield ""
    yield "## How it can be made again"
    yield ""
    nodeids = sorted({leak.attribution.nodeid for leak in leaks if leak.attribution and leak.attribution.nodeid})
    yield (
        f"    pytest --cleanup=report {' '.join(nodeids[:_SHOWN])}" if nodeids else "No test is known to have made it."
    )
    yield ""
    yield from _evidence(folders.get(leaks[0].resource.key))


def _evidence(folder: Path | None) -> Iterator[str]:
    files = sorted(folder.iterdir()) if folder and folder.is_dir() else []
    for file in (one for start in _QUOTED for one in files if one.name.startswith(start)):
        lines = file.read_text(errors="replace").splitlines()
        yield f"## {file.name}"
        yield ""
        yield from (f"    {line}" for line in lines[-_LINES:])
        yield ""
