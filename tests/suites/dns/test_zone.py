"""What a zone says is what its name servers answer, asked by DNS itself."""

from __future__ import annotations

import socket
import struct

import pytest

from pytest_whitebox.cloud import Cloud
from pytest_whitebox.core.databases import Databases
from pytest_whitebox.core.wait import wait_for
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("dns")

SERVERS = "SELECT host, port FROM pool_nameservers WHERE pool_id = :pool"


@pytest.mark.smoke
@pytest.mark.idempotent_id("146a5500-d60b-4818-b011-d8fc012007b1")
def test_name_servers_answer_with_the_record(cloud: Cloud, create: Create, database: Databases) -> None:
    dns, zone = cloud.connection.dns, create.zone()
    servers = database("designate").rows(SERVERS, pool=zone.pool_id.replace("-", ""))
    assert servers
    name = f"www.{zone.name}"
    assert all(addresses(server.host, server.port, name) == [] for server in servers)

    record = dns.create_recordset(zone, name=name, type="A", records=["192.0.2.7", "192.0.2.8"], ttl=60)
    wait_for(
        lambda: dns.get_recordset(record.id, zone).status == "ACTIVE", timeout=90, every=1, what=f"{name} to be active"
    )
    for server in servers:
        assert addresses(server.host, server.port, name) == ["192.0.2.7", "192.0.2.8"]


def addresses(server: str, port: int, name: str) -> list[str]:
    """The IPv4 addresses that a name server gives for a name, asked by UDP (RFC 1035)."""
    asked = b"".join(struct.pack("B", len(label)) + label.encode() for label in name.split("."))
    question = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + asked + struct.pack("!2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(5)
        line.sendto(question, (server, port))
        answer = line.recv(4096)
    number, _, _, answers, _, _ = struct.unpack("!6H", answer[:12])
    assert number == 7
    # Each answer names what was asked by two bytes; then come type, class, lifetime and the length of the address.
    records = [answer[at : at + 16] for at in range(len(question), len(question) + 16 * answers, 16)]
    assert all(record[2:4] + record[10:12] == struct.pack("!2H", 1, 4) for record in records)
    return sorted(socket.inet_ntoa(record[12:]) for record in records)
