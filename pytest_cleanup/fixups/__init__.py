"""Changes of a service's database for what no API removes: off by default, named one by one."""

from __future__ import annotations

from importlib.metadata import entry_points

from pytest_cleanup.fixups.fixup import Fixup
from pytest_whitebox.core.errors import StackproofError

#: Whoever installs one of its own names it under this group.
GROUP = "stackproof.cleanup.fixups"


def named(*names: str) -> tuple[Fixup, ...]:
    """The fix-ups of these names; raises `StackproofError` for one that nobody has installed."""
    known = {point.name: point for point in entry_points(group=GROUP)}
    unknown = [name for name in names if name not in known]
    if unknown:
        hint = f"choose from {', '.join(sorted(known)) or 'nothing: none is installed'}"
        raise StackproofError(f"no fix-up is named {unknown[0]!r}", hint=hint)
    return tuple(known[name].load() for name in names)
