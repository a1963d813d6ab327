"""Keys made and revoked as people do it: each change with who made it, in the audit log."""

from chargewise.app.access import AccessKey, AccessKeys, Principal, Role
from chargewise.app.audit import Audit
from plant_adapters.store.database import Database
from steel.errors import InputError


def make_key(
    database: Database,
    by: Principal,
    name: str,
    role: Role,
    plants: tuple[str, ...] | None = None,
    valid_days: float | None = None,
) -> tuple[str, AccessKey]:
    """Make a key and write down who made it.

    Args:
        database: that keeps it.
        by: who makes it; who may see some plants only makes keys for these only.
        name: of who will use it.
        role: what it may.
        plants: that it may see; None for all.
        valid_days: after which it opens no more; for ever unless given.

    Returns:
        The key itself, which is shown this once, and what is kept of it.

    Raises:
        InputError: the name is empty or too long, a plant's name is none or not one of who makes it, or it would be
            valid for no time.
    """
    if not by.covers(plants):
        raise InputError(plants, "plants", f"some of {', '.join(sorted(by.plants or ()))}, which are {by.name}'s")
    key, made = AccessKeys(database).make(name, role, plants, by.name, valid_days)
    Audit(database).note(by.name, "key made", subject=made.key_id, name=made.name, role=made.role.value)
    return key, made


def administered(database: Database, by: Principal, key_id: str) -> AccessKey | None:
    """A key that somebody may administer; None where there is none of that id."""
    found = next((key for key in AccessKeys(database).all() if key.key_id == key_id), None)
    return found if found is not None and by.covers(found.plants) else None


def revoke_key(database: Database, by: str, key_id: str) -> AccessKey:
    """Revoke a key and write down who did.

    Raises:
        InputError: there is no such key.
    """
    found = AccessKeys(database).revoke(key_id)
    Audit(database).note(by, "key revoked", subject=found.key_id, name=found.name)
    return found
