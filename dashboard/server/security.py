"""Security middleware: which requests are accepted, and the security headers of responses.

A web page from another site can make a browser send requests to 127.0.0.1, and a host name of an attacker can resolve
to 127.0.0.1 (DNS rebinding): the `Origin` header reveals the former, the `Host` header the latter. Another user of this
machine can connect to it as well: the owner of the connection's other end reveals that. If a token is required, it
decides instead.
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
"""Only tells that the server is running: health checks of a container request it without a token."""


def content_security_policy(host: str) -> str:
    """The Content-Security-Policy of our pages, as strict as Streamlit's own code allows.

    The code of its components comes as blobs, and its styles are inline.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {' '.join(_inline_scripts())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            # Not every browser applies 'self' to WebSockets.
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
    """The hashes of the inline scripts in Streamlit's page."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    found = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found]


class Headers:
    """Middleware that adds security headers to every response, including errors."""

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
                error = "Internal error in annscope; the terminal in which it was started shows it."
                await JSONResponse({"error": error}, status_code=500)(scope, receive, with_headers)
            raise


def _safe(host: str) -> str:
    """A Host that is valid in a header; a request with an invalid one is denied, so its response needs no WebSocket."""
    return host if re.fullmatch(r"[A-Za-z0-9.:_\-\[\]]{1,255}", host) else "127.0.0.1"


class Guard:
    """Middleware that denies access with status 403 and the reason."""

    def __init__(self, app: ASGIApp, access: Access | None = None) -> None:
        self.app = app
        self.access = access or configured()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        response = self._denial(scope)
        if response is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(response)
        else:
            await response(scope, receive, send)

    def _denial(self, scope: Scope) -> Response | None:
        headers = Received(scope=scope)
        why = why_foreign(headers, self.access)
        if why is None and self.access.token is None:
            why = why_not_the_owner(scope, headers)
        elif why is None and not self._has_token(headers) and scope["path"] != HEALTH:
            response = self._login(scope)
            if response is not None:
                return response
            why = "This dashboard requires its token: open the address that it printed, which ends in ?token=..."
        return None if why is None else JSONResponse({"error": why}, status_code=403)

    def _has_token(self, headers: Received) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self.access.cookie)
        except CookieError:
            return False
        return cookie is not None and self.access.is_ticket(cookie.value)

    def _login(self, scope: Scope) -> Response | None:
        """For the token in the address: a cookie, and a redirect to the address without it."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = dict(query).get("token")
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or given is None:
            return None
        if not self.access.is_token(given):
            return None
        # One slash: with two, the rest would be a host name.
        target = "/" + quote(scope["path"].lstrip("/"))
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        response = Response(status_code=303, headers={"location": f"{target}?{rest}" if rest else target})
        response.set_cookie(
            self.access.cookie, self.access.ticket, httponly=True, samesite="strict", secure=scope["scheme"] == "https"
        )
        response.headers["cache-control"] = "no-store"
        return response


def why_foreign(headers: Received, access: Access) -> str | None:
    """Why a request with these headers is denied; None if it is accepted."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if not access.accepts_host(host):
        port = access.port
        return (
            f"This dashboard does not accept the host name {shortened(host)!r}: on another machine, open "
            f"http://localhost:{port} after `ssh -L {port}:localhost:{port} HOST` there, "
            "or start it with --origin NAME, which requires a token."
        )
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"A page from {shortened(origin)} may not use this dashboard."
    return None


def why_not_the_owner(scope: Scope, headers: Received) -> str | None:
    """Why this connection may not use a dashboard without a token; None if it may."""
    if not owners.is_supported():
        return None
    if "x-forwarded-for" in headers:
        # Servers use the address in it as the client's, and any client can write it.
        return "This dashboard is behind a proxy: start it with --origin NAME, the host name of the proxy."
    try:
        user = owners.owner(scope["server"], scope["client"])
    except (owners.UnknownOwnerError, TypeError, ValueError):
        return "This dashboard cannot determine the owner of this connection; --token requires a token instead."
    if user not in {os.getuid(), owners.ROOT}:
        return "This dashboard belongs to another user of this machine."
    return None
