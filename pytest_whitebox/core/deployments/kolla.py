"""How the containers of Kolla's images get their configuration: copied in at each start, as a file of JSON says.

Kolla, TripleO and EDPM all run these images. What is changed inside a container is lost at its next start, so the
files that count are those of the host that are copied.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import basename, dirname

from pytest_whitebox.core.errors import StackproofError


@dataclass(frozen=True, slots=True)
class Copy:
    """What is copied at the start of a container: a path or pattern of the host, and where it gets to inside."""

    source: str
    inside: str

    def origin(self, pattern: str) -> str | None:
        """The pattern of the host whose files become those of ``pattern`` in the container; None if it has no part.

        >>> Copy("/etc/kolla/nova-compute/nova.conf", "/etc/nova/nova.conf").origin("/etc/nova/nova.conf")
        '/etc/kolla/nova-compute/nova.conf'
        >>> Copy("/var/lib/openstack/nova/*nova*.conf", "/etc/nova/nova.conf.d/").origin("/etc/nova/nova.conf.d/*.conf")
        '/var/lib/openstack/nova/*nova*.conf'
        >>> Copy("/var/lib/config-data/puppet-generated/nova/*", "/").origin("/etc/nova/nova.conf")
        '/var/lib/config-data/puppet-generated/nova/etc/nova/nova.conf'
        """
        if self.inside == pattern:
            return self.source
        if self.inside == "/" and basename(self.source) == "*":
            return f"{dirname(self.source)}{pattern}"
        if self.inside == f"{dirname(pattern)}/" and _overlap(basename(self.source), basename(pattern)):
            return self.source
        return None


def _overlap(source: str, pattern: str) -> bool:
    """One name, or one pattern, fits the other; two patterns do if they end alike."""
    if fnmatchcase(source, pattern) or fnmatchcase(pattern, source):
        return True
    return "*" in source and "*" in pattern and source.rpartition("*")[2] == pattern.rpartition("*")[2]


@dataclass(frozen=True, slots=True)
class Description:
    """What ``config.json`` says of a container: its command, and what is copied before that starts."""

    command: tuple[str, ...]
    copies: tuple[Copy, ...]

    @classmethod
    def from_json(cls, text: bytes, mounts: Mapping[str, str], path: str) -> Description:
        """Parse it; ``mounts`` are the folders of the container that are folders of the host.

        >>> text = b'{"command": "nova-compute", "config_files": [{"source": "/src/a.conf", "dest": "/etc/a.conf"}]}'
        >>> Description.from_json(text, {"/src": "/etc/kolla/a"}, "config.json").copies
        (Copy(source='/etc/kolla/a/a.conf', inside='/etc/a.conf'),)
        """
        try:
            said = json.loads(text)
            command = said["command"]
            words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
            copies = [(str(one["source"]), str(one["dest"])) for one in said.get("config_files", ())]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StackproofError(
                f"{path} does not describe a container of Kolla: {error!r}", hint="compare it with Kolla's config.json"
            ) from None
        found = ((_on_host(source, mounts), dest) for source, dest in copies)
        return cls(tuple(words), tuple(Copy(source, dest) for source, dest in found if source))

    def origins(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """The patterns of the host behind these patterns of the container, in the same order."""
        found = (one.origin(pattern) for pattern in patterns for one in self.copies)
        return tuple(dict.fromkeys(filter(None, found)))


def _on_host(source: str, mounts: Mapping[str, str]) -> str | None:
    for inside, outside in mounts.items():
        if source.startswith(f"{inside}/"):
            return outside + source.removeprefix(inside)
    return None
