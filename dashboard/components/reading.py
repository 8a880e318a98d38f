"""The bar that is shown while data is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from annscope.dashboard import escaping
from annscope.data.download import Progress
from annscope.runs.progress import byte_words

_SECONDS_BETWEEN = 0.1


@contextmanager
def reading_bar() -> Iterator[Progress]:
    """A bar for the progress of reading, drawn when that begins and removed at the end."""
    place, last = st.empty(), 0.0

    def show(what: str, done: int, total: int) -> None:
        # Streamlit ends a script run here whose page has changed meanwhile, and with it the reading.
        nonlocal last
        if time.monotonic() - last < _SECONDS_BETWEEN and done < total:
            return
        last = time.monotonic()
        words = f"{escaping.markdown(what)}: {byte_words(done)}" + (f" of {byte_words(total)}" if total else "")
        place.progress(min(1.0, done / total) if total else 0.0, text=words)

    try:
        yield show
    finally:
        place.empty()
