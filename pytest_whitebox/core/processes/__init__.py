"""What runs on a host: its processes, what each was started with, and what starts it again."""

from pytest_whitebox.core.processes.engine import Engine
from pytest_whitebox.core.processes.process import family
from pytest_whitebox.core.processes.started import Given, Started, started_with
from pytest_whitebox.core.processes.supervisor import Runit, Status, Supervisor, Systemd, status_from_sv
from pytest_whitebox.core.processtree import Process

__all__ = [
    "Engine",
    "Given",
    "Process",
    "Runit",
    "Started",
    "Status",
    "Supervisor",
    "Systemd",
    "family",
    "started_with",
    "status_from_sv",
]
