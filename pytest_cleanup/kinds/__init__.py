"""All kinds of resources that are known, one module per service."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pytest_cleanup.kind import Kind
from pytest_whitebox.core.errors import StackproofError
from pytest_whitebox.core.installed import installed

_OURS = (
    "compute", "block_storage", "network", "network_policy", "image", "identity", "object_store", "key_manager",
    "orchestration", "dns", "placement",
)  # fmt: skip
_RECORDED = ("network_services", "load_balancer", "shared_file_system", "baremetal", "others")
#: Whoever installs a kind of its own names it, or a sequence of them, under this group.
_GROUP = "stackproof.cleanup.kinds"


def _of(module: str) -> tuple[Kind, ...]:
    found: tuple[Kind, ...] = import_module(f"{__name__}.{module}").KINDS
    return found


@cache
def recorded() -> frozenset[str]:
    """Those that are known from recorded APIs only."""
    return frozenset(kind.name for module in _RECORDED for kind in _of(module))


@cache
def kinds() -> dict[str, Kind]:
    """All that are known, by name: ours, and those that are installed."""
    known: dict[str, Kind] = {}
    for module in (*_OURS, *_RECORDED):
        known.update({kind.name: kind for kind in _of(module)})
    for found in installed(_GROUP, "kind of the cleanup"):
        for kind in found if isinstance(found, list | tuple) else (found,):
            if not isinstance(kind, Kind):
                hint = f"uninstall the package that names it under {_GROUP}, or have it mended"
                raise StackproofError(f"{kind!r} is no kind that the cleanup can deal with", hint=hint)
            known[kind.name] = kind
    return known
