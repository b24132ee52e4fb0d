"""The workers of xdist: gone before the cloud is judged."""

from __future__ import annotations

import pytest


def end_workers(config: pytest.Config) -> None:
    """End those that still run, as xdist itself would a little later: a run that is stopped leaves some behind."""
    distribution = config.pluginmanager.get_plugin("dsession")
    if distribution is not None:
        distribution.pytest_sessionfinish()
