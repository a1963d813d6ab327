"""A page to come in by: a key, once, is kept as a cookie that scripts cannot read and other sites cannot send."""

from html import escape

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from api.gate import COOKIE
from api.simple_page import form_of, html_page
from chargewise.app.identity import Access

KEPT_S = 30 * 86_400
FORM = """<form method="post">
<label for="key">Access key</label>
<input id="key" name="key" type="password" autocomplete="current-password" autofocus required>
<button>Log in</button></form><p class="problem" role="alert">{problem}</p>
<p>An administrator makes one with <code>chargewise keys make</code>.</p>"""


def install_login(app: FastAPI, access: Access) -> None:
    """Serve `/login` and `/logout`."""

    @app.get("/login", include_in_schema=False)
    def login() -> HTMLResponse:
        return HTMLResponse(_page())

    @app.post("/login", include_in_schema=False)
    async def come_in(request: Request) -> Response:
        key = (await form_of(request)).get("key", "")
        if await run_in_threadpool(access.principal, key) is None:
            return HTMLResponse(_page("This key is wrong, expired or revoked."), status_code=401)
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


def _page(problem: str = "") -> str:
    return html_page("Chargewise", FORM.format(problem=escape(problem)))
