"""Making one folder like another, and no more of it than differs; also what a running host changes in its overlay."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.command import run

#: How many files are named to one `cp`.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """What keeps one folder from being like another: paths relative to both."""

    remove: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """All that differs."""
        return (*self.remove, *self.folders, *self.files)


def follow(wanted: Path, there: Path, *, without: Iterable[str] = (), root: Path | None = None) -> Difference:
    """Make ``there`` like ``wanted`` but for the folders ``without``, and return what differed.

    ``root`` is given if ``there`` is the upper layer of a host that is on: then the host's own root is changed, and
    the layer follows; a path that the layer no longer has shows what the machine has there.
    """
    there.mkdir(parents=True, exist_ok=True)
    change = difference(wanted, there, without=without)
    for path in change.remove:
        _remove((root or there) / path)
        if root and Path("/", path).exists():
            run(["cp", "-a", f"/{path}", str(root / path)])
    for path in change.folders:
        (root or there).joinpath(path).mkdir(exist_ok=True)
        _adopt(wanted / path, (root or there) / path, attributes=root is None)
    whiteouts = [path for path in change.files if root and is_whiteout(wanted / path)]
    for path in whiteouts:
        _remove((root or there) / path)
    _copy(wanted, root or there, [path for path in change.files if path not in whiteouts])
    return change


def difference(wanted: Path, there: Path, *, without: Iterable[str] = ()) -> Difference:
    """Compare two folders by kind, owner, mode, size and time of change; ``without`` names folders not looked at."""
    skipped = frozenset(without)
    wished, found = dict(_entries(wanted, skipped)), dict(_entries(there, skipped))
    remove = [path for path in found if path not in wished or _kind(wished[path]) != _kind(found[path])]
    changed = [path for path, status in wished.items() if path not in found or _mark(status) != _mark(found[path])]
    return Difference(
        tuple(_topmost(remove)),
        tuple(path for path in changed if stat.S_ISDIR(wished[path].st_mode)),
        tuple(path for path in changed if not stat.S_ISDIR(wished[path].st_mode)),
    )


def is_whiteout(path: Path) -> bool:
    """True for what an overlay puts in the place of a file that was deleted."""
    status = path.lstat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _entries(top: Path, skipped: frozenset[str], folder: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """All below ``top``, folders before what is in them."""
    for entry in sorted(os.scandir(top / folder), key=lambda found: found.name):
        path = f"{folder}/{entry.name}" if folder else entry.name
        if path not in skipped:
            yield path, entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(top, skipped, path)


def _kind(status: os.stat_result) -> int:
    return stat.S_IFMT(status.st_mode)


def _mark(status: os.stat_result) -> tuple[int, ...]:
    owner = (status.st_mode, status.st_uid, status.st_gid)
    return owner if stat.S_ISDIR(status.st_mode) else (*owner, status.st_size, status.st_mtime_ns)


def _topmost(paths: Iterable[str]) -> list[str]:
    """Paths without those that lie in another of them.

    >>> _topmost(["a", "a/b", "ab/c"])
    ['a', 'ab/c']
    """
    kept: list[str] = []
    for path in sorted(paths, key=lambda path: path.split("/")):
        if not kept or not path.startswith(f"{kept[-1]}/"):
            kept.append(path)
    return kept


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _adopt(source: Path, target: Path, *, attributes: bool) -> None:
    """Give a folder the owner and mode of another, and its overlay's marks."""
    status = source.lstat()
    os.chown(target, status.st_uid, status.st_gid)
    target.chmod(stat.S_IMODE(status.st_mode))
    for name in os.listxattr(source) if attributes else ():
        os.setxattr(target, name, os.getxattr(source, name))


def _copy(source: Path, target: Path, paths: list[str]) -> None:
    """Copy files with owners, times and attributes; holes in them stay holes."""
    for start in range(0, len(paths), _AT_ONCE):
        words = ["cp", "-a", "--remove-destination", "--parents", "--target-directory", str(target)]
        run(["env", "-C", str(source), *words, "--", *paths[start : start + _AT_ONCE]], timeout=600)
