"""What a service is configured with: read by the rules of oslo.config, and edited byte for byte."""

from pytest_whitebox.core.configuration.config import HIDDEN, Config, mask
from pytest_whitebox.core.configuration.guest_cpus import GuestCpus
from pytest_whitebox.core.configuration.inifile import Changes, as_values, edited
from pytest_whitebox.core.configuration.sources import config_paths

__all__ = [
    "HIDDEN",
    "Changes",
    "Config",
    "GuestCpus",
    "as_values",
    "config_paths",
    "edited",
    "mask",
]
