"""A page to come in by: a key, once, is kept as a cookie that scripts cannot read and other sites cannot send."""

from html import escape
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from api.gate import COOKIE
from chargewise.app.identity import Access

MOST_BYTES = 4096
KEPT_S = 30 * 86_400
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Chargewise</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem }}
input, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; margin: .4rem 0 }}
.problem {{ color: light-dark(#b71c1c, #ff8a80) }}
</style></head><body><h1>Chargewise</h1><form method="post">
<label for="key">Access key</label>
<input id="key" name="key" type="password" autocomplete="current-password" autofocus required>
<button>Log in</button></form><p class="problem" role="alert">{problem}</p>
<p>An administrator makes one with <code>chargewise keys make</code>.</p></body></html>"""


def install_login(app: FastAPI, access: Access) -> None:
    """Serve `/login` and `/logout`."""

    @app.get("/login", include_in_schema=False)
    def login() -> HTMLResponse:
        return HTMLResponse(PAGE.format(problem=""))

    @app.post("/login", include_in_schema=False)
    async def come_in(request: Request) -> Response:
        key = await _key(request)
        if key is None or await run_in_threadpool(access.principal, key) is None:
            problem = escape("This key is wrong, expired or revoked.")
            return HTMLResponse(PAGE.format(problem=problem), status_code=401)
        answer = RedirectResponse(f"{request.scope.get('root_path', '')}/", status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, key, max_age=KEPT_S, httponly=True, samesite="strict", secure=secure)
        return answer

    @app.post("/logout", include_in_schema=False)
    def leave(request: Request) -> Response:
        answer = RedirectResponse(f"{request.scope.get('root_path', '')}/login", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer


def install_way_to_pages(app: FastAPI, port: int) -> None:
    """Send whoever opens `/` to the process that serves the pages."""

    @app.get("/", include_in_schema=False)
    def pages(request: Request) -> Response:
        return RedirectResponse(str(request.url.replace(port=port)), status_code=307)


async def _key(request: Request) -> str | None:
    """What was typed; None for what is no such form."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    found = parse_qs(b"".join(parts).decode("ascii", "replace")).get("key", [])
    return found[0].strip() if len(found) == 1 else None
