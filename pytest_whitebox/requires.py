"""The marker ``requires``: what the cloud must have for a test to make sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_whitebox.needs import VALUES, known, need

if TYPE_CHECKING:
    from pytest_whitebox.facts import Facts


@dataclass(frozen=True, slots=True)
class Requires:
    """``@pytest.mark.requires("libvirt", "tpm", computes=2)``; the words are in `pytest_whitebox.needs`."""

    usage: ClassVar[str] = "requires(*needs, **values): skip the test unless the cloud has all of it"

    needs: tuple[str, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def from_mark(cls, mark: pytest.Mark) -> Requires:
        """What a marker says; raises `pytest.Collector.CollectError` for what it cannot say."""
        if unknown := [word for word in mark.args if not isinstance(word, str) or need(word) is None]:
            raise _misused(f"{unknown[0]!r} is none of {known()}")
        if strange := sorted(set(mark.kwargs) - set(VALUES)):
            raise _misused(f"it knows no {strange[0]!r}, but {', '.join(VALUES)}")
        for name, value in mark.kwargs.items():
            _check(name, value)
        if not mark.args and not mark.kwargs:
            raise _misused("it requires nothing")
        return cls(mark.args, tuple(mark.kwargs.items()))

    def missing(self, facts: Facts) -> Iterator[str]:
        """A sentence with its next step for each thing that the cloud does not have."""
        told = (found.missing(facts, None) for word in self.needs if (found := need(word)))
        counted = (VALUES[name].missing(facts, value) for name, value in self.values)
        yield from filter(None, (*told, *counted))


def _check(name: str, value: Any) -> None:
    check = VALUES[name].check
    try:
        if check is not None:
            check(value)
    except ValueError as error:
        raise _misused(f"{name} {error}") from None


def _misused(why: str) -> Exception:
    return pytest.Collector.CollectError(f"@pytest.mark.{Requires.usage.partition(':')[0]}: {why}")
