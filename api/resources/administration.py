"""`/v1/keys` and `/v1/audit`: who may use the service, and who changed what."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.gate import needs
from api.problems import ForbiddenError, UnknownResourceError
from api.resources.common import App, Asking, at_utc, at_utc_if
from chargewise.app import keys
from chargewise.app.access import AccessKey, AccessKeys, Right, Role
from chargewise.app.audit import Audit
from steel.frozen import Frozen
from steel.quantities import Number
from steel.texts import NameLine

router = APIRouter(prefix="/v1", tags=["administration"], dependencies=[needs(Right.ADMINISTER)])
EXAMPLE: dict[str, Any] = {"name": "mes-line-1", "role": "mes", "plants": ["northmill"], "valid_days": 365}


class KeyRequest(Frozen):
    """A key to be made.

    Attributes:
        name: who will use it.
        plants: that it may see; all unless given.
        valid_days: after which it opens no more; for ever unless given.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Annotated[NameLine, Field(max_length=100)]
    role: Role
    plants: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)] | None = None
    valid_days: Annotated[Number, Field(gt=0, le=36_500)] | None = None


class KeyShown(Frozen):
    """A key, all but what opens.

    Attributes:
        plants: that it may see; None for all.
    """

    key_id: str
    name: str
    role: Role
    plants: tuple[str, ...] | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: AccessKey) -> "KeyShown":
        """What is shown of a key."""
        return cls(
            key_id=key.key_id, name=key.name, role=key.role, plants=key.plants, created_by=key.created_by,
            created_at=at_utc(key.created_at), expires_at=at_utc_if(key.expires_at),
            revoked_at=at_utc_if(key.revoked_at), last_used_at=at_utc_if(key.last_used_at),
        )  # fmt: skip


class KeyMade(KeyShown):
    """A key that was just made.

    Attributes:
        key: itself; shown this once.
    """

    key: str


class ChangeMade(Frozen):
    """Something that was changed, and by whom."""

    number: int
    at: datetime
    principal: str
    action: str
    plant: str
    subject: str
    details: dict[str, Any]


@router.post("/keys", status_code=201)
def make_key(asked: KeyRequest, app: App, asking: Asking) -> KeyMade:
    """Make a key; who may see some plants only makes keys for these only."""
    key, made = keys.make_key(app.database, asking, asked.name, asked.role, asked.plants, asked.valid_days)
    return KeyMade(**dict(KeyShown.of(made)), key=key)


@router.get("/keys")
def list_keys(app: App, asking: Asking) -> list[KeyShown]:
    """Every key that was made, the oldest first."""
    return [KeyShown.of(key) for key in AccessKeys(app.database).all() if asking.covers(key.plants)]


@router.delete("/keys/{key_id}", responses={404: {"description": "No such key"}})
def revoke_key(key_id: str, app: App, asking: Asking) -> KeyShown:
    """A key opens no more, from a second later on."""
    if keys.administered(app.database, asking, key_id) is None:
        raise UnknownResourceError(key_id[:50], "key", "the id of a key")
    return KeyShown.of(keys.revoke_key(app.database, asking.name, key_id))


@router.get("/audit")
def read_audit(
    app: App,
    asking: Asking,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> list[ChangeMade]:
    """The newest changes, the newest first; those before a number of one."""
    if asking.plants is not None:
        raise ForbiddenError(f"{asking.name} administers some plants only; the audit log is of all")
    found = Audit(app.database).changes(limit, before)
    return [ChangeMade(**{**vars(one), "at": at_utc(one.at)}) for one in found]
