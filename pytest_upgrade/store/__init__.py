"""Where all that is known of runs is kept: SQLite by default, MariaDB or PostgreSQL for a whole laboratory."""

from __future__ import annotations

from pytest_upgrade.store.store import Store

__all__ = ["Store"]
