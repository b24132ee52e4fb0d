"""Stackproof's own files, wherever they are: in a checkout, in an installed wheel, or in the stand-alone worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from pytest_whitebox.core.errors import StackproofError

#: What of Stackproof lies beside each Tempest: its plugin, what tells of the run, and what writes down what it makes.
THIN = ("pytest_whitebox", "pytest_cleanup", "tcup/__init__.py", "tcup/inside/__init__.py", "tcup/inside/watching.py")


def sources(wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The files of packages, or single ones of theirs, each with its name from the package on.

    Raises `StackproofError` for a package that is not there.

    >>> [name for name, _ in sources(["tcup/inside/watching.py"])]
    ['tcup/inside/watching.py']
    """
    for one in wanted:
        package, _, rest = one.partition("/")
        try:
            top = files(package)
        except ModuleNotFoundError:
            hint = "install stackproof, or run it from a checkout"
            raise StackproofError(f"{package} is not beside this worker", hint=hint) from None
        yield from _below(top.joinpath(rest) if rest else top, one)


def _below(place: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    if place.is_file():
        yield name, place.read_bytes()
        return
    for one in sorted(place.iterdir(), key=lambda one: one.name):
        if one.name != "__pycache__":
            yield from _below(one, f"{name}/{one.name}")
