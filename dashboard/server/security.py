"""Who is answered, and what browsers are told to forbid.

A web page from elsewhere can make a browser send requests to 127.0.0.1, and a name under an attacker's control can be
made to mean 127.0.0.1 (DNS rebinding): the `Origin` header tells the one, the `Host` header the other. Another user of
this machine can connect to it as well: the owner of the connection's other end tells that. Where a token is asked for,
it decides instead.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers as Received
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from streamlit import file_util

from annscope.core.errors import shortened
from annscope.dashboard.server import owners
from annscope.dashboard.server.access import Access, configured

HEALTH = "/_stcore/health"
"""Says that the server is there, and nothing else: those who watch over a container ask for it without a token."""


def content_security_policy(host: str) -> str:
    """What a page of ours may load, run and talk to, as strict as Streamlit's own code allows.

    Its components' code comes as blobs, and its styles are written into the page.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {' '.join(_inline_scripts())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            # Not every browser takes 'self' for a WebSocket too.
            f"connect-src 'self' ws://{host} wss://{host}",
            "media-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _inline_scripts() -> list[str]:
    """The hashes of the scripts that stand in Streamlit's page."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    found = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found]


class Headers:
    """Puts the headers that protect a browser on every answer, errors among them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._policy = content_security_policy("HOST").split("HOST")
        self._fixed = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        host = Received(scope=scope).get("host", "")
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(self._fixed)
                headers["content-security-policy"] = _safe(host).join(self._policy)
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        except Exception:
            if scope["type"] == "http" and not started:
                error = "Something went wrong in annscope; the terminal it was started in says what."
                await JSONResponse({"error": error}, status_code=500)(scope, receive, with_headers)
            raise


def _safe(host: str) -> str:
    """A Host as it may stand in a header; a wrong one is refused, and its answer needs no WebSocket."""
    return host if re.fullmatch(r"[A-Za-z0-9.:_\-\[\]]{1,255}", host) else "127.0.0.1"


class Guard:
    """Answers 403, with a sentence, to every request of whom the dashboard is not for."""

    def __init__(self, app: ASGIApp, access: Access | None = None) -> None:
        self.app = app
        self.access = access or configured()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        response = self._refusal(scope)
        if response is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(response)
        else:
            await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Received(scope=scope)
        why = why_foreign(headers, self.access)
        if why is None and self.access.token is None:
            why = why_a_stranger(scope, headers)
        elif why is None and not self._has_token(headers) and scope["path"] != HEALTH:
            response = self._entrance(scope)
            if response is not None:
                return response
            why = "This dashboard asks for its token: open the address that it printed, which ends in ?token=..."
        return None if why is None else JSONResponse({"error": why}, status_code=403)

    def _has_token(self, headers: Received) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self.access.cookie)
        except CookieError:
            return False
        return cookie is not None and self.access.is_ticket(cookie.value)

    def _entrance(self, scope: Scope) -> Response | None:
        """For the token in the address: a cookie, and the way to the address without it."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = dict(query).get("token")
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or given is None:
            return None
        if not self.access.is_token(given):
            return None
        # One slash: with two, the rest would be another machine's name.
        target = "/" + quote(scope["path"].lstrip("/"))
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        response = Response(status_code=303, headers={"location": f"{target}?{rest}" if rest else target})
        response.set_cookie(
            self.access.cookie, self.access.ticket, httponly=True, samesite="strict", secure=scope["scheme"] == "https"
        )
        response.headers["cache-control"] = "no-store"
        return response


def why_foreign(headers: Received, access: Access) -> str | None:
    """One sentence on why a request with these headers is none of ours; None when it is."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if not access.answers_to(host):
        port = access.port
        return (
            f"This dashboard does not answer as {shortened(host)!r}: on another machine, open "
            f"http://localhost:{port} after `ssh -L {port}:localhost:{port} HOST` there, "
            "or start it with --origin NAME, which asks for a token."
        )
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"A page from {shortened(origin)} may not use this dashboard."
    return None


def why_a_stranger(scope: Scope, headers: Received) -> str | None:
    """One sentence on why whoever is connected may not use a dashboard without a token; None when they may."""
    if not owners.is_told():
        return None
    if "x-forwarded-for" in headers:
        # Servers take the address in it for the other end's, and anybody can write there what they like.
        return "A proxy stands before this dashboard: start it with --origin NAME, the name it is reached by."
    try:
        user = owners.owner(scope["server"], scope["client"])
    except (owners.NotToldError, TypeError, ValueError):
        return "This dashboard cannot tell whose connection this is; --token asks for a token instead."
    if user not in {os.getuid(), owners.ROOT}:
        return "This dashboard belongs to another user of this machine; theirs is the only one it answers to."
    return None
