"""Tempest as a library: its tests as pytest items; nothing of it is imported unless ``--tempest`` asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_whitebox.tempest import settings

if TYPE_CHECKING:
    import pytest

    from pytest_whitebox.session import Session

_ASKING = (settings.TESTS, settings.INCLUDE_LIST, settings.LOAD_LIST, settings.GUIDELINE)


def begin(config: pytest.Config, session: Session) -> None:
    """Load what `plugin` has, if the run asks for tests of Tempest."""
    if any(setting.read(config)[0] for setting in _ASKING) and not (config.option.help or config.option.version):
        from pytest_whitebox.tempest import plugin

        plugin.begin(config, session)
