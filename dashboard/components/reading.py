"""The bar that is shown while data is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from annscope.dashboard import escaping
from annscope.dashboard.queries.evaluations import dataset_of
from annscope.data.download import Progress
from annscope.runs.quantities import byte_words

_SECONDS_BETWEEN = 0.1


def read_data(run: str) -> None:
    """Read the data of a run, with a bar, unless that was done before. Raises AnnscopeError where it cannot be."""
    # The place of the bar is there in every run of a page: without it what follows would be made anew, and lose the
    # focus, the zoom and the press of a button.
    with reading_bar() as progress:
        dataset_of(run, progress)


@contextmanager
def reading_bar() -> Iterator[Progress]:
    """A bar for the progress of reading, drawn once that has taken a moment and removed at the end."""
    place, last = st.empty(), time.monotonic()

    def show(what: str, done: int, total: int) -> None:
        # Streamlit ends a script run here whose page has changed meanwhile, and with it the reading.
        nonlocal last
        if time.monotonic() - last < _SECONDS_BETWEEN:
            return
        last = time.monotonic()
        words = f"{escaping.markdown(what)}: {byte_words(done)}" + (f" of {byte_words(total)}" if total else "")
        place.progress(min(1.0, done / total) if total else 0.0, text=words)

    try:
        yield show
    finally:
        place.empty()
