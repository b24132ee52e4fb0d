from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.setting import Setting, boolean

TIMEOUT = Setting("--boot-timeout", "BOOT_TIMEOUT", "boot_timeout", 60.0, "seconds to boot", convert=float)
QUIET = Setting("--quiet-boot", "", "", False, "say nothing", convert=boolean)
COLOUR = Setting("--colour", "COLOUR", "", "red", "the colour", convert=str, choices=("red", "blue"))


class Line:
    """A command line without pytest: argparse for the options, a mapping for the keys."""

    def __init__(self, *words: str, **keys: str) -> None:
        self.parser, self.words, self.keys, self.declared = argparse.ArgumentParser(), words, keys, dict[str, Any]()

    def addoption(self, *names: str, **attributes: Any) -> None:
        self.parser.add_argument(*names, **attributes)

    def addini(self, name: str, help: str, type: Any = None, default: Any = None) -> None:
        self.declared[name] = default

    def getoption(self, name: str, default: Any = None) -> Any:
        return getattr(self.parser.parse_args(self.words), name, default)

    def getini(self, name: str) -> Any:
        return self.keys.get(name, self.declared[name])


def _read(setting: Setting[Any], line: Line, environ: Mapping[str, str]) -> tuple[Any, str]:
    setting.register(line, line)
    return setting.read(line, environ)


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        (Line("--boot-timeout", "1", boot_timeout="3"), {"BOOT_TIMEOUT": "2"}, (1.0, "--boot-timeout")),
        (Line(boot_timeout="3"), {"BOOT_TIMEOUT": "2"}, (2.0, "$BOOT_TIMEOUT")),
        (Line(boot_timeout="3"), {"BOOT_TIMEOUT": ""}, (3.0, "ini boot_timeout")),
        (Line(), {}, (60.0, "default")),
    ],
)
def test_option_environment_ini_default_in_this_order(
    line: Line, environ: Mapping[str, str], expected: tuple[float, str]
) -> None:
    assert _read(TIMEOUT, line, environ) == expected


def test_a_yes_or_no_takes_no_argument() -> None:
    assert _read(QUIET, Line("--quiet-boot"), {}) == (True, "--quiet-boot")
    assert _read(QUIET, Line(), {}) == (False, "default")


@pytest.mark.parametrize(
    ("setting", "environ", "sentence"),
    [
        (TIMEOUT, {"BOOT_TIMEOUT": "soon"}, "$BOOT_TIMEOUT is wrong: could not convert string to float: 'soon'"),
        (COLOUR, {"COLOUR": "green"}, "$COLOUR is wrong: 'green' is none of red, blue"),
    ],
)
def test_nonsense_names_where_it_stands(setting: Setting[Any], environ: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(StackproofError) as caught:
        _read(setting, Line(), environ)
    assert str(caught.value) == sentence
    assert setting.help in caught.value.hint
