"""How one gets at a host: over SSH, on this machine, or into a container; and the files that are there."""

from pytest_whitebox.core.transports.connection import Login
from pytest_whitebox.core.transports.container import Container, ContainerTransport
from pytest_whitebox.core.transports.file import FileMissing
from pytest_whitebox.core.transports.local import LocalTransport, is_here, local_transport
from pytest_whitebox.core.transports.ssh import SshTransport
from pytest_whitebox.core.transports.transport import TIMEOUT, Held, Outcome, Transport

__all__ = [
    "TIMEOUT",
    "Container",
    "ContainerTransport",
    "FileMissing",
    "Held",
    "LocalTransport",
    "Login",
    "Outcome",
    "SshTransport",
    "Transport",
    "is_here",
    "local_transport",
]
