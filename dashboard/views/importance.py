"""Permutation importance of the columns of a table: bars, and a table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import state
from annscope.dashboard.address import Query
from annscope.dashboard.components import parts
from annscope.dashboard.figures.importance import MAX_COLUMNS, importance_figure
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.importance import N_REPEATS, SEED, Importances, importances_of
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices


def importance(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:  # noqa: ARG001
    """By how much the accuracy drops when the values of a column are shuffled among the examples."""
    with st.spinner("Shuffling each column …", show_time=False):
        found = importances_of(query.run, query.number, query.split)
    accuracy = "subset accuracy" if predictions.is_multilabel else "accuracy"
    n = len(found.names)
    which = "each column" if n <= MAX_COLUMNS else f"the {MAX_COLUMNS} most important of {n:,} columns"
    parts.chart(
        state.IMPORTANCE, importance_figure(found, accuracy=accuracy, dark=choices.is_dark()), predictions, None,
        label=f"Permutation importance of {which}", title="Permutation importance", about=f"of {which}",
    )  # fmt: skip
    st.caption(words(found, query.split, accuracy))
    columns: list[dict[str, Any]] = [
        {"title": "Column", "kind": "text"},
        {"title": "Importance", "kind": "plain", "about": f"Mean drop of the {accuracy}"},
        {"title": "± Std.", "kind": "plain", "about": f"Standard deviation over {N_REPEATS} repeats"},
    ]
    rows = tables.importance_rows(found)
    lines = [{"cells": [row["column"], _shown(row["importance"]), row["standard_deviation"]]} for row in rows]
    parts.table("importances", "Permutation importance of each column", columns, lines, predictions, None, tall=True)
    choices.save(query, "importance", lambda: rows)


def _shown(value: float) -> float:
    """A drop that is 0 but for rounding, without the sign of that."""
    return value if abs(value) > 1e-9 else 0.0


def words(found: Importances, split: str, accuracy: str) -> str:
    """What was computed, on how many examples, and how to read it."""
    some = f"{found.n_examples:,} of the {found.n_in_split:,}" if found.n_examples < found.n_in_split else "all"
    trained = " The network has learned from these examples: held-out ones say what a column is worth on new data."
    return (
        f"The values of one column at a time are shuffled among {some} {split} examples, {N_REPEATS} times "
        f"(seed {SEED}). Bars: by how much the {accuracy}, {found.baseline:.2%} unshuffled, drops on average; "
        "whiskers: the standard deviation over the repeats. Parts of a category are shuffled together. Two columns "
        f"that tell the same share their importance.{trained if split == 'train' else ''}"
    )
