"""The columns of a user's table: the label, and what becomes of each other column, with the switches that change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import streamlit as st

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.callbacks import on_choice
from annscope.dashboard.components.loading import code, in_browser
from annscope.dashboard.components.reading import reading_bar
from annscope.dashboard.queries.data_tables import TREATMENTS, ColumnView, TableView, Treatment, treated, view_of
from annscope.data.histograms import Histogram

GUESS = "as guessed"
_component = in_browser("annscope_columns", "The table of columns")


def columns(config: RunConfig) -> TableView:
    """Draw the label and the columns of a table. Raises DataError if it cannot be read."""
    with reading_bar() as progress:
        view = view_of(config.data, progress)
    _label(config, view)
    if view.columns:
        _columns(config, view)
    with st.expander(f"The first {len(view.rows)} rows", icon=":material/table_rows:", expanded=True):
        st.dataframe(view.rows, hide_index=True)
    return view


def _label(config: RunConfig, view: TableView) -> None:
    """The choice of the label, and how it was found."""
    st.subheader("Label", anchor=False)
    asked = config.data.label
    options = ["", *view.references]
    names = dict(zip(view.references, view.names, strict=True))
    st.session_state[state.LABEL] = asked if asked in options else ""
    found = names[view.references[view.label]] if view.label is not None else "none"

    def words(reference: str) -> str:
        return f"{GUESS}: {found}" if not reference and not asked else names.get(reference, GUESS)

    def take(reference: str) -> None:
        # A browser that is behind sends the words of an option that is none any more.
        if reference in options:
            controls.set_some({"label": reference})

    left, right = st.columns([1, 2], vertical_alignment="center", gap="medium")
    with left:
        st.selectbox(
            "Label",
            options,
            key=state.LABEL,
            format_func=words,
            on_change=on_choice(state.LABEL, take),
            label_visibility="collapsed",
        )
    with right:
        if view.problem is None and not asked and view.how:
            how = f"A guess: {view.how}" if view.is_guess else f"Found {view.how}"
            st.caption(f"{escaping.markdown(how)}. Another one is chosen here, or by a click below.")


def _columns(config: RunConfig, view: TableView) -> None:
    st.subheader("Columns", anchor=False)
    counts = {role: sum(each.about.column.role == role for each in view.columns) for role in ("feature", "left out")}
    more = len(view.names) - len(view.columns)
    first = f" Shown are the first {len(view.columns)} of {len(view.names):,}." if more else ""
    rows = f"{view.n_read:,} rows" if view.is_whole else f"the first {view.n_read:,} rows of a large file"
    form = f"{view.form[:1].upper()}{view.form[1:]}"
    st.caption(
        f"{escaping.markdown(form)}, {rows}: {counts['feature']} columns are features, {counts['left out']} are "
        f"left out.{first}"
    )
    key = state.COLUMNS

    def chosen() -> None:
        choice = st.session_state[key].get("chosen")
        if isinstance(choice, Mapping):
            _take(config, view, choice)

    _component(
        key=key,
        data={
            **code("data/columns.js"),
            "columns": [_plain(each) for each in view.columns],
            "label": None if view.label is None else view.references[view.label],
            "treatments": list(TREATMENTS.items()),
            "caption": "The columns of the table",
        },
        on_chosen_change=chosen,
    )


def _take(config: RunConfig, view: TableView, choice: Mapping[str, Any]) -> None:
    reference, treatment = choice.get("column"), choice.get("treatment")
    if reference not in view.references:
        return
    if treatment is None:
        controls.set_some({"label": reference})
    elif treatment in TREATMENTS:
        try:
            controls.set_some(treated(config.data, reference, cast(Treatment, treatment)))
        except AnnscopeError as error:
            st.session_state[state.WARNINGS] = [f"{str(error).rstrip('.')}."]


def _plain(view: ColumnView) -> dict[str, Any]:
    about, column, bars = view.about, view.about.column, view.histogram
    return {
        "reference": view.reference,
        "name": column.name,
        "kind": column.kind,
        "role": column.role,
        "done": about.done,
        "why": column.why,
        "missing": share_text(about.missing_share),
        "distinct": f"{about.n_distinct:,} different",
        "samples": ", ".join(about.samples),
        "treatment": view.treatment,
        "mayBeLabel": view.may_be_label,
        "bars": None if bars is None else list(bars.counts),
        "spread": "" if bars is None else spread(bars),
    }


def share_text(share: float) -> str:
    """A share of missing cells as a percentage; nothing for none, and never 0 % for a few."""
    return "" if share == 0 else "<0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")


def spread(bars: Histogram) -> str:
    """The range of numbers, or the most frequent values of a category."""
    if bars.low is None or bars.high is None:
        return ", ".join(f"{name} {count:,}" for name, count in zip(bars.names[:3], bars.counts, strict=False))
    return f"{bars.low:,.6g} to {bars.high:,.6g}"
