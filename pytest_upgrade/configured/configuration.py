"""One file for all options of pytest's phases and of the command line: ``upgrade.toml``."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pytest_whitebox.core.errors import StackproofError

NAME = "upgrade.toml"
OPTION, VARIABLE = "--upgrade-config", "UPGRADE_CONFIG"
#: The table that is the configuration of the deployer, which knows its own keys.
DEPLOYER = "deployer"
#: What stands in a file stands for a path below the file's own folder.
_PATHS = ("FILE", "FOLDER")
#: What is not put on any command line, for it may have a password in it.
_READ_LATER = ("--upgrade-store",)
#: The arguments without an option that may stand in a file.
_POSITIONAL = ("pytest",)


class Misconfigured(StackproofError):
    """A key or a value of the file is wrong."""

    exit_code = 4


@dataclass(frozen=True)
class Configuration:
    """What a file says; nothing if there is none."""

    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = field(default="", repr=False)

    @classmethod
    def near(cls, start: Path, given: str = "") -> Configuration:
        """That of the file which was given, or of the nearest `NAME` from a folder upwards; raises `Misconfigured`."""
        if given:
            return cls.read(Path(given))
        found = (place / NAME for place in (start, *start.parents) if (place / NAME).is_file())
        file = next(found, None)
        return cls() if file is None else cls.read(file)

    @classmethod
    def read(cls, file: Path) -> Configuration:
        """Read a file; its keys are not looked at yet."""
        try:
            text = file.read_text()
            return cls(file.absolute(), tomllib.loads(text), text)
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            raise Misconfigured(f"{file} cannot be read: {said}", hint="it is TOML, see docs/upgrade.md") from None

    def where(self, *path: str) -> str:
        """The file, and the line in which a key stands."""
        return f"{self.file}, line {line_of(self.text, path)}"

    def given(self, option: str, metavar: str | None) -> str:
        """What stands for an option without a table, as one would write it on a command line; empty if nothing does."""
        name = option.removeprefix("--")
        return self._as_text(self.values[name], metavar, name) if name in self.values else ""

    def table(self, *path: str) -> Mapping[str, Any]:
        """A table; empty if it is not there."""
        found: Any = self.values
        for name in path:
            found = found.get(name, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) else {}

    def words(self, name: str, action: argparse.Action, path: tuple[str, ...]) -> list[str]:
        """An argument as the words of a command line."""
        value = self.table(*path)[name]
        if isinstance(action, argparse._StoreTrueAction):
            if not isinstance(value, bool):
                raise self._wrong((*path, name), f"{name} is true or false")
            return [f"--{name}"] if value else []
        many = value if isinstance(value, list) else [value]
        if len(many) != 1 and action.nargs is None and not isinstance(action, argparse._AppendAction):
            raise self._wrong((*path, name), f"{name} is one value and no list")
        metavar = action.metavar if isinstance(action.metavar, str) else None
        texts = [self._as_text(one, metavar, *path, name) for one in many]
        return texts if not action.option_strings else [f"--{name}={text}" for text in texts]

    def _as_text(self, value: Any, metavar: str | None, *path: str) -> str:
        match value:
            case bool():
                return "yes" if value else "no"
            case int() | float():
                return str(value)
            case str():
                is_path = metavar in _PATHS and self.file is not None and value != "-"
                return str(self.file.parent / value) if is_path and self.file else value
            case dict():
                return ",".join(f"{name}={self._as_text(one, None, *path)}" for name, one in value.items())
        raise self._wrong(path, f"{path[-1]} is no text and no number")

    def _wrong(self, path: Sequence[str], why: str, hint: str = "see docs/upgrade.md") -> Misconfigured:
        return Misconfigured(f"{self.where(*path)}: {why}", hint=hint)

    def check(self, schema: Mapping[tuple[str, ...], frozenset[str]]) -> None:
        """Raise `Misconfigured` for a key that is none, with the one that is nearest to it."""
        for path, name in _keys(self.values, schema):
            below = {one[len(path)] for one in schema if one[: len(path)] == path != one}
            known = sorted({*schema.get(path, ()), *below})
            if name not in known:
                near = get_close_matches(name, known, 1, 0.5)
                hint = f"`{near[0]}` is nearest" if near else f"there are {', '.join(known)}"
                table = f" in [{_dotted(path)}]" if path else ""
                raise self._wrong((*path, name), f"there is no {name!r}{table}", hint)


def schema(top: argparse.ArgumentParser, settings: Sequence[str]) -> dict[tuple[str, ...], frozenset[str]]:
    """The keys of each table: the options of each command, and those that pytest has as well without a table."""
    found = {path: frozenset(_arguments(parser)) for path, parser in commands(top)}
    shared = [name for names in found.values() for name in names if name == "os-cloud" or name.startswith("upgrade-")]
    found[()] = frozenset({*(one.removeprefix("--") for one in settings), *shared, DEPLOYER})
    return found


def commands(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command that does something, by its words."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield path, parser
    for action in below:
        for name, more in action.choices.items():
            yield from commands(more, (*path, name))


def completed(
    words: Sequence[str], parser: argparse.ArgumentParser, found: Configuration, environ: Mapping[str, str],
    variables: Mapping[str, str],
) -> list[str]:  # fmt: skip
    """The words of a command line, and what the file says of its command and the words do not.

    ``variables`` are those that count more than a file, by their options.
    """
    chosen = next(((path, made) for path, made in commands(parser) if tuple(words[: len(path)]) == path), None)
    if chosen is None or not found.values or {"-h", "--help"} & {*words}:
        return list(words)
    path, made = chosen
    own = _arguments(made)
    before = words[: words.index("--")] if "--" in words else words
    given = {word.partition("=")[0] for word in before} | {*_READ_LATER}
    given |= {option for option, variable in variables.items() if environ.get(variable)}
    options: list[str] = []
    arguments: list[str] = []
    for table in ((), path):
        for name in found.table(*table):
            if name not in own or f"--{name}" in given or (table, name) == ((), DEPLOYER):
                continue
            if own[name].option_strings:
                options += found.words(name, own[name], table)
            elif "--" not in words:
                arguments = ["--", *found.words(name, own[name], table)]
    return [*path, *options, *words[len(path) :], *arguments]


def line_of(text: str, path: Sequence[str]) -> int:
    """The line of a key, or of the nearest thing around it, the first being 1.

    >>> line_of('upgrade-to = "2026.1"\\n[run]\\nservice = ["nova"]', ["run", "service"])
    3
    """
    nearest, table = 1, tuple[str, ...]()
    wanted = tuple(path)
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[\[?([^\]]+)\]\]?", line):
            table = tuple(part.strip(" \"'") for part in found[1].split("."))
            if wanted == table:
                return number
            nearest = number if wanted[: len(table)] == table else nearest
        elif found := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            here = (*table, *(part.strip("\"'") for part in found[1].split(".")))
            if here == wanted:
                return number
            nearest = number if wanted[: len(here)] == here else nearest
    return nearest


def _arguments(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    named = {
        option.removeprefix("--"): action
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and option not in ("--help", OPTION)
    }
    return named | {action.dest: action for action in parser._actions if action.dest in _POSITIONAL}


def _keys(
    values: Mapping[str, Any], schema: Mapping[tuple[str, ...], frozenset[str]], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in values.items():
        yield path, name
        below = (*path, name)
        if isinstance(value, dict) and any(one[: len(below)] == below for one in schema):
            yield from _keys(value, schema, below)


def _dotted(path: Sequence[str]) -> str:
    return ".".join(path)
