"""What this process has changed on one host: locked, written down before, and taken back whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.kernel.sysfs import write_value
from pytest_whitebox.core.transactions.journal import Entry, Journal, digest
from pytest_whitebox.core.transactions.lock import Busy, locked
from pytest_whitebox.core.transports import Held, Transport
from pytest_whitebox.core.transports.file import read_file_if_there, remove_file, remove_folders

#: Seconds to wait for the lock of what a dead run has left; who holds it longer is alive.
_MOMENT = 1


@dataclass(slots=True)
class _Open:
    """A guard that this process holds: its lock, how long others may have it first, and how many changes are open."""

    lock: Held
    close: Callable[[], None]
    wait: float
    depth: int = 0


class Affected(Protocol):
    """A service of the host, as far as it is to be brought back to where it was."""

    @property
    def forcing(self) -> Callable[[bool], None]:
        """Has the cloud take it for down, or no longer."""

    def come_up(self, *, anew: bool) -> None:
        """Have it run, and prove it; ``anew``: as another process, if it runs already. Its guard is held meanwhile."""


S = TypeVar("S", bound=Affected)


class Transactions(Generic[S]):
    """All changes of one host by this process; those of one guard nest.

    While ``refusal`` is set nothing can be changed, and it is raised instead.
    """

    def __init__(self, journal: Journal, service: Callable[[str], S]) -> None:
        self.journal = journal
        self.service = service
        self.refusal: StackproofError | None = None
        self._open: dict[str, _Open] = {}

    @property
    def transport(self) -> Transport:
        """The way to the host."""
        return self.journal.transport

    @contextmanager
    def guarded(self, guard: str, wait: float) -> Iterator[int]:
        """Hold a guard, undo what a dead run left there, and yield how many changes of ours are open.

        ``wait`` is in seconds; raises `Busy` after that.
        """
        if self.refusal:
            raise self.refusal
        if guard not in self._open:
            with ExitStack() as stack:
                lock = stack.enter_context(self._lock(guard, wait=wait))
                self._undo(self.journal.entries(guard))
                self._open[guard] = _Open(lock, stack.pop_all().close, wait)
        held = self._open[guard]
        held.depth += 1
        try:
            yield held.depth - 1
        finally:
            held.depth -= 1
            if not held.depth:
                del self._open[guard]
                held.close()

    def begin(self, entry: Entry, change: Callable[[], object], *, proven: bool) -> None:
        """Write the entry, then make the change; one that fails is undone, with its services up if ``proven``."""
        self.journal.add(entry)
        try:
            change()
        # Whatever ends it, Ctrl-C too: nobody but us knows how far it came.
        except BaseException as error:
            try:
                self.undo(entry, proven=proven)
            except Exception as second:
                second.add_note(f"before that: {error}")
                raise
            raise

    @contextmanager
    def changed(self, entry: Entry, change: Callable[[], object], *, proven: bool) -> Iterator[None]:
        """Have a change made for as long as the context lasts; see `begin` and `undo`."""
        self.begin(entry, change, proven=proven)
        try:
            yield
        finally:
            self.undo(entry)

    def undo(self, entry: Entry, *, proven: bool = True) -> None:
        """Take back a change of ours; its services are brought up, and that is proven, unless ``proven`` is false.

        Raises `StackproofError` if somebody has taken this process for dead, and has undone it meanwhile.
        """
        with ExitStack() as stack:
            held = self._open[entry.guard]
            if not held.lock.alive:
                stack.enter_context(self._lock(entry.guard, wait=held.wait))
            if not self.journal.has(entry):
                raise StackproofError(
                    f"another run has restored {entry.what} on {self.transport.name}: the connection there was lost",
                    hint="what was tested after that ran with another configuration: run it again",
                )
            self._undo([entry], proven=proven)

    def recover(self) -> list[str]:
        """Undo the changes of runs that have died, wherever on the host; returns what was changed."""
        restored: list[str] = []
        for guard in sorted({entry.guard for entry in self.journal.entries()} - set(self._open)):
            with suppress(Busy), self._lock(guard, wait=_MOMENT):
                entries = self.journal.entries(guard)
                self._undo(entries)
                restored += dict.fromkeys(entry.what for entry in entries)
        return restored

    def _lock(self, guard: str, *, wait: float) -> AbstractContextManager[Held]:
        what = f"{guard} on {self.transport.name}"
        return locked(self.transport, self.journal.lock_file(guard), what=what, wait=wait)

    def _undo(self, entries: list[Entry], *, proven: bool = True) -> None:
        """Take back changes, the last one first, bring each service up once, then strike the entries out."""
        for entry in reversed(entries):
            self._take_back(entry)
        if proven:
            self._bring_up(entries)
        for entry in reversed(entries):
            self.journal.remove(entry)

    def _take_back(self, entry: Entry) -> None:
        match entry.kind:
            case "file":
                self._put_back(entry)
            case "value":
                write_value(self.transport, entry.path, entry.original or b"")
            case "forced_down":
                for name in entry.services:
                    self.service(name).forcing(False)
            case "stopped":
                """It is brought up when all is as it was before."""

    def _put_back(self, entry: Entry) -> None:
        now = read_file_if_there(self.transport, entry.path)
        if now != entry.original and (now is None or digest(now) != entry.changed):
            aside = self.journal.set_aside(entry)
            raise StackproofError(
                f"somebody else has changed {entry.path} on {self.transport.name} since {entry.holder} edited it",
                hint=f"it is left alone; its original is kept in {aside} (base64 in JSON)",
            )
        if entry.original is None:
            remove_file(self.transport, entry.path)
            remove_folders(self.transport, entry.folders)
        elif now != entry.original:
            self.transport.write(entry.path, entry.original)

    def _bring_up(self, entries: list[Entry]) -> None:
        """Services whose files came back read them again; those that were only stopped are started."""
        changed = {name for entry in entries if entry.kind == "file" for name in entry.services}
        stopped = {name for entry in entries if entry.kind == "stopped" for name in entry.services}
        for name in sorted(changed):
            self.service(name).come_up(anew=True)
        for name in sorted(stopped - changed):
            self.service(name).come_up(anew=False)
