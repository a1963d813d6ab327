"""Who may do what at which plant: roles, and the keys that carry them; of a key only its hash is kept."""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from plant_adapters.store.database import METADATA, Database
from steel.errors import InputError
from steel.names import checked_name

ACCESS_KEYS = sa.Table(
    "access_keys",
    METADATA,
    sa.Column("key_id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False, unique=True),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("plants", sa.JSON),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("expires_at", sa.Float),
    sa.Column("revoked_at", sa.Float),
    sa.Column("last_used_at", sa.Float),
)
KEY = re.compile(r"cw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
REMEMBERED_S = 1.0
"""For how long a key that was looked up counts without being looked up again; as long may a revoked one still work."""
USED_EVERY_S = 60.0
"""How often it is noted that a key is in use."""
SECONDS_PER_DAY = 86_400.0


class Right(StrEnum):
    """Something that may be done."""

    READ = "read"
    ASK = "ask for recipes"
    REPORT = "report heats and stock"
    DECIDE = "decide on recipes"
    CHANGE = "change plants and prices"
    TEACH = "train and activate models"
    ADMINISTER = "administer keys"


class Role(StrEnum):
    """What a key may do."""

    VIEWER = "viewer"
    MES = "mes"
    ENGINEER = "engineer"
    SCIENTIST = "scientist"
    ADMIN = "admin"

    @property
    def rights(self) -> frozenset[Right]:
        """What it may."""
        return _RIGHTS[self]


_RIGHTS = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.MES: frozenset({Right.READ, Right.ASK, Right.REPORT}),
    Role.ENGINEER: frozenset({Right.READ, Right.ASK, Right.REPORT, Right.DECIDE, Right.CHANGE}),
    Role.SCIENTIST: frozenset({Right.READ, Right.ASK, Right.TEACH}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes:
        name: of the key or the person.
        plants: that it may see; None for all.
    """

    name: str
    role: Role
    plants: frozenset[str] | None = None

    def may(self, right: Right) -> bool:
        """Whether its role has a right."""
        return right in self.role.rights

    def sees(self, plant: str) -> bool:
        """Whether it may see a plant."""
        return self.plants is None or plant in self.plants

    def covers(self, plants: tuple[str, ...] | None) -> bool:
        """Whether it may see all that a key may see, and so administer it."""
        return self.plants is None or (plants is not None and self.plants.issuperset(plants))


LOCAL = Principal("local", Role.ADMIN)
"""Whoever sits at the machine, where a service without keys listens on loopback only."""


@dataclass(frozen=True)
class AccessKey:
    """A key as it is shown: all but what opens.

    Attributes:
        key_id: by which it is named; begins the key.
        plants: that it may see; None for all.
        created_at: seconds since 1970, UTC; as are the others.
    """

    key_id: str
    name: str
    role: Role
    plants: tuple[str, ...] | None
    created_at: float
    created_by: str
    expires_at: float | None
    revoked_at: float | None
    last_used_at: float | None

    def works(self, now: float) -> bool:
        """Whether it opens at a time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class AccessKeys:
    """The keys of one installation; safe to share between threads.

    Args:
        database: that keeps them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[str, tuple[float, str, AccessKey]] = {}
        self._any: tuple[float, bool] = (-REMEMBERED_S, False)

    def make(
        self, name: str, role: Role, plants: tuple[str, ...] | None, by: str, valid_days: float | None = None
    ) -> tuple[str, AccessKey]:
        """Make a key.

        Args:
            name: of who will use it.
            role: what it may.
            plants: that it may see; None for all.
            by: who makes it.
            valid_days: after which it opens no more; for ever unless given.

        Returns:
            The key itself, which is shown this once, and what is kept of it.

        Raises:
            InputError: the name is empty or too long, a plant's name is none, or it would be valid for no time.
        """
        if not 1 <= len(name.strip()) <= 100 or not name.isprintable():
            raise InputError(name[:50], "name", "who will use the key, in 1 to 100 printable characters")
        if valid_days is not None and valid_days <= 0:
            raise InputError(valid_days, "valid_days", "a number of days above 0")
        for plant in plants or ():
            checked_name(plant, "plant")
        key_id, secret, now = secrets.token_hex(6), secrets.token_urlsafe(32), time.time()
        expires = None if valid_days is None else now + SECONDS_PER_DAY * valid_days
        made = AccessKey(key_id, name.strip(), role, plants, now, by, expires, None, None)
        row = {**vars(made), "role": role.value, "sha256": _sha256(secret)}
        with self._database.writing() as connection:
            connection.execute(sa.insert(ACCESS_KEYS), {**row, "plants": None if plants is None else list(plants)})
        self._any = (0.0, True)
        return f"cw_{key_id}_{secret}", made

    def all(self) -> list[AccessKey]:
        """Every key that was ever made, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(ACCESS_KEYS).order_by(ACCESS_KEYS.c.created_at)).mappings().all()
        return [_key(row) for row in rows]

    def revoke(self, key_id: str) -> AccessKey:
        """A key opens no more.

        Raises:
            InputError: there is no such key.
        """
        of = ACCESS_KEYS.c.key_id == key_id
        with self._database.writing() as connection:
            row = connection.execute(sa.select(ACCESS_KEYS).where(of)).mappings().first()
            if row is None:
                raise InputError(key_id[:50], "key", "the id of a key; `chargewise keys list` has them")
            if row["revoked_at"] is None:
                connection.execute(sa.update(ACCESS_KEYS).where(of).values(revoked_at=time.time()))
            found = _key(connection.execute(sa.select(ACCESS_KEYS).where(of)).mappings().one())
        self._remembered.pop(key_id, None)
        return found

    def there_are(self) -> bool:
        """Whether any key was ever made: from then on nobody asks without one."""
        known, now = self.remembered(), time.monotonic()
        if known is None:
            with self._database.reading() as connection:
                found = connection.scalar(sa.select(ACCESS_KEYS.c.key_id).limit(1)) is not None
            self._any = (now, found)
        return self._any[1]

    def remembered(self) -> bool | None:
        """The same as it was found within the last second; None where it was not looked for."""
        known = self._any[1] or time.monotonic() - self._any[0] < REMEMBERED_S
        return self._any[1] if known else None

    def principal(self, key: str) -> Principal | None:
        """Who a key stands for; None for one that opens nothing."""
        parts = KEY.fullmatch(key)
        if parts is None:
            return None
        found = self._looked_up(parts[1])
        if found is None or not hmac.compare_digest(found[0], _sha256(parts[2])):
            return None
        known, now = found[1], time.time()
        if not known.works(now):
            return None
        if known.last_used_at is None or now - known.last_used_at > USED_EVERY_S:
            self._note_use(known.key_id, now)
        return Principal(known.name, known.role, None if known.plants is None else frozenset(known.plants))

    def _looked_up(self, key_id: str) -> tuple[str, AccessKey] | None:
        now, remembered = time.monotonic(), self._remembered.get(key_id)
        if remembered is not None and now - remembered[0] < REMEMBERED_S:
            return remembered[1:]
        with self._database.reading() as connection:
            row = connection.execute(sa.select(ACCESS_KEYS).where(ACCESS_KEYS.c.key_id == key_id)).mappings().first()
        if row is None:
            return None
        self._remembered[key_id] = (now, row["sha256"], _key(row))
        return row["sha256"], self._remembered[key_id][2]

    def _note_use(self, key_id: str, now: float) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.update(ACCESS_KEYS).where(ACCESS_KEYS.c.key_id == key_id).values(last_used_at=now))
        self._remembered.pop(key_id, None)


def _key(row: "sa.RowMapping") -> AccessKey:
    kept: dict[str, Any] = {name: value for name, value in row.items() if name not in ("sha256", "role", "plants")}
    plants = None if row["plants"] is None else tuple(row["plants"])
    return AccessKey(**kept, role=Role(row["role"]), plants=plants)


def _sha256(secret: str) -> str:
    # The secret has 256 random bits: nothing slower than SHA-256 makes it harder to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
