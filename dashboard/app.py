"""The dashboard as one ASGI application: what `annscope` serves, and what `streamlit run dashboard/app.py` starts.

Streamlit finds `app` by its name and type, and the settings in the folder `.streamlit` beside this file.
"""

import sys
from pathlib import Path

import streamlit as st

try:
    from annscope.dashboard.server.assets import Frontend, Uncompressed
    from annscope.dashboard.server.routes import routes
    from annscope.dashboard.server.security import Guard, Headers
    from annscope.dashboard.server.startup import lifespan
except ModuleNotFoundError as error:
    if error.name != "annscope":
        raise
    sys.exit(
        "annscope is not installed in this environment: `pip install .` in the folder with pyproject.toml does it."
    )
from starlette.middleware import Middleware

app = st.App(
    Path(__file__).resolve().with_name("navigation.py"),
    routes=routes,
    lifespan=lifespan,
    middleware=[Middleware(Headers), Middleware(Guard), Middleware(Uncompressed), Middleware(Frontend)],
)
