"""How the containers of a kind of deployment are run, and where on the host their configuration is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_whitebox.core.deployments.kolla import Description
from pytest_whitebox.core.deployments.named import Named, existing
from pytest_whitebox.core.deployments.words import config_patterns
from pytest_whitebox.core.processes import Engine
from pytest_whitebox.core.transports import Container, Transport
from pytest_whitebox.core.transports.file import read_file_if_there

_FIRST = 'for program; do ! command -v "$program" >/dev/null || { echo "$program"; exit; }; done'


@dataclass(frozen=True, slots=True)
class Images:
    """``description`` is the JSON by which a container starts; ``mounts`` are the folders that its copies come from.

    The keys of ``mounts`` are folders of the container, the values those of the host; ``{volume}`` in them is what
    ``volumes`` has for the service, else its project. If ``fresh`` exists, containers are made anew at each start: a
    file of ``drop_ins`` that is added and removed leaves no trace in them.
    """

    engines: tuple[str, ...]
    description: str
    mounts: Mapping[str, str]
    volumes: Mapping[str, str] = field(default_factory=dict)
    fresh: str = ""
    drop_ins: Mapping[str, str] = field(default_factory=dict)

    def container(self, transport: Transport, name: str) -> Container:
        """The container of that name, with the engine that knows it, or that is there."""
        for engine in self.engines:
            if Engine(engine).status(transport, name).exists:
                return Container(name, engine)
        there = transport.run(["sh", "-c", _FIRST, "sh", *self.engines]).stdout.strip()
        return Container(name, there or self.engines[0])

    def files(self, transport: Transport, named: Named) -> tuple[str, ...]:
        """The files of the host that become those that the service reads in its container, the last one wins."""
        path = named.fill(self.description)
        text = read_file_if_there(transport, path)
        if text is None:
            return ()
        volume = self.volumes.get(named.service, named.project)
        mounts = {inside: named.fill(outside, volume=volume) for inside, outside in self.mounts.items()}
        description = Description.from_json(text, mounts, path)
        patterns = config_patterns(description.command, named.project, named.service)
        return existing(transport, description.origins(patterns))

    def drop_in(self, transport: Transport, named: Named) -> str:
        """The file that edits go to; empty if it would outlive its removal in the container."""
        file = self.drop_ins.get(named.service, "")
        return file if file and existing(transport, [named.fill(self.fresh)]) else ""
