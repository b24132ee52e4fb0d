"""What a cloud has written down: the databases of its services, read, and repaired where no API can."""

from pytest_whitebox.core.databases.database import Database, DatabaseError, Forward, nova_object, parse_url
from pytest_whitebox.core.databases.databases import Databases, HasId
from pytest_whitebox.core.databases.numa import GuestTopology, recorded_topology

__all__ = [
    "Database",
    "DatabaseError",
    "Databases",
    "Forward",
    "GuestTopology",
    "HasId",
    "nova_object",
    "parse_url",
    "recorded_topology",
]
