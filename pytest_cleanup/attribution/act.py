"""What a test did to the cloud: one line of a file for each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

#: The verbs of an act. ``began`` and ``ended`` are about the test itself, the others about something in the cloud.
BEGAN, ENDED, MADE, CHANGED, DELETED = "began", "ended", "made", "changed", "deleted"


@dataclass(frozen=True, slots=True)
class Act:
    """A request that made, changed or deleted something, or a test that began or ended.

    ``at`` in seconds since 1970; ``phase`` is ``setup``, ``call`` or ``teardown``; ``fixture`` the innermost that was
    being set up, and ``scope`` how long what it makes may live. ``status`` is what the service answered, ``said`` why
    it refused. ``request_id`` is what the service calls the request, ``test_id`` the one id of all the test's requests.
    """

    verb: str
    at: float
    nodeid: str
    phase: str = ""
    worker: str = ""
    fixture: str = ""
    scope: str = "function"
    kind: str = ""
    id: str = ""
    name: str = ""
    project: str = ""
    user: str = ""
    status: int = 0
    said: str = ""
    request_id: str = ""
    test_id: str = ""

    @property
    def line(self) -> str:
        """The act as a line of a file; what is as by default is left out.

        >>> Act("made", 5.0, "test_a.py::test_it", kind="flavor", id="7").line
        '{"verb": "made", "at": 5.0, "nodeid": "test_a.py::test_it", "kind": "flavor", "id": "7"}'
        """
        told = asdict(self)
        return json.dumps({key: value for key, value in told.items() if key in _ALWAYS or value != _DEFAULTS[key]})

    @classmethod
    def from_line(cls, line: str) -> Act | None:
        """Parse a line; None for one that was cut off, as the last of a process that was killed may be.

        >>> Act.from_line('{"verb": "began", "at": 1.5, "nodeid": "test_a.py::test_it"}').at
        1.5
        >>> Act.from_line('{"verb": "began", "at": 1.5, "no') is None
        True
        """
        try:
            told = json.loads(line)
            return cls(**{key: value for key, value in told.items() if key in _NAMES})
        except (ValueError, TypeError, AttributeError):
            return None


_ALWAYS = ("verb", "at", "nodeid")
_NAMES = frozenset(one.name for one in fields(Act))
_DEFAULTS = {one.name: one.default for one in fields(Act)}
