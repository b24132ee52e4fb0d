"""What a repository's own conftest may say about the cleanup of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_cleanup.resource import Resource


@pytest.hookspec(firstresult=True)
def pytest_cleanup_keep(config: pytest.Config, resource: Resource) -> str | None:
    """Why a resource is kept whatever else is wanted, in words; None if nothing speaks for it."""
