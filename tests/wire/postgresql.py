"""A PostgreSQL of our own on the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_whitebox.core.wait import wait_for


@contextmanager
def postgresql() -> Iterator[str]:
    """Its URL; skips where it or its driver is not installed."""
    pytest.importorskip("psycopg", reason="needs the package psycopg: pip install 'psycopg[binary]'")
    places = os.pathsep.join(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    initdb, postgres = (shutil.which(name, path=places) for name in ("initdb", "postgres"))
    if initdb is None or postgres is None:
        pytest.skip("no PostgreSQL on this machine: install postgresql")
    user = "nobody" if os.geteuid() == 0 else None
    # Not below pytest's own folder, into which each session lets nobody else again.
    with tempfile.TemporaryDirectory(prefix="stackproof-postgresql-") as folder:
        Path(folder).chmod(0o777)
        data = f"{folder}/data"
        subprocess.run([initdb, "-D", data, "-U", "lab", "-A", "trust"], check=True, capture_output=True, user=user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [postgres, "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1"]
        with subprocess.Popen(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for(lambda: _listens(port), timeout=60, what="PostgreSQL", hint="run it by hand")
                yield f"postgresql+psycopg://lab@127.0.0.1:{port}/postgres"
            finally:
                process.send_signal(signal.SIGINT)


def _listens(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"host=127.0.0.1 port={port} user=lab dbname=postgres").close()
    except psycopg.OperationalError:
        return False
    return True
