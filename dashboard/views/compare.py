"""Compare view: the network shown, A, against another one, B, on the same examples, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from annscope.core.evaluation.comparison import Comparison, Outcome
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import address, escaping, state
from annscope.dashboard.address import Query
from annscope.dashboard.components import parts
from annscope.dashboard.components.callbacks import on_choice
from annscope.dashboard.queries import comparisons, tables
from annscope.dashboard.queries.comparisons import Against
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.queries.matrices import difference_view
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices
from annscope.runs.interval_words import difference_words, mcnemar_words, percent, points, points_range

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "fixed": ("Fixed", "B is wrong, A is right"),
    "broken": ("Broken", "B is right, A is wrong"),
    "bothwrong": ("Both wrong", "neither A nor B is right"),
    "bothright": ("Both right", "A and B are right"),
}


def compare(query: Query, predictions: Predictions, snapshots: Snapshots, compared: Comparison | None) -> None:
    """The choice of B, the outcomes as galleries, McNemar's test, differences of the figures and of the matrices."""
    if compared is None:
        st.info("This run has one snapshot, and no other run judges the same data.", icon=":material/info:")
        return
    _choose_other(query, compared)
    found, one = compared.paired(), choices.one(predictions)
    other = f"run {escaping.markdown(compared.second.run)}" if compared.second.run != query.run else "this run"
    moment = get_live_run(compared.second.run).snapshots().name(compared.second.number)
    st.markdown(
        f"**A** is this run at {snapshots.name(query.number)}, **B** is {other} at {moment}. Right: "
        f"A **{percent(predictions.accuracy)}**, B **{percent(compared.second.accuracy)}**, a difference of "
        f"**{points(found.difference)}** ({points_range(found.interval)}). {mcnemar_words(found)}"
    )
    with st.container(horizontal=True, gap="small"):
        for name, (title, about) in OUTCOMES.items():
            st.button(
                f"{title}: {int(compared.outcome(name).sum()):,}", key=state.outcome(name), help=about,
                on_click=choices.show, args=(name,),
                type="primary" if query.selection.format() == name else "secondary",
            )  # fmt: skip
    rows = tables.comparison_rows(compared)
    columns: tuple[Mapping[str, Any], ...] = (
        {"title": one.capitalize(), "kind": "text"},
        {"title": "Examples", "kind": "count"},
        *({"title": title, "kind": "count", "about": about} for title, about in list(OUTCOMES.values())[:3]),
        {"title": "A − B", "kind": "plain", "about": "Difference of the fractions that are right, with its interval"},
        {"title": "McNemar", "kind": "plain", "about": "The exact test whether A and B differ within it"},
    )
    parts.table(
        "compared", f"A and B within each {one}", columns,
        [
            {
                "id": str(c),
                "label": f"What A and B predict differently of {row['class']}",
                "title": f"Show what A and B predict differently of {row['class']}",
                "cells": [row["class"], row["examples"], row["fixed"], row["broken"], row["bothwrong"],
                          points(row["difference"]), mcnemar_words(compared.paired(c), short=True)],
                "notes": [None] * 5 + [points_range(compared.paired(c).interval)],
            }
            for c, row in enumerate(rows)
        ],
        predictions, lambda choice: choices.show(f"differ-{choice['row']}"),
        selected=str(query.selection.first) if query.selection.kind == "differ" else None,
    )  # fmt: skip
    parts.table(
        "differences", "Every figure of A and B",
        ({"title": "Figure", "kind": "text"}, {"title": "A", "kind": "plain"}, {"title": "B", "kind": "plain"},
         {"title": "A − B", "kind": "plain", "about": "With its 95 % interval"}),
        [{"cells": [each.name, each.first, each.second, difference_words(each.difference, each.interval)]}
         for each in compared.differences],
        predictions, lambda _: None,
    )  # fmt: skip
    if not predictions.is_multilabel:
        view = difference_view(predictions.confusion, compared.second.confusion)
        parts.matrix(view, predictions, query.selection.format(), lambda choice: choices.show(str(choice["show"])))
    st.caption(
        "A cell shows what A or B predicts so, with both predictions. Intervals of 95 %: of differences of fractions "
        "Bonett and Price's; of the others a bootstrap that draws the same examples for both."
    )
    choices.save(query, "compared", lambda: rows)


def _choose_other(query: Query, compared: Comparison) -> None:
    run, number = compared.second.run, compared.second.number
    runs = [query.run, *comparisons.others(query.run, query.split)]
    if run not in runs:
        runs.append(run)
    shown = get_live_run(run).snapshots()
    numbers = [each for each in shown.numbers if run != query.run or each != query.number]
    if number not in numbers:
        numbers = sorted([*numbers, number])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _select("Compare with", runs, run, lambda each: "this run" if each == query.run else each, address.AGAINST,
                lambda each: _usual_of(each, query), 420)  # fmt: skip
        _select("Its snapshot", numbers, number, lambda each: shown.name(int(each)), "against-number",
                lambda each: Against(run, int(each)).format(query.run), 160)  # fmt: skip


def _usual_of(run: str, query: Query) -> str:
    usual = comparisons.usual(run, query.run, query.number) or Against(run, query.number)
    return usual.format(query.run)


def _select(label: str, options: list[Any], value: Any, words: Any, name: str, spell: Any, width: int) -> None:
    key = state.choice(name)
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def choose(chosen: Any) -> None:
        address.put(address.AGAINST, spell(chosen))
        address.put(address.SHEET, None)

    st.selectbox(label, options, key=key, format_func=words, on_change=on_choice(key, choose), width=width)
