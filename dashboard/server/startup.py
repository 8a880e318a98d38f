"""The dashboard as one ASGI application: Streamlit's pages and our own routes beside them."""

from __future__ import annotations

import gc
import importlib
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import bootstrap

from annscope.dashboard.delivery import Frontend, Uncompressed
from annscope.dashboard.origin import SameOrigin
from annscope.dashboard.routes import routes

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
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    url = f"http://{st.get_option('server.address')}:{st.get_option('server.port')}"
    sys.stdout.write(f"annscope is at {url} (Ctrl-C ends it)\n")
    sys.stdout.flush()
    if not st.get_option("server.headless"):
        webbrowser.open(url)
    yield
    # The pipes to the workers close with this process, in whatever way it ends: they checkpoint and stop.


app = st.App(
    Path(__file__).with_name("app.py"),
    routes=routes,
    lifespan=lifespan,
    middleware=[Middleware(SameOrigin), Middleware(Uncompressed), Middleware(Frontend)],
)


def serve(listener: socket.socket, options: Mapping[str, Any]) -> None:
    """Serve the dashboard on a listening socket, with these options of Streamlit, until a signal ends it.

    `app.run` would open a socket of its own, on which every answer is late (`dashboard.__main__.listen`).
    """
    bootstrap.load_config_options(dict(options))
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # on one machine, compressing costs more than it saves
        ws_max_size=1_000_000 * st.get_option("server.maxMessageSize"),
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listener])
