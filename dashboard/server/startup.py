"""Startup and shutdown of the dashboard: imports, the server, and the printed addresses."""

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
from annscope.dashboard.server.listening import OUT_OF_RESOURCES
from annscope.runs.catalogue import purge_discarded
from annscope.runs.processes import one_kept_ready
from annscope.runs.sweeps.catalogue import purge_discarded_sweeps

HEAVY = (
    "pandas",
    "pyarrow",
    "annscope.dashboard.pages.train",
    "annscope.dashboard.pages.draw",
    "annscope.dashboard.pages.inspect",
    "annscope.runs.launch",
    "annscope.runs.control",
)
"""Modules that the pages need, imported before the first visit."""
SWITCH_SECONDS = 0.0005
"""How long a page's script may hold the interpreter lock; Python's default of 5 ms would delay the live views."""
TRIM_SECONDS = 30.0
"""How often the memory that was freed goes back to the system: the C library would keep more and more of it."""
SHUTDOWN_SECONDS = 3
"""How long open requests may delay the shutdown."""


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Import, then freeze all objects for the garbage collector, then serve.

    Streamlit collects garbage after every rerun of a fragment; scanning some 300,000 permanent objects would be most
    of its work.
    """
    # Until the first `st.navigation`, Streamlit would run the modules in `pages/` as scripts of their own.
    PagesManager.uses_pages_directory = False
    for name in HEAVY:
        importlib.import_module(name)
    owners.is_supported()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    asyncio.get_running_loop().set_exception_handler(_handle_exception)
    _disable_nagle()
    here, *elsewhere = configured().urls(
        st.get_option("server.address") or "", scheme="https" if st.get_option("server.sslCertFile") else "http"
    )
    sys.stdout.write(f"annscope is at {here} (Ctrl-C ends it)\n")
    sys.stdout.writelines(f"  elsewhere: {url}\n" for url in elsewhere)
    sys.stdout.flush()
    if not st.get_option("server.headless"):
        webbrowser.open(here)
    with one_kept_ready():
        trimming = asyncio.create_task(_trim_memory(), name="trim memory")
        yield
        trimming.cancel()
    purge_discarded()
    purge_discarded_sweeps()
    # The pipes to the workers close with this process, however it ends: they checkpoint and stop.


async def _trim_memory() -> None:
    if hasattr(psutil, "heap_trim"):  # not with every C library
        while True:
            await asyncio.sleep(TRIM_SECONDS)
            await asyncio.to_thread(psutil.heap_trim)


def serve(listener: socket.socket, options: Mapping[str, Any]) -> None:
    """Serve the dashboard on a listening socket, with these options of Streamlit, until a signal ends it.

    `app.run` would open a socket of its own instead of the `Listener`.
    """
    from annscope.dashboard.app import app

    bootstrap.load_config_options(dict(options))
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # on one machine, compression costs more than it saves
        ws_max_size=1_000_000 * st.get_option("server.maxMessageSize"),
        proxy_headers=False,  # a client could claim any address
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listener])


def _disable_nagle() -> None:
    """Disable Nagle's algorithm on a socket that `streamlit run` opened, too: see `listen`."""
    if os.name != "posix":
        return
    with suppress(psutil.Error, OSError):
        for connection in psutil.Process().net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == st.get_option("server.port"):
                with socket.socket(fileno=os.dup(connection.fd)) as listener:
                    # Connections inherit it.
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


_reported: set[int] = set()


def _handle_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report once, in one line, that no file descriptor is left; anything else as asyncio does."""
    error = context.get("exception")
    if not (isinstance(error, OSError) and error.errno in OUT_OF_RESOURCES and "socket" in context):
        loop.default_exception_handler(context)
    elif error.errno not in _reported:
        _reported.add(error.errno)
        sys.stderr.write(
            f"annscope: no new connection can be opened ({error.strerror}); it continues when others are closed.\n"
        )
