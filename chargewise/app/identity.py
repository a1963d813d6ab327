"""Who a credential stands for: a key of this installation's, or a person's token from the works' own login (OIDC)."""

from dataclasses import dataclass, field
from typing import Any

import jwt
from pydantic import BaseModel

from chargewise.app.access import AccessKeys, Principal, Role
from steel.errors import InputError

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "EdDSA")
"""Signatures that need a public key only: none that a service could forge itself."""
LEEWAY_S = 30.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names of this machine that reach nobody else."""


class OidcSettings(BaseModel):
    """The works' own login.

    Attributes:
        issuer: as tokens name it.
        audience: that tokens must be made for.
        jwks_url: where its public keys are.
        role_claim: claim that holds a role, or a list of which one is.
        plants_claim: claim that lists plants; all where a token has none.
        name_claim: claim that names the person.
    """

    issuer: str
    audience: str
    jwks_url: str
    role_claim: str = "chargewise_role"
    plants_claim: str = "chargewise_plants"
    name_claim: str = "preferred_username"


class Tokens:
    """People's tokens (JWT), checked against their issuer's public keys.

    Args:
        settings: of the issuer.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._keys = jwt.PyJWKClient(settings.jwks_url, cache_keys=True, timeout=5)

    def principal(self, token: str) -> Principal | None:
        """Who a token stands for; None for one that is wrong, expired, another's, or gives no role."""
        settings = self._settings
        try:
            key = self._keys.get_signing_key_from_jwt(token).key
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=list(ALGORITHMS), audience=settings.audience, issuer=settings.issuer,
                leeway=LEEWAY_S, options={"require": ["exp", "iat", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError:
            return None
        given = claims.get(settings.role_claim, [])
        roles = [Role(one) for one in ([given] if isinstance(given, str) else given) if one in list(Role)]
        if not roles:
            return None
        # Of several the one that may most.
        role = max(roles, key=lambda one: len(one.rights))
        plants = claims.get(settings.plants_claim)
        name = str(claims.get(settings.name_claim) or claims["sub"])
        return Principal(name, role, None if plants is None else frozenset(map(str, plants)))


@dataclass
class Access:
    """Who may come in at one service.

    Attributes:
        keys: of this installation; None for a service inside one process, which asks for none.
        tokens: of the works' own login.
        loopback_only: whether it answers this machine only, for it has no keys.
    """

    keys: AccessKeys | None = None
    tokens: Tokens | None = None
    loopback_only: bool = field(default=False)

    def needed(self) -> bool:
        """Whether a credential is needed."""
        return self.tokens is not None or (self.keys is not None and self.keys.there_are())

    def needed_as_remembered(self) -> bool | None:
        """The same without asking the database; None where it must be asked."""
        if self.tokens is not None:
            return True
        return False if self.keys is None else self.keys.remembered()

    def principal(self, credential: str) -> Principal | None:
        """Who a credential stands for; None for one that opens nothing."""
        if credential.startswith("cw_"):
            return None if self.keys is None else self.keys.principal(credential)
        if credential and self.tokens is not None:
            return self.tokens.principal(credential)
        return None


def checked_start(access: Access, host: str) -> Access:
    """The access of a service that is to listen on an address.

    Raises:
        InputError: others than this machine could reach it, and nobody would be asked for a key.
    """
    if access.needed():
        return access
    if host not in LOOPBACK:
        expected = "127.0.0.1, or a key: `chargewise keys make` makes one, and from then on everybody needs one"
        raise InputError(host, "--host", expected)
    return Access(access.keys, access.tokens, loopback_only=True)
