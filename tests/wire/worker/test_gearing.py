"""Gear's server with TLS on loopback: who has a certificate of the authority's, and who has none."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pytest_whitebox.core.wait import wait_for
from tests.wire.worker.laboratory import PATIENCE, Laboratory, asked
from worker.asking import Away
from worker.gearing import Server, Submitter, Taker, answer
from worker.place import Place

JOBS = ["short", "long" * 50_000, "last"]


def certificate(folder: Path, name: str) -> Path:
    """A folder with a key and a certificate that is its own authority."""
    made = folder / name
    made.mkdir()
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (made / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (made / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return made


def at(port: int, own: Path, trusted: Path) -> Place:
    files = (own / "key.pem", own / "certificate.pem", trusted / "certificate.pem")
    return Place("127.0.0.1", port, *map(str, files))


def status(server: Server, own: Path, trusted: Path) -> bytes:
    """How a server without jobs is, as it tells who has a certificate."""
    context = ssl.create_default_context(cafile=str(trusted / "certificate.pem"))
    context.check_hostname = False
    context.load_cert_chain(own / "certificate.pem", own / "key.pem")
    place = server.place
    with socket.create_connection((place.host, place.port), timeout=20) as plain, context.wrap_socket(plain) as sealed:
        sealed.sendall(b"status\n")
        return sealed.recv(100)


def read(connection: socket.socket) -> bytes:
    """All until the other end closes, one way or the other."""
    try:
        return b"".join(iter(lambda: connection.recv(100), b""))
    except ConnectionResetError:
        return b""


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    return certificate(tmp_path, "ours")


@pytest.fixture
def server(ours: Path) -> Iterator[Server]:
    made = Server(at(0, ours, ours))
    yield made
    made.shutdown()


def crossed(server: Server, ours: Path) -> list[str]:
    """What a worker has of three jobs within a time, over connections with certificates."""
    arrived: list[str] = []
    crossing = Thread(target=_cross, args=(at(server.place.port, ours, ours), arrived), daemon=True)
    crossing.start()
    crossing.join(30)
    return arrived


def _cross(place: Place, arrived: list[str]) -> None:
    submitter, taker = Submitter(place), Taker(place, "node")
    submitter.waitForServer(20)
    for text in JOBS:
        submitter.submit(text[:20], text, "normal")
        job = taker.take()
        arrived.append(job.arguments)
        answer(job, done=True)
    taker.end()
    taker.shutdown()
    submitter.shutdown()


def test_jobs_cross_with_certificates_on_both_ends(server: Server, ours: Path) -> None:
    assert crossed(server, ours) == JOBS


def test_who_has_no_certificate_of_the_authority_is_told_nothing(
    server: Server, ours: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = certificate(tmp_path, "theirs")
    assert status(server, ours, ours) == b".\n"
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        status(server, theirs, ours)
    with socket.create_connection(("127.0.0.1", server.place.port), timeout=20) as plain:
        plain.sendall(b"status\n")
        assert b".\n" not in read(plain)
    assert status(server, ours, ours) == b".\n"
    assert [one for one in caplog.messages if "poll loop" in one] == []


def test_who_says_nothing_holds_up_nobody(server: Server, ours: Path) -> None:
    with socket.create_connection(("127.0.0.1", server.place.port)):
        assert crossed(server, ours) == JOBS


def test_monitor_and_worker_have_their_own_server_with_tls(empty: Laboratory, ours: Path) -> None:
    names = {"KEY": "key.pem", "CERTIFICATE": "certificate.pem", "AUTHORITY": "certificate.pem"}
    files = {f"WORKER_GEARMAN_{name}": str(ours / file) for name, file in names.items()}
    words = ["serve", "--state", str(empty.folder), "--listen", f"127.0.0.1:{empty.port}"]
    words += ["--gearman-port", str(empty.gearman)]
    empty.start([sys.executable, "-m", "worker", *words], "monitor", GEARMAN_SERVER="", **files)
    wait_for(empty.client.status, timeout=PATIENCE, what="the monitor", every=0.1, ignore=(Away,))
    empty.keeper(**files)
    (known,) = empty.ended(empty.client.submit(asked(cloud="elsewhere")))
    assert (known["state"], known["worker"]) == ("failed", "node/0")
    with socket.create_connection(("127.0.0.1", empty.gearman), timeout=20) as plain:
        plain.sendall(b"status\n")
        assert b".\n" not in read(plain)
