"""The instances of an API behind HAProxy: each has a name, a port and a configuration file of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instance:
    """One of the instances that an API may have; ``letter`` is HAProxy's name for it.

    >>> [instance.name("nova-api") for instance in INSTANCES]
    ['nova-api', 'nova-api-b']
    >>> [instance.port(18774) for instance in INSTANCES]
    [18774, 28774]
    """

    letter: str
    suffix: str
    offset: int

    def name(self, service: str) -> str:
        """What the supervisor calls this instance of a service."""
        return f"{service}{self.suffix}"

    def port(self, first: int) -> int:
        """Where it listens, if the first instance listens at ``first``."""
        return first + self.offset

    def file(self, path: str) -> str:
        """Its own file, if the first instance has ``path``.

        >>> INSTANCES[1].file("/etc/nova/nova-api-uwsgi.ini")
        '/etc/nova/nova-api-uwsgi-b.ini'
        """
        stem, dot, ending = path.rpartition(".")
        return f"{stem}{self.suffix}{dot}{ending}"


INSTANCES = (Instance("a", "", 0), Instance("b", "-b", 10000))
