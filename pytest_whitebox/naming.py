"""What a test is called where results go: as Tempest calls its own, dotted, with the uuid in brackets."""

from __future__ import annotations

import pytest

#: Where a report has it, in a form that crosses xdist.
ATTRIBUTE = "stackproof_id"


def id_of(item: pytest.Item) -> str:
    """The id of a test: Tempest's own of it, else one that is made alike of its name and its ``idempotent_id``."""
    known = getattr(item, "tempest_id", "")
    if known:
        return str(known)
    mark = item.get_closest_marker("idempotent_id")
    return dotted(item.nodeid, str(mark.args[0]) if mark is not None and mark.args else "")


def dotted(nodeid: str, uuid: str = "") -> str:
    """An id by what pytest calls a test; parameters come last, as Tempest's scenarios do.

    >>> dotted("tempest/api/test_x.py::X::test_a(q1)")
    'tempest.api.test_x.X.test_a(q1)'
    >>> dotted("tests/suites/compute/test_x.py::test_y[a/b-1]", "0a6c")
    'tests.suites.compute.test_x.test_y[id-0a6c](a/b-1)'
    """
    address, _, parameters = nodeid.partition("[")
    file, *names = address.split("::")
    name = ".".join([file.removesuffix(".py").strip("./").replace("/", "."), *names])
    shown = parameters.removesuffix("]").replace("[", "(").replace("]", ")")
    return f"{name}{f'[id-{uuid}]' if uuid else ''}{f'({shown})' if shown else ''}"
