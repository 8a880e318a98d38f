"""How the dashboard starts and ends: what is imported first, where it listens, who is told."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import psutil
import streamlit as st
import uvicorn
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import bootstrap

from annscope.dashboard.server import owners
from annscope.dashboard.server.access import configured
from annscope.dashboard.server.listening import NO_ROOM

HEAVY = (
    "pandas",
    "pyarrow",
    "annscope.dashboard.pages.train",
    "annscope.dashboard.pages.draw",
    "annscope.dashboard.pages.inspect",
    "annscope.runs.launch",
    "annscope.runs.control",
)
"""What the pages need, imported before the first visitor has to wait for it."""
SWITCH_SECONDS = 0.0005
"""How long a page's script may keep the interpreter from the live views; Python's own 5 ms are a frame's worth."""
LEAVE_SECONDS = 3
"""How long requests that have not arrived or been answered may hold up the end."""


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Import, then take what is there out of the garbage collector's sight, then serve.

    Streamlit collects garbage after every rerun of a fragment; looking at some 300,000 objects that
    stay anyway would be most of its work.
    """
    # Until the first `st.navigation`, Streamlit would run the modules in `pages/` as scripts of their own.
    PagesManager.uses_pages_directory = False
    for name in HEAVY:
        importlib.import_module(name)
    owners.is_told()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    asyncio.get_running_loop().set_exception_handler(_say_what_happened)
    _send_at_once()
    here, *elsewhere = configured().urls(
        st.get_option("server.address") or "", scheme="https" if st.get_option("server.sslCertFile") else "http"
    )
    sys.stdout.write(f"annscope is at {here} (Ctrl-C ends it)\n")
    sys.stdout.writelines(f"  elsewhere: {url}\n" for url in elsewhere)
    sys.stdout.flush()
    if not st.get_option("server.headless"):
        webbrowser.open(here)
    yield
    # The pipes to the workers close with this process, in whatever way it ends: they checkpoint and stop.


def serve(listener: socket.socket, options: Mapping[str, Any]) -> None:
    """Serve the dashboard on a listening socket, with these options of Streamlit, until a signal ends it.

    `app.run` would open a socket of its own, which does without what `Listener` does.
    """
    from annscope.dashboard.app import app

    bootstrap.load_config_options(dict(options))
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # on one machine, compressing costs more than it saves
        ws_max_size=1_000_000 * st.get_option("server.maxMessageSize"),
        proxy_headers=False,  # whoever is connected could say that they are somebody else
        timeout_graceful_shutdown=LEAVE_SECONDS,
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listener])


def _send_at_once() -> None:
    """Have small packets sent at once on a socket that somebody else opened too (`streamlit run`): see `listen`."""
    if os.name != "posix":
        return
    with suppress(psutil.Error, OSError):
        for connection in psutil.Process().net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == st.get_option("server.port"):
                with socket.socket(fileno=os.dup(connection.fd)) as listener:
                    # Connections inherit it.
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


_said: set[str] = set()


def _say_what_happened(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """That there is no file descriptor left is said once, in a sentence; anything else as asyncio does."""
    error = context.get("exception")
    if not (isinstance(error, OSError) and error.errno in NO_ROOM and "socket" in context):
        loop.default_exception_handler(context)
    elif "no room" not in _said:
        _said.add("no room")
        sys.stderr.write(
            f"annscope: no new connection can be opened ({error.strerror}); it goes on when others are closed.\n"
        )
