"""`python -m annscope.dashboard --port N [--headless]`: serve the dashboard until Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import os
import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from annscope.dashboard.server.access import ORIGIN, TOKEN, host_name
from annscope.dashboard.server.listening import listen, next_free_port

HOST = "127.0.0.1"
SAFE = {"server.enableCORS": True, "server.enableXsrfProtection": True, "browser.gatherUsageStats": False}
"""Options that the configuration file cannot change."""
USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; exit status 2, with one line on standard error, when it cannot listen on the address."""
    parser = argparse.ArgumentParser(prog="python -m annscope.dashboard", description="Serve the annscope dashboard.")
    parser.add_argument("--port", type=int, default=8501, help="the port to listen on (default 8501)")
    parser.add_argument("--host", default=HOST, help="the address to listen on; any but this machine's needs a token")
    parser.add_argument(
        "--origin", action="append", default=[], help="a host name by which browsers reach it; needs a token"
    )
    parser.add_argument("--token", action="store_true", help="require a token on this machine too")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    given = parser.parse_args(arguments)
    if not 1 <= given.port <= 65535:
        return _usage_error(f"port must be at least 1 and at most 65535, got {given.port}")
    for origin in given.origin:
        if host_name(origin) is None or "," in origin:
            return _usage_error(f"origin must be a name such as lab.example.org, got {origin!r}")

    try:
        listener = listen(given.host, given.port)
    except OSError as error:
        return _usage_error(why_not(given.host, given.port, error))
    if given.origin:
        os.environ[ORIGIN] = ",".join(given.origin)
    if given.token:
        os.environ.setdefault(TOKEN, secrets.token_urlsafe(24))

    from annscope.dashboard.server.startup import serve  # Streamlit takes a second to import

    with listener, suppress(KeyboardInterrupt):  # Ctrl-C ends it
        serve(listener, options(given.host, given.port, given.headless))
    return 0


def options(host: str, port: int, headless: bool) -> dict[str, Any]:
    """Streamlit's options beside those of the configuration file, `.streamlit/config.toml`."""
    return {**SAFE, "server.address": host, "server.port": port, "server.headless": headless}


def why_not(host: str, port: int, error: OSError) -> str:
    """The error message for an address that is invalid or in use."""
    if error.errno != errno.EADDRINUSE and host != HOST:
        return f"cannot listen on {host!r}: {error.strerror or error}; this machine has no such address."
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for the system; choose one from 1024 on."
    near = next_free_port(host, port)
    advice = "" if near is None else f"; {near} is free (--port {near})"
    return f"port {port} is in use{advice}."


def _usage_error(message: str) -> int:
    sys.stderr.write(f"annscope: {message}\n")
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
