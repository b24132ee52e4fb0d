"""Tempest as a library: its tests as pytest items; nothing of it is imported unless ``--tempest`` asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_whitebox.session import LOOKS_ONLY
from pytest_whitebox.tempest import journal, settings

if TYPE_CHECKING:
    import pytest

    from pytest_whitebox.session import Session

_ASKING = (settings.TESTS, settings.INCLUDE_LIST, settings.LOAD_LIST, settings.GUIDELINE)


def begin(config: pytest.Config, session: Session) -> None:
    """Load what `plugin` has, if the run asks for tests of Tempest; in any run remove what killed ones have left."""
    looks_only = any(config.getoption(one, False) for one in LOOKS_ONLY)
    told = [] if session.worker or looks_only else _recovered(session)
    if told:
        config.pluginmanager.register(_Told(told), "pytest_whitebox.tempest.leavings")
    if any(setting.read(config)[0] for setting in _ASKING) and not (config.option.help or config.option.version):
        from pytest_whitebox.tempest import plugin

        plugin.begin(config, session)


def _recovered(session: Session) -> list[str]:
    # Nothing is imported where no run has ever left anything.
    if not any(journal.folder().glob(journal.PATTERN)):
        return []
    from pytest_whitebox.tempest import leavings

    return leavings.remove(session)


class _Told:
    """What was done about killed runs, in the header."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def pytest_report_header(self) -> list[str]:
        """A line for each of them."""
        return [f"tempest: {line}" for line in self._lines]
