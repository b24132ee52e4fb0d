"""What a service wrote since a moment that was marked: into a file, or into the journal of its host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_whitebox.core.transports import Transport

if TYPE_CHECKING:
    from pytest_whitebox.core.deployments import ServiceFacts

#: How much is looked at, in bytes: the end of it.
_MOST = 1 << 24
#: How many lines of a journal are looked at that had no end to mark.
_UNMARKED = 1000
# Where a file was rotated away, its rest is in the newest file of its name that has the marked number.
_SINCE = """
set -u
inode=$(stat -L -c %i -- "$1" 2>/dev/null) || exit 0
from=1
if [ "$inode" = "$2" ] && [ "$(stat -L -c %s -- "$1")" -ge "$3" ]; then
    from=$(($3 + 1))
elif [ "$inode" != "$2" ]; then
    for old in "$1".*; do
        [ -e "$old" ] && [ "$(stat -L -c %i -- "$old")" = "$2" ] && tail -c "+$(($3 + 1))" -- "$old"
    done
fi
tail -c "+$from" -- "$1" | tail -c "$4"
"""


@dataclass(frozen=True, slots=True)
class LogMark:
    """The end of a log at some moment: file number and size in bytes, or a cursor of the journal."""

    inode: int = 0
    size: int = 0
    cursor: str = ""


def mark(transport: Transport, facts: ServiceFacts) -> LogMark:
    """Where the log of a service ends now; a log that is not there yet ends at its beginning."""
    if facts.log:
        said = transport.run(["stat", "-L", "-c", "%i %s", "--", facts.log], check=False)
        inode, size = said.stdout.split() if said.ok else (0, 0)
        return LogMark(int(inode), int(size))
    said = transport.run(["journalctl", "--no-pager", "--lines=0", "--show-cursor"], check=False)
    return LogMark(cursor=cursor_of(said.stdout))


def since(transport: Transport, facts: ServiceFacts, start: LogMark) -> str:
    """What was written since; also if the file was rotated meanwhile, as long as its old one is beside it."""
    if facts.log:
        words = [facts.log, str(start.inode), str(start.size), str(_MOST)]
        return transport.run(["sh", "-c", _SINCE, "sh", *words], check=False).stdout
    after = f"--after-cursor={start.cursor}" if start.cursor else f"--lines={_UNMARKED}"
    command = ["journalctl", "--no-pager", "--output=short-iso", "--quiet", f"--unit={facts.unit}", after]
    return transport.run(command, check=False).stdout


def cursor_of(text: str) -> str:
    """The cursor in what ``journalctl --show-cursor`` says, or nothing if the journal is empty.

    >>> cursor_of("-- cursor: s=0639;i=3f1;b=4f45;m=1d;t=64;x=ed1\\n"), cursor_of("-- No entries --\\n")
    ('s=0639;i=3f1;b=4f45;m=1d;t=64;x=ed1', '')
    """
    return text.partition("-- cursor: ")[2].strip()
