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


def by_class(config: pytest.Config, log: Any) -> Any:
    """A scheduler that gives whole classes, so that each is set up once; None if the user has said otherwise."""
    words = [*config.invocation_params.args, *config.getini("addopts"), *shlex.split(_environment())]
    if any(word.startswith("--dist") or word == "-d" for word in map(str, words)):
        return None
    from xdist.scheduler import LoadScopeScheduling

    return LoadScopeScheduling(config, log)


def _environment() -> str:
    return os.environ.get("PYTEST_ADDOPTS", "")
