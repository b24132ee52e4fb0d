"""The machine that a figure was taken on, in one line: a figure without it says nothing."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe() -> str:
    """Processor, cores, memory, kernel, system and Python of this machine.

    >>> "cores" in describe()
    True
    """
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    kvm = "with /dev/kvm" if Path("/dev/kvm").exists() else "no KVM"
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, {kvm}, "
        f"kernel {platform.release().split('-')[0]}, {system}, Python {platform.python_version()}"
    )
