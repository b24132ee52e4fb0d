"""Undoing what a test made: found by its name, so that even a request whose answer was lost is undone."""
