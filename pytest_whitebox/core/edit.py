"""The transaction around a changed configuration: whatever happens, the original comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

from pytest_whitebox.core.configuration import Config, mask
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.file import read_file_if_there, remove_file
from pytest_whitebox.core.inifile import Changes, as_values, edited
from pytest_whitebox.core.journal import Entry, Journal, digest
from pytest_whitebox.core.lock import Busy, here, locked
from pytest_whitebox.core.restart import RestartFailed, restart
from pytest_whitebox.core.service import Service
from pytest_whitebox.core.transport import Held, Transport


class ConfigRejected(StackproofError):
    """The service did not run with the changed configuration, and has the former one again."""


@dataclass(slots=True)
class _Open:
    """A file that this process edits: its lock, and how many edits are open."""

    lock: Held
    close: Callable[[], None]
    depth: int = 0


@dataclass(frozen=True)
class Edits:
    """All edits of one host by this process; those of one file nest."""

    journal: Journal
    service: Callable[[str], Service]
    _open: dict[str, _Open] = field(default_factory=dict)

    @contextmanager
    def edit(self, service: Service, changes: Changes) -> Iterator[None]:
        """See `Service.set_config`."""
        path = _target(service)
        with self._locked(service, path) as depth:
            entry = self._begin(service, path, changes, depth)
            try:
                restart(service)
            except BaseException as error:
                self._roll_back(service, entry, changes, error)
                raise
            try:
                yield
            finally:
                self._restore(entry)

    def restart(self, service: Service) -> None:
        """See `Service.restart`."""
        path = service.facts.config_target
        with self._locked(service, path) if path else nullcontext():
            restart(service)

    def recover(self) -> list[str]:
        """Undo the edits of runs that have died, of every file of the host; returns the files."""
        restored = []
        for path in sorted({entry.path for entry in self.journal.entries()} - set(self._open)):
            with suppress(Busy), self._lock(path, wait=1):
                self._undo(self.journal.entries(path))
                restored.append(path)
        return restored

    @property
    def _transport(self) -> Transport:
        return self.journal.transport

    def _lock(self, path: str, *, wait: float) -> AbstractContextManager[Held]:
        what = f"{path} on {self._transport.name}"
        return locked(self._transport, self.journal.lock_file(path), what=what, wait=wait)

    @contextmanager
    def _locked(self, service: Service, path: str) -> Iterator[int]:
        """Hold the file's lock, undo what a dead run left, and yield how many edits of ours are open."""
        if path not in self._open:
            with ExitStack() as stack:
                lock = stack.enter_context(self._lock(path, wait=service.patience.lock))
                self._undo(self.journal.entries(path))
                self._open[path] = _Open(lock, stack.pop_all().close)
        held = self._open[path]
        held.depth += 1
        try:
            yield held.depth - 1
        finally:
            held.depth -= 1
            if not held.depth:
                del self._open[path]
                held.close()

    def _begin(self, service: Service, path: str, changes: Changes, depth: int) -> Entry:
        """Write the entry, then the file; nothing is touched if the changes would not take effect."""
        original = read_file_if_there(self._transport, path)
        new = edited(original or b"", changes)
        _check_effect(service, path, new, changes)
        entry = Entry(path, service.name, original, digest(new), here(), depth)
        self.journal.add(entry)
        try:
            self._transport.write(path, new)
        except BaseException:
            self._restore(entry, proven=False)
            raise
        return entry

    def _roll_back(self, service: Service, entry: Entry, changes: Changes, error: BaseException) -> None:
        try:
            self._restore(entry)
        except Exception as second:
            second.add_note(f"before that: {error}")
            raise
        if isinstance(error, RestartFailed):
            message = f"{service.name} on {service.where} rejects {described(changes)}: {error}"
            rejected = ConfigRejected(f"{message}; its former configuration is in force again", hint=error.hint)
            if error.log:
                rejected.add_note(f"the end of its log:\n{error.log}")
            raise rejected from error

    def _restore(self, entry: Entry, *, proven: bool = True) -> None:
        with ExitStack() as stack:
            if not self._open[entry.path].lock.alive:
                stack.enter_context(self._lock(entry.path, wait=self.service(entry.service).patience.lock))
            if not self.journal.has(entry):
                raise StackproofError(
                    f"another run has restored {entry.path} on {self._transport.name}: the connection there was lost",
                    hint="what was tested after that ran with another configuration: run it again",
                )
            self._undo([entry], proven=proven)

    def _undo(self, entries: list[Entry], *, proven: bool = True) -> None:
        """Put originals back, last first, then restart each service once, then strike the entries out."""
        for entry in reversed(entries):
            self._put_back(entry)
        if proven:
            for name in sorted({entry.service for entry in entries}):
                restart(self.service(name))
        for entry in reversed(entries):
            self.journal.remove(entry)

    def _put_back(self, entry: Entry) -> None:
        now = read_file_if_there(self._transport, entry.path)
        if now == entry.original:
            return
        if now is None or digest(now) != entry.edited:
            aside = self.journal.set_aside(entry)
            raise StackproofError(
                f"somebody else has changed {entry.path} on {self._transport.name} since {entry.holder} edited it",
                hint=f"it is left alone; its original is kept in {aside} (base64 in JSON)",
            )
        if entry.original is None:
            remove_file(self._transport, entry.path)
        else:
            self._transport.write(entry.path, entry.original)


def described(changes: Changes) -> str:
    """The changes in words, without secrets.

    >>> described({("nova", "password"): "x", ("compute", "cpu_shared_set"): None})
    '[nova] password = ***, [compute] cpu_shared_set unset'
    """
    words = []
    for (section, name), value in changes.items():
        shown = ", ".join(mask(name, one) for one in as_values(value))
        words.append(f"[{section}] {name} unset" if value is None else f"[{section}] {name} = {shown}")
    return ", ".join(words)


def _target(service: Service) -> str:
    if not service.facts.config_target:
        raise StackproofError(
            f"{service.name} on {service.where} has no configuration file that can be edited",
            hint=f"the deployment kind of the host names none for {service.name}",
        )
    return service.facts.config_target


def _check_effect(service: Service, path: str, new: bytes, changes: Changes) -> None:
    """What the service will read must be what was asked for, whatever its other files say."""
    files = {name: read_file_if_there(service.transport, name) for name in service.facts.config_files}
    merged = Config.from_files({name: data or b"" for name, data in {**files, path: new}.items()})
    for (section, name), value in changes.items():
        _check_option(
            merged, section, name, str(value) if isinstance(value, str | int | float) else as_values(value), path
        )


def _check_option(merged: Config, section: str, name: str, wanted: str | Iterable[str], path: str) -> None:
    found = merged.find(section, name)
    values = tuple(option.value for option in found)
    if (values[-1:] == (wanted,)) if isinstance(wanted, str) else (values == tuple(wanted)):
        return
    other = next(option for option in reversed(found) if option.path != path)
    raise StackproofError(
        f"[{section}] {name} cannot be changed in {path}: {other.path}:{other.line} sets it, too",
        hint="remove it there, or have the deployment kind name that file as its target",
    )
