"""What goes wrong while a page is drawn, said in one sentence in its place: Streamlit itself would show a traceback.

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
def said_in_a_sentence() -> Iterator[None]:
    """Show what is a person's to know: an error of annscope's own, or one of the system, such as a full disk."""
    try:
        yield
    except (AnnscopeError, OSError) as error:
        st.error(escaping.markdown(sentence_of(error)), icon=":material/error:")


def sentence_of(error: AnnscopeError | OSError) -> str:
    """One sentence: an error of the system names the file, and of a full disk which one it is."""
    if isinstance(error, OSError):
        path = error.filename if isinstance(error.filename, str) else None
        return why_not_written(Path(path or annscope_home()), error)
    return str(error)
