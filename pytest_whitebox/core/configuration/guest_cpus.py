"""The CPUs of a compute host that Nova gives to its guests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_whitebox.core.configuration.config import Config
from pytest_whitebox.core.configuration.inifile import Changes
from pytest_whitebox.core.cpuset import format_cpus, parse_cpus

_GROUP, _DEDICATED, _SHARED = "compute", "cpu_dedicated_set", "cpu_shared_set"


@dataclass(frozen=True, slots=True)
class GuestCpus:
    """Host CPUs for guests: ``dedicated`` are each pinned to one vCPU, all others float on ``shared``.

    >>> GuestCpus.split([0, 1, 2], dedicated=2)
    GuestCpus(dedicated=frozenset({0, 1}), shared=frozenset({2}))
    """

    dedicated: frozenset[int] = frozenset()
    shared: frozenset[int] = frozenset()

    @classmethod
    def split(cls, cpus: Iterable[int], *, dedicated: int) -> GuestCpus:
        """The first CPUs dedicated, the others shared."""
        ordered = sorted(cpus)
        return cls(frozenset(ordered[:dedicated]), frozenset(ordered[dedicated:]))

    @classmethod
    def of(cls, config: Config) -> GuestCpus:
        """What a configuration of nova-compute gives to guests.

        >>> GuestCpus.of(Config.from_files({"nova.conf": b"[compute]\\ncpu_dedicated_set = 2-3\\n"}))
        GuestCpus(dedicated=frozenset({2, 3}), shared=frozenset())
        """
        dedicated, shared = (parse_cpus(config.get(_GROUP, name) or "") for name in (_DEDICATED, _SHARED))
        return cls(dedicated, shared)

    @property
    def options(self) -> Changes:
        """The options of nova-compute that say so, for ``set_config``.

        >>> GuestCpus(frozenset({0, 1})).options
        {('compute', 'cpu_dedicated_set'): '0-1', ('compute', 'cpu_shared_set'): None}
        """
        sets = {_DEDICATED: self.dedicated, _SHARED: self.shared}
        return {(_GROUP, name): format_cpus(cpus) or None for name, cpus in sets.items()}
