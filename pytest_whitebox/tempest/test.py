"""One test of Tempest, as its loader names it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

_UUID = "id-"


@dataclass(frozen=True, slots=True)
class TempestTest:
    """A test: ``id`` is what Tempest and stestr call it, ``line`` where its class or method begins.

    >>> test = TempestTest("tempest.api.test_x", "X", "test_a", "tempest.api.test_x.X.test_a[id-0a6c,smoke]", 7)
    >>> test.full_name, test.name, test.attributes
    ('tempest.api.test_x.X.test_a', 'test_a', ('id-0a6c', 'smoke'))
    """

    module: str
    class_: str
    method: str
    id: str
    line: int

    @property
    def full_name(self) -> str:
        """The dotted name without attributes, with the scenario if there is one."""
        return name_of(self.id)

    @property
    def full_class(self) -> str:
        """The dotted name of its class."""
        return f"{self.module}.{self.class_}"

    @property
    def name(self) -> str:
        """The last part of the name."""
        return self.full_name.removeprefix(f"{self.full_class}.")

    @property
    def attributes(self) -> tuple[str, ...]:
        """What ``@decorators.attr`` and its like say, the uuid with its ``id-`` among them."""
        words = self.id.partition("[")[2].partition("]")[0]
        return tuple(words.split(",")) if words else ()

    @property
    def uuid(self) -> UUID | None:
        """What ``@decorators.idempotent_id`` says."""
        text = uuid_of(self.id)
        return UUID(text) if text else None

    @property
    def words(self) -> tuple[str, ...]:
        """The attributes without the uuid."""
        return tuple(one for one in self.attributes if not one.startswith(_UUID))

    @property
    def file(self) -> str:
        """The module as a path; with it begins the name that pytest has for the test."""
        return self.module.replace(".", "/") + ".py"


def name_of(id: str) -> str:
    """The name in an id, in a line of a list of tests, or in one of Refstack's.

    >>> name_of("tempest.X.test_a[id-0a6c,smoke]"), name_of("tempest.X.test_a[id-0a6c](q1)"), name_of("tempest.X")
    ('tempest.X.test_a', 'tempest.X.test_a(q1)', 'tempest.X')
    """
    name, _, rest = id.partition("[")
    return name + rest.partition("]")[2]


def uuid_of(id: str) -> str:
    """The uuid in an id, nothing if there is none.

    >>> uuid_of("tempest.X.test_a[id-0a6c,smoke]"), uuid_of("tempest.X.test_a")
    ('0a6c', '')
    """
    words = id.partition("[")[2].partition("]")[0].split(",")
    return next((word.removeprefix(_UUID) for word in words if word.startswith(_UUID)), "")
