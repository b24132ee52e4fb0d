"""A plugin of the run's pytest: no way leads from the container to the cloud's hosts, so who looks at them skips."""

from __future__ import annotations

import pytest

#: What a test asks for that looks behind the APIs: fixtures, and a word of its `requires`.
FIXTURES = frozenset({"any_host", "database", "hosts", "module_host", "own_host", "set_config"})
_WORD = "libvirt"
_WHY = "needs a way to the cloud's hosts, and none leads out of tcup's container: run it by an installed stackproof"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip them; tests of APIs run."""
    for item in items:
        words = (word for mark in item.iter_markers("requires") for word in mark.args)
        if FIXTURES & set(getattr(item, "fixturenames", ())) or _WORD in words:
            item.add_marker(pytest.mark.skip(reason=_WHY))
