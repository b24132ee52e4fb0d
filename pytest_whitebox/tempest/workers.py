"""How Tempest's tests go to the workers of xdist."""

from __future__ import annotations

import os
import shlex
from typing import Any

import pytest


def is_one(config: pytest.Config) -> bool:
    """True in a worker."""
    return hasattr(config, "workerinput")


def is_first(config: pytest.Config) -> bool:
    """True in the worker that tells what all of them could, and where there are none."""
    return str(getattr(config, "workerinput", {}).get("workerid", "gw0")) == "gw0"


def number(config: pytest.Config) -> int:
    """How many there are to be."""
    return max(len(config.getoption("tx", ())), 1)


def scheduler(config: pytest.Config, log: Any, packages: tuple[str, ...]) -> Any:
    """One that gives whole classes, so that each is set up once; None if the user has said otherwise.

    With ``--dist loadgroup`` it gives groups as xdist does, and whole classes of Tempest's tests, which lie in
    ``packages`` and know no groups.
    """
    from xdist.scheduler import LoadGroupScheduling, LoadScopeScheduling

    if config.getoption("dist") == "loadgroup":
        split = LoadGroupScheduling._split_scope

        class Classes(LoadGroupScheduling):  # type: ignore[misc]  # xdist is not typed here
            def _split_scope(self, nodeid: str) -> str:
                group = str(split(self, nodeid))
                return _class(nodeid) if group == nodeid and nodeid.split("/")[0] in packages else group

        return Classes(config, log)
    words = [*config.invocation_params.args, *config.getini("addopts"), *shlex.split(_environment())]
    if any(word.startswith("--dist") or word == "-d" for word in map(str, words)):
        return None
    return LoadScopeScheduling(config, log)


def _class(nodeid: str) -> str:
    """The class of a test, whose own name may have anything in it.

    >>> _class("tempest/api/test_x.py::X::test_a(v::1)")
    'tempest/api/test_x.py::X'
    """
    return "::".join(nodeid.split("::", 2)[:2])


def _environment() -> str:
    return os.environ.get("PYTEST_ADDOPTS", "")
