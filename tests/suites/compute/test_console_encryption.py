"""A guest's graphical console speaks TLS, and only with clients that have a certificate."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pytest_whitebox.core.hosts import Host, Hosts
from pytest_whitebox.create import Create

pytestmark = pytest.mark.requires("libvirt")

QEMU_CONF = "/etc/libvirt/qemu.conf"


@pytest.fixture
def host(hosts: Hosts) -> Host:
    """A compute host whose libvirt is configured to encrypt consoles."""
    encrypting = [host for host in hosts.computes if switched_on(host, "vnc_tls")]
    if not encrypting:
        pytest.skip(
            f"no compute host encrypts consoles: set vnc_tls in {QEMU_CONF}, with certificates in /etc/pki/qemu"
        )
    return encrypting[0]


@pytest.mark.idempotent_id("fd0b4b5c-9f51-4f5c-8b75-0a4b1c6d7e82")
def test_console_is_encrypted_and_asks_for_a_certificate(create: Create, host: Host) -> None:
    server = create.server(host=host)
    credentials = credentials_of_vnc(host.qemu_log(server.domain.name))

    assert credentials is not None
    assert credentials["endpoint"] == "server"
    assert credentials["verify-peer"] is switched_on(host, "vnc_tls_x509_verify")


def switched_on(host: Host, option: str) -> bool:
    """True if qemu.conf sets an option to 1; comments do not count."""
    file = host.file(QEMU_CONF)
    found = re.findall(rf"^\s*{option}\s*=\s*(\d+)", file.content_string if file.exists else "", re.MULTILINE)
    return found[-1:] == ["1"]


def credentials_of_vnc(log: str) -> dict[str, Any] | None:
    """The TLS credentials that QEMU was last started with for its console; None if there are none."""
    started = log.rpartition("starting up libvirt")[2]
    objects = [json.loads(text) for text in re.findall(r"-object '(\{.*?\})'", started)]
    found = [one for one in objects if one.get("qom-type") == "tls-creds-x509" and one["id"].startswith("vnc-tls")]
    return found[-1] if found else None
