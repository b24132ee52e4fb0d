"""The pytest plugin: hooks and options only, so that it costs nothing where it is not used."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_cleanup.settings import SETTINGS
from pytest_cleanup.wanted import Wanted

wanted_key = pytest.StashKey[Wanted]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """One group of options, each with its variable and ini key."""
    group = parser.getgroup("cleanup", "OpenStack cleanup")
    for setting in SETTINGS:
        setting.register(group, parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """What a conftest may say."""
    from pytest_cleanup import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Have the run watched if the user wants to know what it leaves; nothing is connected yet."""
    config.stash[wanted_key] = wanted = Wanted.of(config)
    if wanted.on:
        from pytest_cleanup import run

        run.prepare(config, wanted)


def pytest_report_header(config: pytest.Config) -> Iterable[str]:
    """What becomes of what the run leaves; nothing if nobody asked."""
    wanted = config.stash[wanted_key]
    return list(wanted.header()) if wanted.on else []
