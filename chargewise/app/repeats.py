"""Requests that are sent again because nobody knows whether they came: answered once, and told again what was said."""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plant_adapters.store.database import METADATA, Database

KEPT_S = 86_400.0
"""For how long an answer is told again."""
GIVEN_UP_S = 120.0
"""After which a request that began and did not end counts as never begun: its process is gone."""
KEYS = sa.Table(
    "idempotency_keys",
    METADATA,
    sa.Column("principal", sa.String, primary_key=True),
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("made_at", sa.Float, nullable=False),
    sa.Column("request_sha256", sa.String, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.JSON),
    sa.Column("body", sa.LargeBinary),
)


@dataclass(frozen=True)
class Answered:
    """What was answered.

    Attributes:
        headers: those that belong to it, such as its media type.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class OtherRequestError(Exception):
    """A key that was used for another request."""


class StillAnsweringError(Exception):
    """The same request is being answered at this moment."""


class Repeats:
    """Answers by the key that a client gave its request.

    Args:
        database: that keeps them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, principal: str, key: str, request_sha256: str) -> Answered | None:
        """Begin a request; what was answered if it was answered before.

        Raises:
            OtherRequestError: the key was used for another request.
            StillAnsweringError: the same request is being answered.
        """
        now, of = time.time(), (KEYS.c.principal == principal) & (KEYS.c.key == key)
        fresh = {"principal": principal, "key": key, "made_at": now, "request_sha256": request_sha256}
        with self._database.writing() as connection:
            stale = (KEYS.c.made_at < now - KEPT_S) | (KEYS.c.status.is_(None) & (KEYS.c.made_at < now - GIVEN_UP_S))
            connection.execute(sa.delete(KEYS).where(stale))
            row = connection.execute(sa.select(KEYS).where(of)).mappings().first()
            if row is None:
                try:
                    with connection.begin_nested():
                        connection.execute(sa.insert(KEYS), fresh)
                except IntegrityError:
                    raise StillAnsweringError from None
                return None
        return _answered(row, request_sha256)

    def end(self, principal: str, key: str, answered: Answered | None) -> None:
        """Keep what was answered, or forget a request that had no answer worth keeping."""
        of = (KEYS.c.principal == principal) & (KEYS.c.key == key)
        with self._database.writing() as connection:
            if answered is None:
                connection.execute(sa.delete(KEYS).where(of))
            else:
                connection.execute(sa.update(KEYS).where(of).values(vars(answered)))


def _answered(row: "sa.RowMapping", request_sha256: str) -> Answered:
    if row["request_sha256"] != request_sha256:
        raise OtherRequestError
    if row["status"] is None:
        raise StillAnsweringError
    headers: dict[str, Any] = row["headers"]
    return Answered(int(row["status"]), headers, bytes(row["body"]))
