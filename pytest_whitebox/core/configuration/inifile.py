"""Edits of an oslo.config file that leave every other byte as it is."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_whitebox.core.configuration.config import Config, normalized
from pytest_whitebox.core.errors import StackproofError

#: What an option is to have: its values (several for one that may be given several times), or None to have it not set.
Changes = Mapping[tuple[str, str], "str | int | float | Sequence[str] | None"]


@dataclass(frozen=True, slots=True)
class _Span:
    """Lines ``start`` to ``end`` (not included) hold a section's header (no name) or an assignment."""

    section: str
    name: str
    start: int
    end: int


def edited(data: bytes, changes: Changes) -> bytes:
    """The file with each option of ``changes`` having exactly the values given.

    Values go where the option stood last, else to the end of its section, else into a new section at the end.

    >>> print(edited(b"# mine\\n[a]\\nx = 1\\n\\n[b]\\ny = 2\\n", {("a", "z"): "3", ("b", "y"): None}).decode(), end="")
    # mine
    [a]
    x = 1
    z = 3
    <BLANKLINE>
    [b]
    """
    for (section, name), value in changes.items():
        values = as_values(value)
        _check_names(section, name)
        if any(not line.strip() for one in values for line in one.split("\n")[1:]):
            raise StackproofError(
                f"a value for [{section}] {name} cannot be written: it has an empty line, which would end it",
                hint="give it without empty lines",
            )
        data = _edited(data, section, name, values)
        if Config.from_files({"the edited file": data}).get_all(section, name) != values:
            raise StackproofError(
                f"a value for [{section}] {name} cannot be written so that oslo.config reads it back",
                hint="give each of its lines without blanks around it, and no backslash before a $",
            )
    return data


def as_values(value: str | int | float | Sequence[str] | None) -> tuple[str, ...]:
    """The values that an option is to have, as text.

    >>> as_values(None), as_values(True), as_values("a b"), as_values(["x", "y"])
    ((), ('True',), ('a b',), ('x', 'y'))
    """
    if value is None:
        return ()
    return (str(value),) if isinstance(value, str | int | float) else tuple(str(one) for one in value)


def _edited(data: bytes, section: str, name: str, values: Sequence[str]) -> bytes:
    lines = io.StringIO(data.decode(errors="surrogateescape"), newline="").readlines()
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    spans = [span for span in _spans(lines) if span.section == normalized(section)]
    old = [span for span in spans if span.name == name]
    new = [_rendered(name, value, end) for value in values]
    where = old[-1].end if old else spans[-1].end if spans else len(lines)
    if new and not spans:
        new = [*([end] if lines else []), f"[{section}]{end}", *new]
    if new and where and not lines[where - 1].endswith(("\n", "\r")):
        lines[where - 1] += end
    lines[where:where] = new
    for span in reversed(old):
        del lines[span.start : span.end]
    return "".join(lines).encode(errors="surrogateescape")


def _spans(lines: Sequence[str]) -> Iterator[_Span]:
    """Follows oslo.config's parser: an indented line goes on with a value, a blank line or a comment ends it."""
    section, start, name = "", 0, ""
    for number, line in enumerate([*lines, "\n"]):
        text = line.rstrip()
        if name and text.startswith((" ", "\t")):
            continue
        if name:
            yield _Span(section, name, start, number)
            name = ""
        if text.startswith("["):
            section = normalized(text[1:-1])
            yield _Span(section, "", number, number + 1)
        elif text and not text.startswith(("#", ";")):
            start, name = number, _name(text)


def _name(text: str) -> str:
    ends = [place for place in (text.find("="), text.find(":")) if place >= 0]
    return text[: min(ends, default=len(text))].strip()


def _rendered(name: str, value: str, end: str) -> str:
    outer = value[:1] if value[:1] in {'"', "'"} and value[-1:] == value[:1] else ""
    # What looks like a reference to another option is meant as it is.
    plain = value.replace("$", "$$")
    quoted = f'"{plain}"' if outer or plain != plain.strip() else plain
    first, *more = quoted.split("\n")
    return "".join([f"{name} = {first}".rstrip(" ") + end, *(f"    {line}{end}" for line in more)])


def _check_names(section: str, name: str) -> None:
    """Two mistakes that oslo.config passes over in silence."""
    if "-" in name:
        raise StackproofError(
            f"oslo.config ignores the option {name!r}: in a file it has underscores",
            hint=f"write {name.replace('-', '_')!r}",
        )
    if section != "DEFAULT" and section.upper() == "DEFAULT":
        raise StackproofError(f"oslo.config ignores the section {section!r}", hint="write 'DEFAULT'")
