"""The verbs of `pytest-upgrade`; none of them imports pytest."""
