"""The transaction around a changed configuration: whatever happens, the original comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_whitebox.core.configuration import Changes, as_values, edited, mask
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.services.restart import RestartFailed, restart
from pytest_whitebox.core.transactions import Entry, Transactions, digest, here
from pytest_whitebox.core.transports.file import existing, read_file_if_there, write_file

if TYPE_CHECKING:
    from pytest_whitebox.core.services.service import Service


class ConfigRejected(StackproofError):
    """The service did not run with the changed configuration, and has the former one again."""


@contextmanager
def edited_by(
    transactions: Transactions[Service], service: Service, changes: Changes, *, also: Sequence[str] = ()
) -> Iterator[None]:
    """See `Service.set_config`."""
    path = _target(service)
    services = [service, *(_reader(transactions.service(name), path) for name in also)]
    with transactions.guarded(path, service.patience.lock) as depth:
        entry = _begin(transactions, services, path, changes, depth)
        try:
            for one in services:
                restart(one)
        # Ctrl-C in a restart, too: a service is never left with a configuration that is not proven.
        except BaseException as error:
            _roll_back(transactions, service, entry, changes, error)
            raise
        try:
            yield
        finally:
            transactions.undo(entry)


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


def _begin(
    transactions: Transactions[Service], services: Sequence[Service], path: str, changes: Changes, depth: int
) -> Entry:
    """Write the entry, then the file; nothing is touched if the changes would not take effect."""
    # A file that is malformed already is told with its own line.
    read = services[0].config.paths
    original = read_file_if_there(transactions.transport, path)
    new = edited(original or b"", changes)
    for one in services:
        _check_effect(one, path, new, changes)
    names = tuple(one.name for one in services)
    entry = Entry("file", path, path, names, original, digest(new), here(), depth)
    # A drop-in file is to be read by whom the service's other files are read by.
    like = next(iter(existing(transactions.transport, read)), "")
    transactions.begin(entry, lambda: write_file(transactions.transport, path, new, like=like), proven=False)
    return entry


def _roll_back(
    transactions: Transactions[Service], service: Service, entry: Entry, changes: Changes, error: BaseException
) -> None:
    try:
        transactions.undo(entry)
    except Exception as second:
        second.add_note(f"before that: {error}")
        raise
    if isinstance(error, RestartFailed):
        message = f"{service.name} on {service.where} rejects {described(changes)}: {error}"
        rejected = ConfigRejected(f"{message}; its former configuration is in force again", hint=error.hint)
        if error.log:
            rejected.add_note(f"the end of its log:\n{error.log}")
        raise rejected from error


def _target(service: Service) -> str:
    if not service.facts.config_target:
        raise StackproofError(
            f"{service.name} on {service.where} has no configuration file that can be edited",
            hint=f"the deployment kind of the host names none for {service.name}",
        )
    return service.facts.config_target


def _reader(service: Service, path: str) -> Service:
    if path not in (service.facts.config_target, *service.facts.config_files):
        raise StackproofError(
            f"{service.name} on {service.where} does not read {path}", hint="change its configuration by itself"
        )
    return service


def _check_effect(service: Service, path: str, new: bytes, changes: Changes) -> None:
    """What the service will read must be what was asked for, whatever else it reads."""
    merged = service.config_with({path: new})
    for (section, name), value in changes.items():
        single = isinstance(value, str | int | float)
        if (merged.get(section, name) == str(value)) if single else (merged.get_all(section, name) == as_values(value)):
            continue
        other = next((option for option in reversed(merged.find(section, name)) if option.path != path), None)
        said = f"{other.source} sets it, too" if other else "the service does not read that file"
        raise StackproofError(
            f"[{section}] {name} of {service.name} on {service.where} cannot be changed in {path}: {said}",
            hint="remove it there, or have the deployment kind name that as its target",
        )
