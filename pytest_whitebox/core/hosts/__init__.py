"""The hosts of a cloud: found by its APIs and an inventory, and looked at."""

from pytest_whitebox.core.hosts.host import Host
from pytest_whitebox.core.hosts.hosts import Hosts
from pytest_whitebox.core.hosts.known import Fact

__all__ = [
    "Fact",
    "Host",
    "Hosts",
]
