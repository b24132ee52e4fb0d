"""A canary: a thing that a lane makes in the cloud and takes away again, as data that goes through a pipe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_upgrade.observers.lane import Lane

#: What stands in the texts of a canary for the name and the id of the thing, for the name of the run and its user.
NAME, ID, RUN, USER = "%NAME%", "%ID%", "%RUN%", "%USER%"
#: The same for what a server is made of.
IMAGE, FLAVOR = "%IMAGE%", "%FLAVOR%"


@dataclass(frozen=True, slots=True)
class Canary:
    """How the thing of a lane is looked at by its name, and how it is taken away; all URLs are whole.

    ``rows`` is where the answer to a look has the things of that name; if it is empty, the look is at the thing itself,
    which is there (200) or not (404). ``ready`` is the status in which it can be used and taken away; if it is empty,
    being there is enough. ``beside`` is the URL of what is put once before the first, ``etag`` says that the content
    has to come back as it was sent, ``most`` how many may wait for their ends before no other is made.
    """

    look: str
    remove: str
    rows: str = ""
    ready: str = ""
    removed: tuple[int, ...] = (204,)
    beside: str = ""
    etag: bool = False
    most: int = 10

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Canary:
        """The canary that `dataclasses.asdict` has taken apart."""
        return cls(**{**row, "removed": tuple(row["removed"])})

    def found(self, name: str, status: int, body: bytes) -> list[dict[str, Any]]:
        """The things of a name in the answer to a look; raises `ValueError` if it cannot be read."""
        if not self.rows:
            return [{"id": name, "name": name}] if status == 200 else []
        try:
            return [row for row in json.loads(body)[self.rows] if row["name"] == name]
        except (KeyError, TypeError) as error:
            raise ValueError(f"the answer to a look has no {self.rows}") from error


def filled(lane: Lane, **words: str) -> Lane:
    """The lane with words in the places that its texts keep for them.

    >>> from pytest_upgrade.observers.lane import Lane
    >>> filled(Lane("image", "POST", "/images", "http://a/", "new", 10, body='{"name": "%NAME%"}'), NAME="web").body
    '{"name": "web"}'
    """
    row = asdict(lane)
    for part in (row, row["canary"] or {}):
        for key, text in part.items():
            if isinstance(text, str):
                for word, value in words.items():
                    text = text.replace(f"%{word}%", value)
                part[key] = text
    return type(lane).from_json(row)


def removal(lane: Lane, id: str) -> Lane:
    """The request that takes away what the lane has made."""
    assert lane.canary is not None  # noqa: S101 -- of lanes with a canary only
    canary = lane.canary
    return replace(
        lane, method="DELETE", url=canary.remove.replace(ID, id), statuses=canary.removed, body="", contains=""
    )


def look(lane: Lane) -> Lane:
    """The request that looks for what the lane has made."""
    assert lane.canary is not None  # noqa: S101 -- of lanes with a canary only
    statuses = (200,) if lane.canary.rows else (200, 404)
    return replace(lane, method="GET", url=lane.canary.look, statuses=statuses, body="", contains="")


def beside(lane: Lane) -> Lane:
    """The request that puts what has to be there before the first thing."""
    assert lane.canary is not None  # noqa: S101 -- of lanes with a canary only
    return replace(lane, method="PUT", url=lane.canary.beside, statuses=(201, 202), body="", contains="")
