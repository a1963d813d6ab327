"""Certificates and keys for a federation on trial: a CA, the coordinator's certificate, a key pair per plant."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_DAYS = 365


@dataclass(frozen=True)
class Credentials:
    """Files of one federation under a folder."""

    folder: Path

    @property
    def ca(self) -> Path:
        """Certificate of the authority that every plant trusts."""
        return self.folder / "ca.pem"

    @property
    def server_certificate(self) -> Path:
        """The coordinator's certificate."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        """The coordinator's private key."""
        return self.folder / "server.key"

    def plant_key(self, plant: str) -> Path:
        """A plant's private key."""
        return self.folder / plant

    def plant_public_key(self, plant: str) -> Path:
        """A plant's public key, which the coordinator registers."""
        return self.folder / f"{plant}.pub"


def make_credentials(folder: Path, plants: tuple[str, ...], host: str = "127.0.0.1") -> Credentials:
    """Write new certificates and keys, private ones readable by their owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Credentials(folder)
    ca_key = ec.generate_private_key(ec.SECP384R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Chargewise federation CA")])
    ca = _certificate(ca_name, ca_key.public_key(), ca_name, ca_key, ca_of=True, host=None)
    server_key = ec.generate_private_key(ec.SECP384R1())
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    server = _certificate(server_name, server_key.public_key(), ca_name, ca_key, ca_of=False, host=host)
    made.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made.server_certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    _write_private(
        made.server_key,
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    for plant in plants:
        key = ec.generate_private_key(ec.SECP384R1())
        _write_private(
            made.plant_key(plant),
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            ),
        )
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        made.plant_public_key(plant).write_bytes(public + f" {plant}\n".encode())
    return made


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _certificate(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    ca_of: bool,
    host: str | None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=ca_of, path_length=None), critical=True)
    )
    if host is not None:
        names: list[x509.GeneralName] = [x509.DNSName("localhost")]
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA384())
