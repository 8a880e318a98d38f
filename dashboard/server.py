"""The dashboard as one ASGI application: Streamlit's pages and our own routes beside them."""

from __future__ import annotations

import gc
import importlib
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from dashboard.origin import SameOrigin
from dashboard.routes import routes

HEAVY = (
    "pandas", "pyarrow", "dashboard.pages.train", "dashboard.pages.draw", "dashboard.pages.inspect", "runs.launch",
    "runs.control",
)  # fmt: skip
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
    if not st.get_option("server.headless"):
        webbrowser.open(f"http://{st.get_option('server.address')}:{st.get_option('server.port')}")
    yield
    # The pipes to the workers close with this process, in whatever way it ends: they checkpoint and stop.


app = st.App(Path(__file__).with_name("app.py"), routes=routes, lifespan=lifespan, middleware=[Middleware(SameOrigin)])
