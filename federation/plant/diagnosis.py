"""Why a coordinator cannot be reached, in words a person can act on."""

import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

CLOCKS_S = 5.0
"""Difference of two clocks that Flower's logins bear."""
LOOK_S = 5.0
EXPIRED, NOT_YET, WRONG_NAME, WRONG_ADDRESS = 10, 9, 62, 64
"""OpenSSL's numbers of what is wrong with a certificate."""
UNAUTHORISED, SERVER_FAULT = 401, 500
_OTHER_NAMES = "its certificate is for other names than {host}; `federation renew --host` at the coordinator sets them"
_CERTIFICATES = {
    EXPIRED: "its certificate has expired; the coordinator's operator renews it: chargewise federation renew",
    NOT_YET: "its certificate is not valid yet; is this machine's clock behind?",
    WRONG_NAME: _OTHER_NAMES,
    WRONG_ADDRESS: _OTHER_NAMES,
}


def why(error: Exception, address: str, ca: Path) -> str:
    """What is wrong between this plant and its coordinator.

    Args:
        error: that talking to it ended with.
        address: HOST:PORT.
        ca: certificate of the authority that it is trusted under.
    """
    host, _, port = address.rpartition(":")
    if isinstance(error, httpx.HTTPStatusError):
        return _status(error.response)
    return _below(host.strip("[]"), int(port), ca) or f"it broke off: {error}"


def _below(host: str, port: int, ca: Path) -> str:
    """What is wrong with name, port or TLS; empty if nothing is."""
    try:
        plain = socket.create_connection((host, port), LOOK_S)
    except socket.gaierror:
        return f"no machine of the name {host} is known"
    except ConnectionRefusedError:
        return f"nobody listens at {host}:{port}: the coordinator is not running, or the port is another"
    except (TimeoutError, OSError) as error:
        return f"{host}:{port} does not answer ({error}): is a firewall between?"
    with plain:
        return _tls(plain, host, ca)


def _tls(plain: socket.socket, host: str, ca: Path) -> str:
    try:
        context = ssl.create_default_context(cafile=str(ca))
        with context.wrap_socket(plain, server_hostname=host):
            return ""
    except ssl.SSLCertVerificationError as error:
        usual = f"its certificate is not of the authority in {ca} ({error.verify_message})"
        return _CERTIFICATES.get(error.verify_code, usual).format(host=host)
    except ssl.SSLError:
        return "something answers that speaks no TLS, such as a proxy's or another service's page"
    except OSError as error:
        return f"it hangs up before a word is said ({error}): is a proxy between?"


def _status(response: httpx.Response) -> str:
    if response.status_code == UNAUTHORISED:
        ahead = _ahead_s(response)
        if abs(ahead) > CLOCKS_S:
            return (
                f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the coordinator's"
            )
        return "it does not know this plant's key any more; was the plant revoked?"
    if response.status_code >= SERVER_FAULT:
        code = response.status_code
        return f"it cannot answer just now (HTTP {code}): it is ending or has a fault, or a proxy answers in its place"
    if "octet" in response.headers.get("content-type", "") or _is_flowers(response):
        return (
            "it does not know this plant's key (`federation invite` lets a plant in), or counts an earlier connection"
        )
    return f"what answers there is no coordinator (HTTP {response.status_code}), but perhaps a proxy's page"


def _is_flowers(response: httpx.Response) -> bool:
    return "json" in response.headers.get("content-type", "")


def _ahead_s(response: httpx.Response) -> float:
    """Seconds by which this machine's clock is ahead of the one that answered; 0 where it does not tell."""
    try:
        theirs = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError, TypeError):
        return 0.0
    return (datetime.now(UTC) - theirs.replace(tzinfo=UTC)).total_seconds()
