"""The services of a host: how they are, what they read and write, and how they are changed and restarted."""

from pytest_whitebox.core.services.edit import ConfigRejected
from pytest_whitebox.core.services.restart import RestartFailed
from pytest_whitebox.core.services.service import Contact, Forcing, Patience, Report, Service, Waking

__all__ = [
    "ConfigRejected",
    "Contact",
    "Forcing",
    "Patience",
    "Report",
    "RestartFailed",
    "Service",
    "Waking",
]
