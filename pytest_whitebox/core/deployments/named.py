"""A service under the name that a kind of deployment has for it, and the files of a host behind patterns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_whitebox.core.transports import Transport

#: Prints what exists; a pattern is not split at its spaces, and the names behind it are in the order of their bytes.
_EXISTING = """
LC_ALL=C
IFS=
for pattern; do
    for path in $pattern; do
        [ ! -e "$path" ] || printf "%s\\n" "$path"
    done
done
"""


@dataclass(frozen=True, slots=True)
class Named:
    """``service`` is OpenStack's name (nova-compute), ``name`` the kind's own (n-cpu)."""

    service: str
    name: str

    @property
    def project(self) -> str:
        """The project: the first word of OpenStack's name.

        >>> Named("nova-compute", "n-cpu").project
        'nova'
        """
        return self.service.partition("-")[0]

    def fill(self, pattern: str, **words: str) -> str:
        """The pattern with the names in it.

        >>> Named("nova-compute", "n-cpu").fill("/var/log/{project}/{service}.log {name} {container}")
        '/var/log/nova/nova-compute.log n-cpu n_cpu'
        """
        container = self.name.replace("-", "_")
        return pattern.format(
            service=self.service, name=self.name, container=container, project=self.project, **words
        )  # fmt: skip


def existing(transport: Transport, patterns: Iterable[str]) -> tuple[str, ...]:
    """The files of a host behind shell patterns, in the order of the patterns; one that is there twice is where it
    comes last.
    """
    found = transport.run(["sh", "-c", _EXISTING, "sh", *patterns]).stdout.splitlines()
    return tuple(reversed(dict.fromkeys(reversed(found))))
