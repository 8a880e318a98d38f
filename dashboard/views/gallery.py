"""Gallery: the selected examples, one page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from annscope.core.evaluation.comparison import Comparison
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import address, state
from annscope.dashboard.address import Query
from annscope.dashboard.components import parts
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.examples import source_of
from annscope.dashboard.queries.selections import (
    ONLY,
    ORDERS,
    called_by_threshold,
    describe,
    scored_class,
    select,
)
from annscope.dashboard.views import choices


def gallery(query: Query, predictions: Predictions, compared: Comparison | None = None) -> None:
    """The examples that are chosen, beside what another network predicts of them if there is one."""
    places = select(query.selection, predictions, query.threshold, query.order, query.only, compared)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        choices.segments(address.ORDER, "Order", ORDERS, query.order, also=(address.SHEET,))
        choices.segments(address.ONLY, "Examples", ONLY, query.only, also=(address.SHEET, address.SAMPLE))
        if query.selection.kind != "all":
            st.button("Every example", key=state.EVERY, on_click=choices.show, args=("all",), type="tertiary")
    sheets = max(1, -(-len(places) // parts.PER_SHEET))

    def choose(choice: Mapping[str, Any]) -> None:
        if "sheet" in choice:
            address.put_number(address.SHEET, choice["sheet"])
            address.put(address.SAMPLE, None)
        if "step" in choice:
            (at,) = np.flatnonzero(places == choice["from"])
            to = int(at) + int(choice["step"])
            if 0 <= to < len(places):
                address.put(address.SHEET, str(to // parts.PER_SHEET))
                address.put(address.SAMPLE, f"{query.split}-{places[to]}")
        if "sample" in choice:
            place = choice["sample"]
            address.put(address.SAMPLE, None if place is None else f"{query.split}-{int(place)}")

    link = {address.RUN: query.run, address.SNAPSHOT: query.number}
    parts.gallery(
        predictions,
        places,
        choose,
        show=query.selection.format(),
        title=describe(query.selection, predictions.class_names, query.threshold, query.only),
        judged=scored_class(query.selection, is_multilabel=predictions.is_multilabel),
        called=called_by_threshold(query.selection, predictions, query.threshold),
        sheet=min(query.sheet, sheets - 1),
        opened=query.sample,
        query=urlencode(link),
        other=None if compared is None else compared.second,
    )
    rows = source_of(query.run).rows
    about = "Each example with its source, which has the pixels, and all probabilities" if rows is None else ""
    choices.save(query, "examples", lambda: tables.example_rows(predictions, places, rows, compared), about=about)
