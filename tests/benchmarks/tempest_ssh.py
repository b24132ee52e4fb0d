"""Milliseconds a command takes over tempest.lib's SSH client, which connects for each; run by transport.py."""

import re
import sys
import time
from pathlib import Path

from tempest.lib.common.ssh import Client


def main(key: str, config: str, host: str, commands: int, runs: int) -> None:
    """Print one number per run: the mean of its commands."""
    block = Path(config).read_text().partition(f"Host {host}")[2]
    found = re.search(r"HostName (\S+)", block)
    client = Client(found[1] if found else host, "root", pkey=Path(key).read_text(), timeout=30, ssh_key_type="ecdsa")
    for _ in range(runs):
        began = time.perf_counter()
        for _ in range(commands):
            client.exec_command("true")
        print((time.perf_counter() - began) / commands * 1000)


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
