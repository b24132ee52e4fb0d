"""Files of a host, through any transport: read as bytes, replaced whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_whitebox.core.transports.transport import Transport

_MISSING = 66
_READ = '[ -e "$1" ] || exit 66; exec cat -- "$1"'
# The length is checked because a connection that breaks looks like the end of the input.
_WRITE = """
set -eu
target=$(readlink -f -- "$1")
[ -f "$target" ] || [ ! -e "$target" ] || { echo "it is no regular file" >&2; exit 73; }
folder=$(dirname -- "$target")
# A shell that was killed in the middle has left its new file; no write takes as long as that.
find "$folder" -maxdepth 1 -type f -name ".stackproof.*" -mmin +10 -delete 2>/dev/null || :
new=$(mktemp -- "$folder/.stackproof.XXXXXX")
trap 'rm -f -- "$new"' EXIT
cat >"$new"
[ "$(wc -c <"$new")" -eq "$2" ] || { echo "the data did not arrive whole" >&2; exit 74; }
like=$3
[ ! -e "$target" ] || like=$target
[ -z "$like" ] || chown --reference="$like" -- "$new"
if [ -d "$like" ]; then
    chmod 0640 -- "$new"
elif [ -n "$like" ]; then
    chmod --reference="$like" -- "$new"
    chcon --reference="$like" -- "$new" 2>/dev/null || :
fi
sync -- "$new"
mv -fT -- "$new" "$target"
sync -- "$folder"
"""

_EXISTING = 'for path; do [ ! -e "$path" ] || printf "%s\\n" "$path"; done'
_ABSENT = 'at=$(dirname -- "$1"); while [ ! -d "$at" ]; do printf "%s\\n" "$at"; at=$(dirname -- "$at"); done'
_MAKE = """
set -eu
for folder; do
    [ -d "$folder" ] && continue
    mkdir -- "$folder"
    chown --reference="$(dirname -- "$folder")" -- "$folder"
done
"""


class FileMissing(StackproofError):
    """There is no such file on the host."""


def read_file(transport: Transport, path: str) -> bytes:
    """The bytes of a file of the host; raises `FileMissing` if there is none."""
    outcome = transport.execute(["sh", "-c", _READ, "sh", path])
    if outcome.rc == _MISSING:
        raise FileMissing(f"there is no {path} on {transport.name}", hint="compare the path with the host")
    if outcome.rc:
        raise _failed(transport, f"{path} cannot be read", outcome.stderr)
    return outcome.stdout


def existing(transport: Transport, paths: Sequence[str]) -> tuple[str, ...]:
    """Those of the paths that exist on the host, in their order."""
    return tuple(transport.run(["sh", "-c", _EXISTING, "sh", *paths]).stdout.splitlines())


def read_file_if_there(transport: Transport, path: str) -> bytes | None:
    """The bytes of a file of the host, or None if there is none."""
    try:
        return transport.read(path)
    except FileMissing:
        return None


def write_file(transport: Transport, path: str, data: bytes, *, like: str = "") -> None:
    """Replace a file of the host atomically and durably; owner, mode and SELinux context stay.

    A symbolic link stays one, and what it leads to is replaced. A new file has mode 0600; with ``like`` it has owner
    and mode of that file, or the owner of that folder and mode 0640.
    """
    outcome = transport.execute(["sh", "-c", _WRITE, "sh", path, str(len(data)), like], input=data)
    if outcome.rc:
        raise _failed(transport, f"{path} cannot be written", outcome.stderr)


def remove_file(transport: Transport, path: str) -> None:
    """Remove a file of the host; one that is gone already is fine."""
    transport.run(["rm", "-f", "--", path])


def absent_folders(transport: Transport, path: str) -> tuple[str, ...]:
    """The folders that a file at ``path`` needs and that are not there, outermost first."""
    return tuple(reversed(transport.run(["sh", "-c", _ABSENT, "sh", path]).stdout.splitlines()))


def make_folders(transport: Transport, folders: Sequence[str]) -> None:
    """Make folders, outermost first, each with the owner of the one it lies in."""
    if folders:
        transport.run(["sh", "-c", _MAKE, "sh", *folders])


def remove_folders(transport: Transport, folders: Sequence[str]) -> None:
    """Remove folders, outermost first in the list, unless there is something in them."""
    if folders:
        transport.run(["rmdir", "--ignore-fail-on-non-empty", "--", *reversed(folders)], check=False)


def _failed(transport: Transport, what: str, stderr: bytes) -> StackproofError:
    lines = stderr.decode(errors="replace").strip().splitlines()
    said = f": {lines[-1]}" if lines else ""
    return StackproofError(f"{what} on {transport.name}{said}", hint="look at its owner and mode, and the free space")
