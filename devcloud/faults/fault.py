"""What a fault is: how the cloud is broken, what is seen of it, and how it is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from devcloud.faults.site import Site
from devcloud.journal import Notes

#: Changes the cloud. ``mend`` bears any half that a killed ``break_`` has left, and being done twice.
Act: TypeAlias = Callable[[Site, Notes], None]
#: Asks the cloud whether the fault is seen: what was seen, in words, or an empty text.
Look: TypeAlias = Callable[[Site, Notes], str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a cloud.

    ``summary`` says what is done, ``seen`` what a user sees and where, ``cure`` what mending does.
    ``names`` is what `devcloud status` must name while it is broken, such as ``nova-api on {controller}`` or, for a
    host, ``{compute}``; ``suffers`` what it may name besides, ``*`` being anything. ``needs`` is a project without
    which the fault makes no sense. A fault that ``lasts`` lies in data and outlives `devcloud down`; the power ends
    the others.
    """

    name: str
    summary: str
    seen: str
    break_: Act
    mend: Act
    visible: Look
    cure: str
    names: tuple[str, ...] = ()
    suffers: tuple[str, ...] = ()
    needs: str = "nova"
    lasts: bool = False

    @property
    def target(self) -> str:
        """The name of what the fault makes in the cloud for itself."""
        return f"devcloud-fault-{self.name}"
