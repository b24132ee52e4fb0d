"""What the command line names beside ``--tempest``: paths are pytest's, tests of Tempest are ours."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.tempest import settings
from pytest_whitebox.tempest.selection import Selection


def check(config: pytest.Config) -> None:
    """Raise `StackproofError` where a path was taken for the expression of ``--tempest``."""
    text, source = settings.TESTS.read(config)
    if source == settings.TESTS.option and text != "." and _exists(config, text):
        raise StackproofError(
            f"--tempest {text} names a path where an expression belongs",
            hint=f"write `--tempest=REGEX {text}`, or `{text} --tempest`",
        )


def taken_over(config: pytest.Config, selection: Selection, packages: tuple[str, ...]) -> Selection:
    """The selection with the tests that are named as pytest names them; what is no path is taken from pytest.

    Without paths on the command line Tempest's tests are all there is.
    """
    text, _ = settings.TESTS.read(config)
    if _is_name(text, packages):
        selection = replace(selection, wanted=(expression(text),))
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = []
        return selection
    named = [one for one in config.args if _is_name(one, packages) and not _exists(config, one)]
    if not named:
        return selection
    config.args = [one for one in config.args if one not in named]
    also = selection.wanted if _is_name(text, packages) else ()
    return replace(selection, wanted=(*also, *map(expression, named)))


def expression(nodeid: str) -> re.Pattern[str]:
    """What matches the ids of all tests under a name of pytest.

    >>> bool(expression("tempest/api/test_x.py::X::test_a").search("tempest.api.test_x.X.test_a[id-0a6c]"))
    True
    >>> bool(expression("tempest/api/test_x.py::X::test_a").search("tempest.api.test_x.X.test_ab[id-0a6c]"))
    False
    """
    file, *names = nodeid.split("::")
    dotted = ".".join([file.removesuffix("/").removesuffix(".py").replace("/", "."), *names])
    return re.compile(rf"^{re.escape(dotted)}(?![\w(])")


def _is_name(argument: str, packages: tuple[str, ...]) -> bool:
    return "/" in argument and argument.split("/")[0] in packages


def _exists(config: pytest.Config, argument: str) -> bool:
    # Not Path.exists, which raises for an expression that is too long for a name.
    return os.path.exists(config.invocation_params.dir / argument.partition("::")[0])  # noqa: PTH110
