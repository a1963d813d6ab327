"""Certificates and keys of a federation: an authority, the coordinator's certificate, a key pair per plant.

A private key is written once, readable by its owner alone, and never written over.
"""

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from steel.errors import InputError
from steel.names import as_one, checked_name

VALID_DAYS = 365
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Credentials:
    """Files of one federation under the coordinator's folder."""

    folder: Path

    @property
    def ca(self) -> Path:
        """Certificate of the authority that every plant trusts."""
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The authority's private key: whoever has it can renew the coordinator's certificate."""
        return self.folder / "ca.key"

    @property
    def server_certificate(self) -> Path:
        """The coordinator's certificate."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        """The coordinator's private key."""
        return self.folder / "server.key"

    @property
    def roster(self) -> Path:
        """Every plant's public key, as plants pin it."""
        return self.folder / "roster.toml"

    def plant_key(self, plant: str) -> Path:
        """A plant's private key, where the coordinator made it for a trial."""
        return self.folder / plant

    def plant_public_key(self, plant: str) -> Path:
        """A plant's public key."""
        return self.folder / f"{plant}.pub"


def make_authority(folder: Path, host: str = LOOPBACK, valid: timedelta = timedelta(days=VALID_DAYS)) -> Credentials:
    """Write an authority and the coordinator's certificate under it.

    Args:
        folder: must hold none yet.
        host: name or address by which plants reach the coordinator; loopback is always among them.
        valid: how long both hold.

    Raises:
        InputError: there are keys already.
    """
    made = Credentials(folder)
    if made.ca.exists() or made.server_key.exists():
        raise InputError(str(folder), "folder for keys", "one without keys; these would be written over")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP384R1())
    name = _name("Chargewise federation CA")
    until = datetime.now(UTC) + valid
    ca = _builder(name, key.public_key(), name, until).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    ca = ca.add_extension(_usage(signs_certificates=True), critical=True)
    write_private(made.ca_key, _pem(key))
    made.ca.write_bytes(ca.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM))
    certify(made, host, valid)
    return made


def certify(made: Credentials, host: str, valid: timedelta = timedelta(days=VALID_DAYS)) -> None:
    """Write the coordinator a certificate under the authority, its key too where it has none: also a renewal.

    Raises:
        InputError: the authority's key is not there.
    """
    if not made.ca_key.is_file():
        raise InputError(str(made.ca_key), "authority's key", "the file that `federation init` wrote")
    ca_key = serialization.load_pem_private_key(made.ca_key.read_bytes(), None)
    ca = x509.load_pem_x509_certificate(made.ca.read_bytes())
    if not made.server_key.is_file():
        write_private(made.server_key, _pem(ec.generate_private_key(ec.SECP384R1())))
    key = serialization.load_pem_private_key(made.server_key.read_bytes(), None)
    public = key.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    until = min(datetime.now(UTC) + valid, ca.not_valid_after_utc)
    names = x509.SubjectAlternativeName(_alternative_names(host))
    server = _builder(_name(host), public, ca.subject, until)
    server = server.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    server = server.add_extension(_usage(signs_certificates=False), critical=True)
    server = server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    server = server.add_extension(names, critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key())  # type: ignore[arg-type]
    server = server.add_extension(issuer, critical=False)
    signed = server.sign(ca_key, hashes.SHA384())  # type: ignore[arg-type]
    made.server_certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def make_plant_key(private: Path, public: Path, plant: str) -> str:
    """Write a plant a key pair, and return the public half as one line.

    Raises:
        InputError: the name cannot be a file's, or there is a key already.
    """
    checked_name(plant, "plant's name")
    key = ec.generate_private_key(ec.SECP384R1())
    write_private(
        private,
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        ),
    )
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    public.write_text(f"{line} {plant}\n", "utf-8")
    return line


def make_credentials(folder: Path, plants: tuple[str, ...], host: str = LOOPBACK) -> Credentials:
    """Write new certificates and all plants' keys: for a trial, where one person has them all.

    Raises:
        InputError: no plants, a name that cannot be a file's or is there twice, or keys in the folder already.
    """
    if not plants or as_one(plants):
        raise InputError(", ".join(plants), "plants", "at least one name, and each once")
    for plant in plants:
        checked_name(plant, "plant's name")
    made = make_authority(folder, host)
    for plant in plants:
        make_plant_key(made.plant_key(plant), made.plant_public_key(plant), plant)
    return made


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone can read, once.

    Raises:
        InputError: it is there already.
    """
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(
            str(path), "file of a private key", "one that is not there; keys are not written over"
        ) from error
    with os.fdopen(opened, "wb") as file:
        file.write(content)


def expiry(certificate: Path) -> datetime:
    """When a certificate ends, UTC."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _alternative_names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    try:
        found: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        found = x509.DNSName(host)
    return names if found in names else [*names, found]


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    subject: x509.Name, public: ec.EllipticCurvePublicKey, issuer: x509.Name, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(datetime.now(UTC), until) - timedelta(minutes=5))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
