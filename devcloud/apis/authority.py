"""The cloud's own certificate authority, the certificate of HAProxy, and those of the hosts' graphical consoles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from devcloud.state import write_atomically

#: The authority lives longer than any cloud; a server's certificate is renewed by `devcloud up` in its last month.
_AUTHORITY_LIFE = timedelta(days=30 * 365)
SERVER_LIFE = timedelta(days=3 * 365)
_RENEWED = timedelta(days=30)
_ORGANIZATION = "devcloud"


@dataclass(frozen=True, slots=True)
class Authority:
    """A folder with a certificate authority and the certificates that it has signed."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """What clients trust."""
        return self.folder / "ca.pem"

    @property
    def key(self) -> Path:
        """What signs; only root reads it."""
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        """The server's certificate and its key in one file, as HAProxy wants them; only root reads it."""
        return self.folder / "server.pem"

    def console(self, host: str) -> Path:
        """The same for the consoles of a host's guests."""
        return self.folder / f"console-{host}.pem"

    def certify(self, name: str, address: IPv4Address, *, now: datetime | None = None) -> bool:
        """Have a certificate for the server; False if there is one that is good for a month and more."""
        return self._certify(self.server, name, address, now or datetime.now(UTC))

    def certify_console(self, host: str, address: IPv4Address, *, now: datetime | None = None) -> bool:
        """The same for the consoles of a host's guests."""
        return self._certify(self.console(host), host, address, now or datetime.now(UTC))

    def _certify(self, file: Path, name: str, address: IPv4Address, moment: datetime) -> bool:
        self.folder.mkdir(exist_ok=True)
        if not (self.certificate.exists() and self.key.exists()):
            self._found(moment)
        elif file.exists() and _fits(file, name, address, moment):
            return False
        self._sign(file, name, address, moment)
        return True

    def _found(self, moment: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(f"{_ORGANIZATION} {x509.random_serial_number():x}"[:24])
        usage = _usage(signs_certificates=True)
        identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        made = (
            _builder(subject, subject, key.public_key(), moment, _AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(identity, critical=False)
            .sign(key, hashes.SHA256())
        )
        write_atomically(self.key, _pem(key), mode=0o600)
        write_atomically(self.certificate, made.public_bytes(serialization.Encoding.PEM).decode())

    def _sign(self, file: Path, name: str, address: IPv4Address, moment: datetime) -> None:
        authority = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        signer = serialization.load_pem_private_key(self.key.read_bytes(), password=None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)  # noqa: S101 -- `_found` makes no other
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        made = (
            _builder(_subject(name), authority.subject, key.public_key(), moment, SERVER_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(_names(name, address)), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(issuer, critical=False)
            .sign(signer, hashes.SHA256())
        )
        text = made.public_bytes(serialization.Encoding.PEM).decode() + _pem(key)
        write_atomically(file, text, mode=0o600)


def _fits(file: Path, name: str, address: IPv4Address, moment: datetime) -> bool:
    """True if a certificate is for this server and good for a month and more."""
    found = x509.load_pem_x509_certificate(file.read_bytes())
    known = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    same = known == x509.SubjectAlternativeName(_names(name, address))
    return same and found.not_valid_after_utc - moment > _RENEWED


def _names(name: str, address: IPv4Address) -> Iterable[x509.GeneralName]:
    return [x509.DNSName(name), x509.IPAddress(address)]


def _subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, moment: datetime, life: timedelta
) -> x509.CertificateBuilder:
    """A certificate that began an hour ago: clocks differ."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
