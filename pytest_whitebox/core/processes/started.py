"""What a process was started with, as its kernel tells: the best evidence of which configuration it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType

from pytest_whitebox.core.transports import FileMissing, Transport

#: What Neutron makes of its command lines: ``neutron-server: rpc worker (/usr/bin/python3 /usr/bin/neutron-server …)``,
#: and without a colon for a process that is no worker.
_TITLE = re.compile(r"^[\w.-]+(?:: .*)? \((.+)\)$")
_PYTHON = re.compile(r"^python[\d.]*$")


@dataclass(frozen=True, slots=True)
class Given:
    """A file that a process was told to read, or a folder whose ``*.conf`` it reads."""

    path: str
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A command line and an environment; the latter holds secrets, so it is in no text.

    A process ``sees_host`` if its files are those of the host, as they are not in a container.

    >>> started = Started(("python3", "/bin/nova-compute", "--config-file=/etc/nova/nova.conf", "--config-dir", "/d"))
    >>> started.program, started.given
    ('nova-compute', (Given(path='/etc/nova/nova.conf', is_folder=False), Given(path='/d', is_folder=True)))
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    sees_host: bool = True

    @classmethod
    def from_proc(cls, cmdline: bytes, environ: bytes, *, sees_host: bool = True) -> Started:
        """Parse ``/proc/PID/cmdline`` and ``/proc/PID/environ``.

        >>> Started.from_proc(b"n: worker (/bin/n --config-file /a)\\0", b"OS_DEFAULT__DEBUG=1\\0").arguments
        ('/bin/n', '--config-file', '/a')
        >>> Started.from_proc(b"agent (/bin/agent --config-file /a)\\0", b"").program
        'agent'
        """
        words = tuple(cmdline.decode(errors="surrogateescape").rstrip("\0").split("\0"))
        if len(words) == 1 and (title := _TITLE.match(words[0])):
            words = tuple(title[1].split())
        pairs = (one.partition("=") for one in environ.decode(errors="surrogateescape").split("\0"))
        variables = {name: value for name, equals, value in pairs if equals}
        return cls(words, MappingProxyType(variables), sees_host)

    @property
    def program(self) -> str:
        """Its name as oslo.config knows it."""
        names = [PurePosixPath(word).name for word in self.arguments]
        script = names[1] if len(names) > 1 and _PYTHON.match(names[0]) else names[0]
        return script.removesuffix(".py")

    @property
    def given(self) -> tuple[Given, ...]:
        """The configuration files and folders on its command line, in their order."""
        return tuple(self._given())

    def _given(self) -> Iterator[Given]:
        rest = iter(self.arguments)
        for word in rest:
            name, equals, value = word.partition("=")
            if name in ("--config-file", "--config-dir"):
                path = value if equals else next(rest, "")
                yield Given(path, is_folder=name == "--config-dir")


def started_with(transport: Transport, pid: int | None) -> Started | None:
    """What the process of that number was started with; None if there is none."""
    if not pid:
        return None
    folder = f"/proc/{pid}"
    try:
        cmdline, environ = transport.read(f"{folder}/cmdline"), transport.read(f"{folder}/environ")
    except FileMissing:
        return None
    roots = transport.run(["stat", "-L", "-c", "%d:%i", "--", f"{folder}/root/", "/"], check=False).stdout.split()
    return Started.from_proc(cmdline, environ, sees_host=len(set(roots)) == 1)
