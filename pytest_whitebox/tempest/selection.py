"""Which of Tempest's tests are wanted, in the words and the file formats of `tempest run`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.setting import Settings
from pytest_whitebox.tempest import settings
from pytest_whitebox.tempest.interop import Interop
from pytest_whitebox.tempest.test import name_of


@dataclass(frozen=True, slots=True)
class Selection:
    """Tests of which an id matches one of ``wanted`` (none: any) and none of ``unwanted``.

    With ``names`` only these, with ``interop`` only those that prove one of its capabilities; ``source`` says where
    the names are from.
    """

    wanted: tuple[re.Pattern[str], ...] = ()
    unwanted: tuple[re.Pattern[str], ...] = ()
    names: frozenset[str] | None = None
    source: str = ""
    interop: Interop | None = None

    @classmethod
    def from_settings(cls, given: Settings, folder: Path) -> Selection | None:
        """What the user asks for, None if that is nothing of Tempest; files are looked for in ``folder``.

        Raises `StackproofError` for a file that cannot be read or an expression that is none.
        """
        regex, source = settings.TESTS.read(given)
        include, included = settings.INCLUDE_LIST.read(given)
        load, loaded = settings.LOAD_LIST.read(given)
        interop = Interop.from_settings(given, folder)
        if not (regex or include or load or interop):
            return None
        if include and regex == settings.TESTS.const:
            regex = ""
        wanted = [*_compiled(regex.split(), source), *_expressions(folder, include, included)]
        exclude, excluded = settings.EXCLUDE.read(given)
        unwanted = [
            *_compiled([exclude] if exclude else [], excluded),
            *_expressions(folder, *settings.EXCLUDE_LIST.read(given)),
        ]
        names = frozenset(map(name_of, _lines(folder, load, loaded))) if load else None
        return cls(tuple(wanted), tuple(unwanted), names, load, interop)

    def takes(self, id: str) -> bool:
        """True if the test is wanted.

        >>> Selection(wanted=(re.compile("smoke"),)).takes("tempest.X.test_a[id-0a6c,smoke]")
        True
        >>> Selection(unwanted=(re.compile("smoke"),)).takes("tempest.X.test_a[id-0a6c,smoke]")
        False
        >>> Selection(names=frozenset({"tempest.X.test_b"})).takes("tempest.X.test_a[id-0a6c,smoke]")
        False
        """
        if self.names is not None and name_of(id) not in self.names:
            return False
        if self.interop is not None and not self.interop.takes(id):
            return False
        if self.wanted and not any(one.search(id) for one in self.wanted):
            return False
        return not any(one.search(id) for one in self.unwanted)

    def lacking(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """The names asked for that no test has, in order, by who asks for them."""
        known = list(ids)
        by_list = sorted((self.names or frozenset()) - set(map(name_of, known)))
        by_guideline = self.interop.lacking(known) if self.interop else []
        asked = (
            (self.source, by_list),
            (f"guideline {self.interop.guideline.id}" if self.interop else "", by_guideline),
        )
        return {source: names for source, names in asked if names}


def _expressions(folder: Path, file: str, source: str) -> Iterator[re.Pattern[str]]:
    """An expression on each line, and a comment after a number sign, as in stestr."""
    if file:
        lines = (line.partition("#")[0].strip() for line in _lines(folder, file, source))
        yield from _compiled([line for line in lines if line], f"{source} {file}")


def _lines(folder: Path, file: str, source: str) -> list[str]:
    try:
        text = (folder / Path(file).expanduser()).read_text()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise StackproofError(f"{source} names {file}, which cannot be read: {why}", hint="correct the path") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _compiled(expressions: Iterable[str], source: str) -> Iterator[re.Pattern[str]]:
    for text in expressions:
        try:
            yield re.compile(text)
        except re.error as error:
            hint = "write a regular expression of Python"
            raise StackproofError(f"{source} has {text!r}, which is no expression: {error}", hint=hint) from None
