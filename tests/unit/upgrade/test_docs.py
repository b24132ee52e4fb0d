"""What the documentation tells people to type is there."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_upgrade.cli import parser
from pytest_upgrade.configured.configuration import commands

_ROOT = Path(__file__).parents[3]
_TOLD = re.compile(r"pytest-upgrade((?: [a-z]+(?=[ `|]))+)(?: [^`\n]*?)??((?: --[a-z-]+(?:[= ][^`\s]+)?)*)`")


def told() -> list[tuple[str, list[str]]]:
    """The words of each command in backticks, and its options."""
    pages = [_ROOT / "README.md", *(_ROOT / "docs").glob("*.md")]
    found = [match.groups() for page in pages for match in _TOLD.finditer(page.read_text())]
    return [(words.strip(), re.findall(r"--([a-z-]+)", options)) for words, options in found]


def test_commands_and_options_of_the_documentation_are_those_of_the_program() -> None:
    known = dict(commands(parser()))
    found = told()
    assert len(found) > 20
    for words, options in found:
        verb = tuple(words.split())
        path = next((verb[:count] for count in (2, 1) if verb[:count] in known), None)
        group = any(one[:1] == verb[:1] for one in known)
        assert path or (group and not options), words
        has = {one for action in known[path]._actions for one in action.option_strings} if path else set()
        assert {f"--{one}" for one in options} <= has | {"--phase"}, (words, options)
