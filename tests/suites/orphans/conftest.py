"""What is well, and must be seen by whoever looks for what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from pytest_whitebox.core.hosts import Host
from pytest_whitebox.create import Create
from pytest_whitebox.server import Server


@pytest.fixture(scope="module")
def port(module_create: Create) -> Any:
    """A port of the server that is well."""
    return module_create.port(module_create.network(cidr="198.51.100.0/24"))


@pytest.fixture(scope="module")
def well(module_create: Create, port: Any) -> Server:
    """A server that is well, with a port."""
    return module_create.server(networks=[port])


def on_each(hosts: Iterable[Host], look: Callable[[Host], Iterable[str]]) -> Callable[[], set[tuple[str, str]]]:
    """A look at hosts: what one look at each of them finds, with its name."""
    return lambda: {(host.name, found) for host in hosts for found in look(host)}
