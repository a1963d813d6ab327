"""`chargewise keys`: who may use the service."""

from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.access import AccessKey, AccessKeys, Principal, Role
from chargewise.app.keys import make_key, revoke_key
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, out, print_json, reporting_errors

app = typer.Typer(no_args_is_help=True, help="Who may use the service: keys made, listed, revoked.")


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Who will use it, such as mes-line-1.")],
    role: Annotated[Role, typer.Option(help="What it may.")],
    plant: Annotated[
        list[str] | None, typer.Option("--plant", "-p", help="It sees this one; all unless given.")
    ] = None,
    valid_days: Annotated[float | None, typer.Option(help="After which it opens no more.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown once. From the first key on, nobody asks the service without one."""
    with reporting_errors():
        database = Workplace().store.database
        key, made = make_key(
            database, Principal(getuser(), Role.ADMIN), name, role, tuple(plant) if plant else None, valid_days
        )
        if as_json:
            print_json({"key": key, **_shown(made)})
            return
        out.print(key, soft_wrap=True)
        err.print(f"{made.name} is {made.role}. This is the only time the key is shown; only its hash is kept.")


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Every key that was made, but for what opens."""
    with reporting_errors():
        found = AccessKeys(Workplace().store.database).all()
        if as_json:
            print_json([_shown(key) for key in found])
            return
        table = Table("key", "name", "role", "plants", "made", "last used", "state")
        for key in found:
            table.add_row(
                key.key_id, key.name, key.role.value, "all" if key.plants is None else ", ".join(key.plants),
                _time(key.created_at), _time(key.last_used_at), _state(key),
            )  # fmt: skip
        out.print(table)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")], as_json: AsJson = False
) -> None:
    """A key opens no more, from within a second on."""
    with reporting_errors():
        found = revoke_key(Workplace().store.database, getuser(), key)
        if as_json:
            print_json(_shown(found))
        else:
            out.print(f"{found.key_id} of {found.name} opens no more", markup=False)


def _shown(key: AccessKey) -> dict[str, object]:
    return {**vars(key), "role": key.role.value}


def _state(key: AccessKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_time(key.revoked_at)}"
    now = datetime.now(UTC).timestamp()
    return "works" if key.works(now) else f"expired {_time(key.expires_at)}"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="minutes")
