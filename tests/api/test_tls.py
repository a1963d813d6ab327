"""TLS by file: the service speaks it and nothing else, and its cookie goes over nothing else."""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chargewise.app.access import AccessKeys, Role
from federation.engine import free_port
from plant_adapters.store.database import Database
from tests.conftest import Installation


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return paths


@pytest.mark.slow
def test_the_service_speaks_tls_and_nothing_else(installation: Installation, tmp_path: Path) -> None:
    cert, key_file = certificate(tmp_path)
    # From the first key on everybody needs one: others share the installation.
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    database = Database(f"sqlite:///{home / 'heats.db'}")
    keys, port = AccessKeys(database), free_port()
    key, _ = keys.make("a person", Role.VIEWER, None, "a test")
    environment = {
        **os.environ, "CHARGEWISE_HOME": str(home), "CHARGEWISE_TLS_CERTIFICATE": str(cert),
        "CHARGEWISE_TLS_KEY": str(key_file), "CHARGEWISE_JOBS": "0",
    }  # fmt: skip
    command = [sys.executable, "-m", "chargewise.commands.cli", "serve", "--port", str(port), "--json"]
    service = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    trust = ssl.create_default_context(cafile=str(cert))
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                ready = httpx.get(f"https://127.0.0.1:{port}/readyz", verify=trust, timeout=5)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the service did not start"
                time.sleep(0.2)
        assert ready.status_code == 200
        assert "max-age" in ready.headers["strict-transport-security"]
        come_in = httpx.post(f"https://127.0.0.1:{port}/login", data={"key": key}, verify=trust)
        assert "Secure" in come_in.headers["set-cookie"]
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"https://127.0.0.1:{port}/readyz", timeout=5)
        old = ssl.create_default_context(cafile=str(cert))
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx.TransportError):
            httpx.get(f"https://127.0.0.1:{port}/readyz", verify=old, timeout=5)
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(40)
        database.close()
