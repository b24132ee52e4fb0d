"""The phases of a run: which tests run in one, what becomes of them, when it ends."""
