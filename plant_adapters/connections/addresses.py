"""Where a plant's servers are, and as whom we ask them; passwords are the environment's, never a file's."""

import os
from typing import Annotated, Self

from pydantic import Field, model_validator

from steel.errors import InputError
from steel.frozen import Frozen
from steel.quantities import Number

EverySeconds = Annotated[Number, Field(ge=0.1, le=86_400)]
TimeoutSeconds = Annotated[Number, Field(ge=0.5, le=600)]


class DatabaseAddress(Frozen):
    """Where a database is.

    Attributes:
        url: SQLAlchemy URL without a password.
        url_env: name of a variable of the environment that holds the URL, password and all.

    Raises:
        ValueError: there is no URL, or two.
    """

    url: str | None = None
    url_env: str | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("url, or url_env where it holds a password; one of them")
        return self

    def found(self, name: str) -> str:
        """The URL.

        Raises:
            InputError: the environment does not hold it.
        """
        return self.url if self.url is not None else secret(str(self.url_env), f"url_env of {name}")


class MqttAddress(Frozen):
    """Where a broker is.

    Attributes:
        username: as whom; `password_env` names the variable that holds the password.
        tls: "system" for the machine's own certificate authorities, or the file of others; none without.
        client_id: by which the broker knows a session again; plant and connection unless given.
        health: topic that says, retained, whether we are there.
    """

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 1883
    username: str | None = None
    password_env: str | None = None
    tls: str | None = None
    client_id: str | None = None
    health: str = ""
    timeout_s: TimeoutSeconds = 10.0


class OpcUaAddress(Frozen):
    """Where an OPC UA server is, and what of it we see.

    Attributes:
        url: `opc.tcp://HOST:PORT/PATH`.
        namespace: URI of the nodes' names.
        base: browse path under `Objects` from which nodes are named, such as "Scales/Basket1".
        username: as whom; `password_env` names the variable that holds the password.
        security: policy and mode, such as "Basic256Sha256,SignAndEncrypt"; none without.
        certificate: ours, a file; the server must trust it.
        private_key: of it, a file.
        server_certificate: the server's, a file: no other one is talked to.
        application_uri: that our certificate is made out to.
    """

    url: Annotated[str, Field(pattern=r"^opc\.tcp://")]
    namespace: Annotated[str, Field(min_length=1)]
    base: str = ""
    username: str | None = None
    password_env: str | None = None
    security: str | None = None
    certificate: str | None = None
    private_key: str | None = None
    server_certificate: str | None = None
    application_uri: str | None = None
    timeout_s: TimeoutSeconds = 10.0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        files = (self.certificate, self.private_key, self.server_certificate)
        if (self.security is None) != (None in files) or (self.security is None and any(files)):
            raise ValueError("security comes with certificate, private_key and server_certificate, all or none")
        return self


def secret(name: str, where: str) -> str:
    """What a variable of the environment holds.

    Raises:
        InputError: there is none of that name.
    """
    if name not in os.environ:
        raise InputError(name, where, "a variable of the environment that holds it")
    return os.environ[name]
