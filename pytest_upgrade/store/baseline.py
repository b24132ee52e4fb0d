"""Values that a test sees before the upgrade and compares with after it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_upgrade.phases.phase import Phase
from pytest_whitebox.core.errors import StackproofError

if TYPE_CHECKING:
    from pytest_upgrade.store import Store


@dataclass(frozen=True)
class Baselines:
    """``assert server.boot_id == baseline("boot_id")``: in pre it is written down, later it is compared.

    ``test`` is the test's own identity, which outlives a new name.
    """

    store: Store
    run: str
    phase: str
    test: str

    def __call__(self, name: str) -> Any:
        """In pre what equals anything that it is compared with and keeps it; later the value that was kept."""
        if self.phase == Phase.PRE:
            return Recorder(self, name)
        found = self.store.baselines.of(self.run, test=self.test, name=name)
        if not found:
            raise StackproofError(
                f"pre of run {self.run} has no baseline {name!r} of this test",
                hint="run the same test with --phase=pre before the upgrade, and see that it comes to the comparison",
            )
        return found[-1].value

    def keep(self, name: str, value: Any) -> None:
        """Write a value down; raises `StackproofError` for what JSON cannot hold as it is."""
        from pytest_upgrade.store.values import Baseline

        try:
            kept = json.loads(json.dumps(value))
        except (TypeError, ValueError):
            kept = None
        if kept != value:
            raise StackproofError(
                f"the baseline {name!r} cannot be kept as {type(value).__name__}",
                hint="compare text, numbers, lists or mappings of these",
            )
        self.store.baselines.replace(self.run, Baseline(self.test, name, value), "test", "name")


class Recorder:
    """Equals whatever it is compared with, and keeps that."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, baselines: Baselines, name: str) -> None:
        self._baselines, self._name = baselines, name

    def __eq__(self, value: object) -> bool:
        self._baselines.keep(self._name, value)
        return True

    def __repr__(self) -> str:
        return f"<baseline {self._name!r}, kept now>"
