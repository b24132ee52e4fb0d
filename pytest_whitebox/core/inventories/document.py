"""A YAML document whose mistakes are told with the place where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_whitebox.core.errors import StackproofError


def parsed(path: Path) -> object:
    """The document; raises `StackproofError` if it is no YAML."""
    import yaml

    try:
        return yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise StackproofError(f"{path} cannot be read: {said}", hint="mend the file") from None


def parsed_or_none(path: Path) -> object:
    """The document, or None if it is no YAML."""
    try:
        return parsed(path)
    except StackproofError:
        return None


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of a document, and where it stands there."""

    values: Mapping[str, Any]
    place: str

    @classmethod
    def of(cls, value: object, place: str) -> Section:
        """The section; an empty one if nothing is given."""
        if value is None:
            return cls({}, place)
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise StackproofError(f"{place} is no mapping", hint="see the page on inventories for an example")
        return cls(value, place)

    def section(self, key: str) -> Section:
        """The mapping under a key."""
        return Section.of(self.values.get(key), f"{self.place}, {key}")

    def sections(self) -> Mapping[str, Section]:
        """The mapping under each key."""
        return {key: self.section(key) for key in self.values}

    def text(self, key: str) -> str:
        """The text, or number, under a key; empty if there is none."""
        value = self.values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise StackproofError(f"{self.place}: {key} is no text", hint="write one word there")
        return "" if value is None else str(value)

    def number(self, key: str) -> int:
        """The number under a key; 0 if there is none."""
        value = self.values.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int):
            raise StackproofError(f"{self.place}: {key} is no number", hint="write digits there")
        return value

    def flag(self, key: str) -> bool:
        """True or false under a key; false if there is none."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise StackproofError(f"{self.place}: {key} is neither true nor false", hint="write one of them there")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """The list of words under a key."""
        value = self.values.get(key) or []
        if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
            raise StackproofError(f"{self.place}: {key} is no list of words", hint="write [one, another] there")
        return tuple(value)

    def check(self, *known: str) -> None:
        """Raise `StackproofError` for a key that means nothing here."""
        if strange := sorted(set(self.values) - set(known)):
            raise StackproofError(
                f"{self.place}: {strange[0]!r} means nothing here", hint=f"choose from {', '.join(sorted(known))}"
            )
