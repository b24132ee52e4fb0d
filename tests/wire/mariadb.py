"""A MariaDB of our own on the loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from pytest_whitebox.core.wait import wait_for

CANARY = "canary-7f3a"


@dataclass(frozen=True)
class Server:
    port: int
    socket: Path

    def execute(self, statement: str, database: str | None = None) -> None:
        with pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True, database=database) as session:
            session.cursor().execute(statement)

    @contextmanager
    def forward(self, _: str, __: int) -> Iterator[tuple[str, int]]:
        """The way to it, wherever one is said to be."""
        yield "127.0.0.1", self.port

    def url(self, host: str = "127.0.0.1", name: str = "shop", password: str = CANARY) -> str:
        return f"mysql+pymysql://reader:{password}@{host}:{self.port}/{name}?charset=utf8"


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("no mariadbd on this machine: install mariadb-server")
    folder = tmp_path_factory.mktemp("mariadb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Server(probe.getsockname()[1], folder / "s")
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db"]
    subprocess.run([*install, "--auth-root-authentication-method=normal"], check=True, capture_output=True)
    options = [f"--datadir={folder / 'data'}", f"--socket={server.socket}", f"--port={server.port}"]
    command = [program, "--no-defaults", "--user=root", "--bind-address=127.0.0.1", *options]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for(lambda: answers(server), timeout=60, what="MariaDB", hint=(folder / "log").read_text())
            prepare(server)
            yield server
        finally:
            process.terminate()


def answers(server: Server) -> bool:
    try:
        server.execute("SELECT 1")
    except pymysql.err.OperationalError:
        return False
    return True


def prepare(server: Server) -> None:
    for statement in (
        "CREATE DATABASE shop", "CREATE TABLE shop.things (id INT PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO shop.things VALUES (1, 'one'), (2, 'two')",
        f"CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{CANARY}'", "GRANT ALL ON *.* TO reader@'127.0.0.1'",
        "CREATE TABLE shop.cell_mappings (id INT, name VARCHAR(20), database_connection TEXT)",
        "CREATE TABLE shop.instance_mappings (cell_id INT, instance_uuid VARCHAR(36))",
        "INSERT INTO shop.instance_mappings VALUES (7, 'aaaa')",
    ):  # fmt: skip
        server.execute(statement)
