"""Each job's life, written down: whatever a Gearman server loses or repeats, this is what counts."""

from .leases import Rules
from .rows import CANCELLED, DEADLINE
from .store import Store

__all__ = ["CANCELLED", "DEADLINE", "Rules", "Store"]
