"""What every kind has to do: inherit the class, give it fixtures for the kind and for a cloud that has one."""

# ruff: noqa: S101

from __future__ import annotations

import re

from pytest_cleanup.kind import Kind
from pytest_cleanup.resource import Resource
from pytest_cleanup.view import View


class KindContract:
    """The tests; they need fixtures ``kind`` and ``view``, of a cloud whose one resource of the kind may be deleted."""

    def test_it_has_a_name_and_a_service(self, kind: Kind) -> None:
        """Both are words that a user can type."""
        assert isinstance(kind, Kind)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", kind.name)
        assert re.fullmatch(r"[a-z][a-z-]*", kind.service)

    def test_it_lists_what_is_there(self, kind: Kind, view: View) -> None:
        """Each once, with its kind's name, and each time the same."""
        assert kind.here(view)
        found = list(kind.listing(view.fresh()))
        assert found
        assert {one.kind for one in found} == {kind.name}
        assert len({one.key for one in found}) == len(found)
        assert found == list(kind.listing(view.fresh()))

    def test_what_it_lists_survives_a_file(self, kind: Kind, view: View) -> None:
        """A snapshot says all again."""
        (found, *_) = kind.listing(view.fresh())
        assert Resource.from_json(found.as_json()) == found

    def test_it_tells_what_is_left(self, kind: Kind, view: View) -> None:
        """What is there is, and what never was is not, one by one and many at a time."""
        (found, *_) = kind.listing(view.fresh())
        never = Resource(kind.name, f"{found.id}0")
        assert set(kind.left(view, [found])) == {found.id}
        assert set(kind.left(view, [found, never])) == {found.id}
        assert set(kind.left(view, [found, never, never, never])) == {found.id}

    def test_what_it_deletes_goes(self, kind: Kind, view: View) -> None:
        """It is not listed any more, and deleting it again is no error."""
        (found, *_) = kind.listing(view.fresh())
        if not kind.leaks:
            return
        kind.delete(view, found)
        kind.delete(view, found)
        assert dict(kind.left(view, [found])) == {}
        assert found.key not in {one.key for one in kind.listing(view.fresh())}
