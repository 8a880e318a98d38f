"""`python -m annscope.dashboard --port N [--headless]`: serve the dashboard on this machine until Ctrl-C."""

from __future__ import annotations

import argparse
import socket
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
CONFIG = Path(__file__).resolve().parents[1] / ".streamlit" / "config.toml"
SAFE = {"server.enableCORS": True, "server.enableXsrfProtection": True, "browser.gatherUsageStats": False}
"""What holds even where the configuration file is not at hand."""
MISTAKE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; exit status 2, with one line on standard error, when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m annscope.dashboard", description="Serve the annscope dashboard.")
    parser.add_argument("--port", type=int, default=8501, help="where it listens (default 8501)")
    parser.add_argument("--headless", action="store_true", help="do not open a browser")
    given = parser.parse_args(arguments)
    if not 1 <= given.port <= 65535:
        sys.stderr.write(f"annscope: port must be at least 1 and at most 65535, got {given.port}\n")
        return MISTAKE
    try:
        listener = listen(given.port)
    except OSError:
        near = next_free_port(given.port)
        advice = "" if near is None else f"; {near} is free (--port {near})"
        sys.stderr.write(f"annscope: port {given.port} is taken{advice}.\n")
        return MISTAKE

    from annscope.dashboard.server import serve

    with listener, suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        serve(listener, options(given.port, given.headless))
    return 0


def options(port: int, headless: bool) -> dict[str, Any]:
    """Streamlit's options: those of the configuration file, from whatever folder it is started, and these."""
    configured = flat(tomllib.loads(CONFIG.read_text(encoding="utf-8"))) if CONFIG.is_file() else {}
    return {**configured, **SAFE, "server.address": HOST, "server.port": port, "server.headless": headless}


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested table as one with dotted names: `{"server": {"port": 1}}` as `{"server.port": 1}`."""
    options: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            options |= flat(value, f"{prefix}{name}.")
        else:
            options[f"{prefix}{name}"] = value
    return options


def listen(port: int) -> socket.socket:
    """A socket that listens on a port of this machine. Raises OSError where another program does.

    It says that it speaks TCP, as asyncio sends small packets at once only on those that do: on others
    the body of an answer waits for the browser to acknowledge the head, which takes some 40 ms.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def is_free(port: int) -> bool:
    """Whether a server can listen on a port of this machine."""
    try:
        listen(port).close()
    except OSError:
        return False
    return True


def next_free_port(port: int) -> int | None:
    """The nearest free port above a taken one."""
    return next((other for other in range(port + 1, min(port + 100, 65536)) if is_free(other)), None)


if __name__ == "__main__":
    sys.exit(main())
