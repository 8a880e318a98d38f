"""Only pages that this server served may talk to it.

A web page from elsewhere can make a browser send requests to 127.0.0.1, and a name under an
attacker's control can be made to mean 127.0.0.1 (DNS rebinding). The `Origin` header tells the one,
the `Host` header the other.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

LOCAL_NAMES = {"127.0.0.1", "localhost", "::1"}


class SameOrigin:
    """Answers 403 to every request that is not addressed to this machine, or that another site's page sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            refusal = why_refused(Headers(scope=scope))
            if refusal is not None:
                response = JSONResponse({"error": refusal}, status_code=403)
                if scope["type"] == "websocket":
                    await WebSocket(scope, receive, send).send_denial_response(response)
                else:
                    await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


def why_refused(headers: Headers) -> str | None:
    """One sentence on why a request with these headers is none of ours; None when it is."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if _name(host) not in LOCAL_NAMES:
        return f"This dashboard answers on this machine only, not as {host!r}."
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"A page from {origin} may not use this dashboard."
    return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
