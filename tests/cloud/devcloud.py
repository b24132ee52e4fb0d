"""The devcloud command, as a user runs it, against one state folder."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_whitebox.core.command import Result, run

PROGRAM = str(Path(sys.executable).with_name("devcloud"))


@dataclass(frozen=True, slots=True)
class Devcloud:
    """A cloud by its state folder."""

    state: Path

    @classmethod
    def from_environment(cls) -> Devcloud:
        """The cloud of DEVCLOUD_STATE, or the machine's default one."""
        return cls(Path(os.environ.get("DEVCLOUD_STATE", "/var/lib/devcloud")))

    def __call__(self, verb: str, *words: str, timeout: float = 600, check: bool = True) -> Result:
        """Run a verb; raises `CommandFailed` for an exit code other than 0 unless ``check`` is false."""
        command = [PROGRAM, verb, "--state", str(self.state), *words]
        return run(command, timeout=timeout, check=check, env=dict(os.environ))

    def status(self) -> dict[str, Any]:
        """What `devcloud status --json` says; not well is no error here."""
        said: dict[str, Any] = json.loads(self("status", "--json", check=False).stdout)
        return said

    def problems(self) -> list[str]:
        """Each service that is not well, with what is wrong."""
        services = self.status()["services"]
        return [f"{s['service']} on {s['host']} {s['problem']}" for s in services if not s["well"]]

    def cut_power(self, host: str = "") -> int:
        """Kill every process of a host, or of the whole cloud with its hosts, and return how many there were."""
        wanted = f"DEVCLOUD_HOST={self.state}:{host}".encode()
        killed = 0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                marks = (process / "environ").read_bytes().split(b"\0")
                if any(mark == wanted if host else mark.startswith(wanted) for mark in marks):
                    os.kill(int(process.name), signal.SIGKILL)
                    killed += 1
            except OSError:
                continue
        return killed
