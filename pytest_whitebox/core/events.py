"""How a run of pytest tells whoever started it what goes on: by lines of JSON to a descriptor that it is given."""

from __future__ import annotations

#: The variable that has the descriptor's number.
DESCRIPTOR = "STACKPROOF_EVENTS"
