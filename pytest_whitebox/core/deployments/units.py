"""The units of systemd among which a service's own is to be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_whitebox.core.deployments.words import argv
from pytest_whitebox.core.transports import Transport

_SHOWN = ("Id", "LoadState", "ActiveState", "UnitFileState", "ExecStart", "TriggeredBy")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that exists: the words of its command, and the sockets that start it."""

    name: str
    words: tuple[str, ...]
    sockets: tuple[str, ...]
    rank: int


def find_unit(transport: Transport, names: Sequence[str]) -> Unit | None:
    """The first of these units that runs, else that starts by itself, else that exists; None if none does."""
    shown = transport.run(["systemctl", "show", f"--property={','.join(_SHOWN)}", "--", *names], check=False).stdout
    found = list(units_from_systemctl(shown, names))
    return max(found, key=lambda unit: unit.rank, default=None)


def units_from_systemctl(text: str, names: Sequence[str]) -> Iterator[Unit]:
    """Parse the answer of `systemctl show` for several units, of which those that do not exist are left out.

    >>> shown = "LoadState=not-found\\n\\nLoadState=loaded\\nTriggeredBy=b.socket b-ro.socket\\n"
    >>> list(units_from_systemctl(shown, ["a", "b"]))
    [Unit(name='b', words=(), sockets=('b.socket', 'b-ro.socket'), rank=0)]
    """
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n")]
    for name, facts in zip(names, filter(None, blocks), strict=False):
        if facts.get("LoadState") in {"loaded", "masked"}:
            sockets = tuple(one for one in facts.get("TriggeredBy", "").split() if one.endswith(".socket"))
            yield Unit(name, argv(facts.get("ExecStart", "")), sockets, _rank(facts))


def _rank(facts: Mapping[str, str]) -> int:
    running = facts.get("ActiveState") in {"active", "activating", "reloading"}
    return 2 if running else 1 if facts.get("UnitFileState", "").startswith(("enabled", "static", "generated")) else 0
