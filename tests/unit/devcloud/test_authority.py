"""The cloud's own certificates: made once, renewed in time, and good for a client that trusts their authority."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509

from devcloud.apis.authority import Authority

NAME, ADDRESS = "controller", IPv4Address("127.0.0.1")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "ca")
    assert made.certify(NAME, ADDRESS)
    return made


def test_consoles_of_each_host_have_a_certificate_of_their_own(authority: Authority) -> None:
    server = authority.server.read_bytes()
    made = [authority.certify_console(host, ADDRESS) for host in ("compute1", "compute2", "compute1")]
    names = [_name(authority.console(host)) for host in ("compute1", "compute2")]

    assert made == [True, True, False]
    assert names == ["compute1", "compute2"]
    assert authority.console("compute1").stat().st_mode & 0o777 == 0o600
    assert authority.server.read_bytes() == server


def _name(file: Path) -> str:
    found = x509.load_pem_x509_certificate(file.read_bytes())
    (name,) = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    )
    return str(name)


def _days(authority: Authority) -> int:
    """How long the server's certificate is good from now on."""
    found = x509.load_pem_x509_certificate(authority.server.read_bytes())
    return (found.not_valid_after_utc - datetime.now(UTC)).days


def _greeting(authority: Authority, trusted: Path, name: str) -> str:
    """What a client that trusts only this authority gets from a server with our certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.server)
    client = ssl.create_default_context(cafile=str(trusted))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_server((str(ADDRESS), 0)) as listener:
        thread = threading.Thread(target=_greet, args=(listener, server))
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), timeout=5) as raw,
                client.wrap_socket(raw, server_hostname=name) as connection,
            ):
                return connection.recv(16).decode()
        finally:
            thread.join()


def _greet(listener: socket.socket, context: ssl.SSLContext) -> None:
    raw, _ = listener.accept()
    try:
        with context.wrap_socket(raw, server_side=True) as connection:
            connection.sendall(b"hello")
    except (ssl.SSLError, ConnectionError):
        raw.close()


@pytest.mark.parametrize("name", [NAME, str(ADDRESS)])
def test_a_client_that_trusts_the_authority_is_content(authority: Authority, name: str) -> None:
    assert _greeting(authority, authority.certificate, name) == "hello"


def test_a_client_that_trusts_another_authority_is_not(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.certify(NAME, ADDRESS)
    with pytest.raises(ssl.SSLCertVerificationError):
        _greeting(authority, other.certificate, NAME)


def test_it_is_not_good_for_another_name(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        _greeting(authority, authority.certificate, "compute1")


def test_what_is_good_stays(authority: Authority) -> None:
    before = {file.name: file.read_bytes() for file in authority.folder.iterdir()}
    assert len(before) == 3
    assert not authority.certify(NAME, ADDRESS)
    assert {file.name: file.read_bytes() for file in authority.folder.iterdir()} == before


@pytest.mark.parametrize(("days_left", "renewed"), [(31, False), (29, True), (-1, True)])
def test_it_is_renewed_in_its_last_month_by_the_same_authority(
    authority: Authority, days_left: int, renewed: bool
) -> None:
    trusted = authority.certificate.read_bytes()
    end = x509.load_pem_x509_certificate(authority.server.read_bytes()).not_valid_after_utc
    assert authority.certify(NAME, ADDRESS, now=end - timedelta(days=days_left)) is renewed
    assert authority.certificate.read_bytes() == trusted
    assert (_days(authority) > 3 * 365) is renewed


def test_another_address_needs_another_certificate(authority: Authority) -> None:
    assert authority.certify(NAME, IPv4Address("10.213.79.11"))
    assert not authority.certify(NAME, IPv4Address("10.213.79.11"))
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        _greeting(authority, authority.certificate, str(ADDRESS))


def test_keys_are_for_root_alone(authority: Authority) -> None:
    modes = {file.name: file.stat().st_mode & 0o777 for file in authority.folder.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "server.pem": 0o600}
