"""A page for administrators at `/keys`: who may use the service, keys made and revoked."""

from datetime import UTC, datetime
from html import escape

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from api import context
from api.gate import needs
from api.simple_page import form_of, html_page
from chargewise.app.access import AccessKey, AccessKeys, Right, Role
from chargewise.app.application import Application
from chargewise.app.keys import administered, make_key, revoke_key
from steel.errors import InputError

FORM = """<h2>Make a key</h2><form method="post"><div class="fields">
<label>For whom<input name="name" required maxlength="100" placeholder="mes-line-1"></label>
<label>Role<select name="role">{roles}</select></label>
<label>Plants, all if empty<input name="plants" placeholder="{plants}"></label>
<label>Valid for days, ever if empty<input name="valid_days" inputmode="numeric"></label></div>
<button name="do" value="make">Make</button></form>"""


def install_keys_page(app: FastAPI, application: Application) -> None:
    """Serve `/keys` to administrators."""

    @app.get("/keys", include_in_schema=False, dependencies=[needs(Right.ADMINISTER)])
    def keys() -> HTMLResponse:
        return _shown(application)

    @app.post("/keys", include_in_schema=False, dependencies=[needs(Right.ADMINISTER)])
    async def change(request: Request) -> Response:
        form = await form_of(request)
        return await run_in_threadpool(_changed, application, form)


def _changed(application: Application, form: dict[str, str]) -> HTMLResponse:
    """Make or revoke a key, and show what there is."""
    asking, database = context.principal.get(), application.database
    try:
        if form.get("do") == "revoke":
            if administered(database, asking, form.get("key_id", "")) is None:
                raise InputError(form.get("key_id", "")[:20], "key_id", "the id of a key")
            found = revoke_key(database, asking.name, form["key_id"])
            return _shown(application, f"<p>{escape(found.name)}'s key opens no more.</p>")
        plants = tuple(one.strip() for one in form.get("plants", "").split(",") if one.strip()) or None
        days = form.get("valid_days", "")
        if days and not days.replace(".", "", 1).isdigit():
            raise InputError(days[:20], "valid_days", "a number of days, or nothing")
        if form.get("role") not in list(Role):
            raise InputError(form.get("role", "")[:20], "role", f"one of {', '.join(Role)}")
        key, made = make_key(
            database, asking, form.get("name", ""), Role(form["role"]), plants, float(days) if days else None
        )  # fmt: skip
    except InputError as error:
        return _shown(application, f'<p class="problem" role="alert">{escape(str(error))}</p>', 422)
    told = f"<p>The key of {escape(made.name)}; it is shown this once:</p>"
    return _shown(application, f'{told}<p class="key" role="status">{escape(key)}</p>')


def _shown(application: Application, told: str = "", status: int = 200) -> HTMLResponse:
    asking = context.principal.get()
    keys = [key for key in AccessKeys(application.database).all() if asking.covers(key.plants)]
    rows = "".join(_row(key) for key in keys)
    table = (
        "<div class='wide'><table><tr><th>for</th><th>role</th><th>plants</th><th>made</th><th>last used</th>"
        f"<th>state</th></tr>{rows}</table></div>"
        if keys
        else "<p>No key was made yet: the service answers this machine only, and asks nobody.</p>"
    )
    roles = "".join(f'<option value="{role}">{role}</option>' for role in Role)
    plants = escape(", ".join(name for name in application.names() if asking.sees(name)))
    page = html_page("Keys", told + table + FORM.format(roles=roles, plants=plants), "60rem", "2rem")
    # A key must not stay behind in a browser's or a proxy's memory.
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


def _row(key: AccessKey) -> str:
    now = datetime.now(UTC).timestamp()
    plants = "all" if key.plants is None else ", ".join(key.plants)
    if key.works(now):
        state = (
            f'<form method="post"><input type="hidden" name="key_id" value="{escape(key.key_id)}">'
            f'<button name="do" value="revoke" aria-label="Revoke {escape(key.name)}">Revoke</button></form>'
        )
    else:
        state = "revoked" if key.revoked_at is not None else "expired"
    cells = (key.name, key.role.value, plants, _day(key.created_at), _day(key.last_used_at))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + f"<td>{state}</td></tr>"


def _day(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
