"""Keys made and revoked as people do it: each change with who made it, in the audit log."""

from chargewise.app.access import AccessKey, AccessKeys, Role
from chargewise.app.audit import Audit
from plant_adapters.store.database import Database


def make_key(
    database: Database,
    by: str,
    name: str,
    role: Role,
    plants: tuple[str, ...] | None = None,
    valid_days: float | None = None,
) -> tuple[str, AccessKey]:
    """Make a key and write down who made it.

    Args:
        database: that keeps it.
        by: who makes it.
        name: of who will use it.
        role: what it may.
        plants: that it may see; None for all.
        valid_days: after which it opens no more; for ever unless given.

    Returns:
        The key itself, which is shown this once, and what is kept of it.

    Raises:
        InputError: the name is empty or too long, a plant's name is none, or it would be valid for no time.
    """
    key, made = AccessKeys(database).make(name, role, plants, by, valid_days)
    Audit(database).note(by, "key made", subject=made.key_id, name=made.name, role=made.role.value)
    return key, made


def revoke_key(database: Database, by: str, key_id: str) -> AccessKey:
    """Revoke a key and write down who did.

    Raises:
        InputError: there is no such key.
    """
    found = AccessKeys(database).revoke(key_id)
    Audit(database).note(by, "key revoked", subject=found.key_id, name=found.name)
    return found
