"""A file of a host, or a value of its kernel, that is another one for a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.kernel.sysfs import read_value, write_value
from pytest_whitebox.core.transactions.journal import Entry, digest
from pytest_whitebox.core.transactions.lock import here
from pytest_whitebox.core.transactions.transaction import S, Transactions
from pytest_whitebox.core.transports.file import absent_folders, make_folders, read_file_if_there, write_file

#: Seconds to wait for others who change the same file.
_PATIENCE = 600


@contextmanager
def replaced(transactions: Transactions[S], path: str, data: bytes, restarted: Sequence[str]) -> Iterator[None]:
    """See `Host.write_file`."""
    transport = transactions.transport
    with transactions.guarded(path, _PATIENCE) as depth:
        original = read_file_if_there(transport, path)
        folders = absent_folders(transport, path)
        entry = Entry("file", path, path, tuple(restarted), original, digest(data), here(), depth, folders)

        def write() -> None:
            make_folders(transport, folders)
            write_file(transport, path, data, like=path.rpartition("/")[0] or "/")

        with transactions.changed(entry, write, proven=False):
            for name in restarted:
                transactions.service(name).come_up(anew=True)
            yield


@contextmanager
def value_set(transactions: Transactions[S], path: str, value: str) -> Iterator[None]:
    """See `Host.set_sysfs`."""
    transport = transactions.transport
    with transactions.guarded(path, _PATIENCE) as depth:
        original = read_value(transport, path)
        entry = Entry("value", path, path, original=original.encode(), holder=here(), number=depth)
        with transactions.changed(entry, lambda: _set(transactions, path, value), proven=False):
            yield


def _set(transactions: Transactions[S], path: str, value: str) -> None:
    write_value(transactions.transport, path, value.encode())
    if (now := read_value(transactions.transport, path)) != value:
        raise StackproofError(
            f"{path} on {transactions.transport.name} is {now!r} after {value!r} was written",
            hint="the kernel had not enough of it to give, or writes it in another way",
        )
