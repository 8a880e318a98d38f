"""The examples behind a number, one sheet at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from annscope.dashboard import state
from annscope.dashboard.components import parts
from annscope.dashboard.looking import Looking
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import Answers
from annscope.dashboard.queries.selections import ORDERS, describe, judged_class, select
from annscope.dashboard.views import choices


def gallery(looking: Looking, answers: Answers) -> None:
    places = select(looking.selection, answers, looking.threshold, looking.order)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        choices.segments(state.ORDER, "Order", ORDERS, looking.order, also=(state.SHEET,))
        for text, title in (("wrong", "Every mistake"), ("all", "Every example")):
            if looking.selection.format() != text:
                st.button(title, key=f"inspect-show-{text}", on_click=choices.show, args=(text,), type="tertiary")
    sheets = max(1, -(-len(places) // parts.PER_SHEET))

    def choose(choice: Mapping[str, Any]) -> None:
        if "sheet" in choice:
            state.show_number(state.SHEET, choice["sheet"])
            state.put(state.SAMPLE, None)
        if "sample" in choice:
            place = choice["sample"]
            state.put(state.SAMPLE, None if place is None else f"{looking.split}-{int(place)}")

    link = {state.RUN: looking.run, state.SNAPSHOT: looking.number}
    parts.gallery(
        answers,
        places,
        choose,
        show=looking.selection.format(),
        title=describe(looking.selection, answers.class_names, looking.threshold),
        judged=judged_class(looking.selection, is_multilabel=answers.is_multilabel),
        sheet=min(looking.sheet, sheets - 1),
        opened=looking.sample,
        query=urlencode(link),
    )
    choices.save(looking, "examples", lambda: tables.example_rows(answers, places))
