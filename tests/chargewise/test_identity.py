"""People's tokens: the right ones come in with their role, every other one opens nothing."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chargewise.app.access import Role
from chargewise.app.identity import Access, OidcSettings, Tokens

ISSUER, AUDIENCE = "https://login.works.example", "chargewise"
Token = Callable[..., str]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def jwks_url(key: rsa.RSAPrivateKey) -> Iterator[str]:
    shown = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    document = json.dumps({"keys": [shown | {"kid": "one", "alg": "RS256", "use": "sig"}]}).encode()

    class Shown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Shown)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/certs"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def access(jwks_url: str) -> Access:
    return Access(tokens=Tokens(OidcSettings(issuer=ISSUER, audience=AUDIENCE, jwks_url=jwks_url)))


@pytest.fixture
def token(key: rsa.RSAPrivateKey) -> Token:
    def made(signed_with: Any = key, algorithm: str = "RS256", kid: str = "one", **changes: Any) -> str:
        now = time.time()
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": "4711", "iat": now, "exp": now + 300,
            "preferred_username": "erika", "chargewise_role": "engineer",
        }  # fmt: skip
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(kept, signed_with, algorithm=algorithm, headers={"kid": kid})

    return made


def test_a_person_comes_in_with_their_role_and_plants(access: Access, token: Token) -> None:
    found = access.principal(token())
    assert found is not None
    assert (found.name, found.role, found.plants) == ("erika", Role.ENGINEER, None)
    some = access.principal(token(chargewise_role=["viewer", "mes"], chargewise_plants=["northmill"]))
    assert some is not None
    assert (some.role, some.plants) == (Role.MES, frozenset({"northmill"}))
    assert access.needed()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another service"}, {"iss": "https://elsewhere.example"}, {"exp": 1.0}, {"exp": None}, {"sub": None},
        {"chargewise_role": None}, {"chargewise_role": "king"}, {"nbf": time.time() + 900}, {"kid": "another"},
    ],
)  # fmt: skip
def test_a_token_that_is_not_for_here_opens_nothing(access: Access, token: Token, changes: dict[str, Any]) -> None:
    assert access.principal(token(**changes)) is None


def test_a_token_that_somebody_else_signed_opens_nothing(access: Access, token: Token, key: rsa.RSAPrivateKey) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert access.principal(token(signed_with=other)) is None
    # With a secret that everybody knows, the public key itself, and with none at all.
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forged = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    content = f"{_part(json.dumps(forged).encode())}.{token().split('.')[1]}"
    signature = _part(hmac.digest(public, content.encode(), "sha256"))
    assert access.principal(f"{content}.{signature}") is None
    assert access.principal(token(signed_with=None, algorithm="none")) is None
    right = token()
    head, body, signature = right.split(".")
    assert access.principal(f"{head}.{body}.{signature[:-4]}AAAA") is None
    for nonsense in ("", "a.b.c", "eyJ", right[:-1] + "\n", "cw_0123456789ab_" + "A" * 43):
        assert access.principal(nonsense) is None


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def test_keys_that_cannot_be_fetched_open_nothing(token: Token) -> None:
    away = Access(tokens=Tokens(OidcSettings(issuer=ISSUER, audience=AUDIENCE, jwks_url="http://127.0.0.1:9/certs")))
    assert away.principal(token()) is None
