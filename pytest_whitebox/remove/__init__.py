"""Undoing what a test made: found by its name, so that even a request whose answer was lost is undone."""

from pytest_whitebox.remove.kinds import REMOVALS, domain
from pytest_whitebox.remove.removal import Removal, Undo

__all__ = ["REMOVALS", "Removal", "Undo", "domain"]
