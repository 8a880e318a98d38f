"""Errors while a page is drawn, shown as one sentence on the page: Streamlit itself would show a traceback.

Streamlit runs each fragment by itself, so each is wrapped as well as the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping
from annscope.data.home import annscope_home
from annscope.runs.atomic import why_not_written


@contextmanager
def show_errors() -> Iterator[None]:
    """Show an error of annscope, or of the system (a full disk), instead of raising it."""
    try:
        yield
    except (AnnscopeError, OSError) as error:
        st.error(escaping.markdown(error_text(error)), icon=":material/error:")


def error_text(error: AnnscopeError | OSError) -> str:
    """The message of an error; that of a system error names the file, and the disk if it is full."""
    if isinstance(error, OSError):
        path = error.filename if isinstance(error.filename, str) else None
        return why_not_written(Path(path or annscope_home()), error)
    return str(error)
