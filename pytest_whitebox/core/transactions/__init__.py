"""What is changed on a host for a while: locked, written down before, and taken back whatever happens."""

from pytest_whitebox.core.transactions.journal import FOLDER, Entry, Journal, digest
from pytest_whitebox.core.transactions.lock import Busy, here, locked
from pytest_whitebox.core.transactions.replacement import replaced, value_set
from pytest_whitebox.core.transactions.transaction import Transactions

__all__ = [
    "FOLDER",
    "Busy",
    "Entry",
    "Journal",
    "Transactions",
    "digest",
    "here",
    "locked",
    "replaced",
    "value_set",
]
