"""Confusion matrix view, with one matrix for each label in multi-label data; and the most confused pairs of classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.predictions import Predictions
from annscope.core.snapshot import Confusion
from annscope.dashboard import address, escaping, state
from annscope.dashboard.address import Query
from annscope.dashboard.components import parts
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import predictions_of
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.queries.matrices import LABELS, MODES, matrix_view
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices
from annscope.runs.catalogue import run_directory, run_ids
from annscope.runs.interval_words import percent_range
from annscope.runs.reader import RunReader

MAX_OTHER_RUNS = 30
MAX_PAIRS = 20


def matrix(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:
    choices.segments(address.MATRIX, "Cells", {mode: LABELS[mode] for mode in MODES}, query.matrix)
    other = _other_confusion(query, predictions, snapshots) if query.matrix == "difference" else None
    if predictions.is_multilabel:
        views = [
            matrix_view(predictions.confusion[k], query.matrix, None if other is None else other[k])
            for k in range(predictions.n_classes)
        ]
        parts.label_matrices(
            views, predictions, query.selection.format(), lambda choice: choices.show(str(choice["show"]))
        )
        choices.save(query, "confusion", lambda: tables.label_rows(predictions.class_names, predictions.confusion))
        return
    view = matrix_view(predictions.confusion, query.matrix, other)
    parts.matrix(view, predictions, query.selection.format(), lambda choice: choices.show(str(choice["show"])))
    choices.save(query, "confusion", lambda: tables.matrix_rows(predictions.class_names, view.numbers))


def _other_confusion(query: Query, predictions: Predictions, snapshots: Snapshots) -> Confusion:
    """The matrix to subtract, chosen on screen: of another snapshot, or of another run's last."""
    others = _runs_with_classes(query.run, predictions)
    options = [str(number) for number in snapshots.numbers if number != query.number] + others
    before = [number for number in snapshots.numbers if number < query.number]
    default = str(before[-1]) if before else (options[0] if options else None)
    if default is None:
        st.info("This run has one snapshot, and no other run has the same classes.")
        return predictions.confusion
    against = query.against if query.against in options else default
    if query.against is not None and query.against not in options:
        st.warning(f"There is no snapshot or run {escaping.markdown(repr(query.against))} to compare with.")
    key = state.choice(address.AGAINST)
    if st.session_state.get(key) != against:
        st.session_state[key] = against
    st.selectbox(
        "Compared with",
        options,
        key=key,
        format_func=lambda text: (
            f"this run, {snapshots.name(int(text))}" if text.isdigit() else f"run {text}, its last"
        ),
        on_change=lambda: address.put(address.AGAINST, st.session_state[key]),
        width=420,
    )
    if against.isdigit():
        return predictions_of(query.run, int(against), query.split).confusion
    return predictions_of(against, get_live_run(against).newest, query.split).confusion


def _runs_with_classes(run: str, predictions: Predictions) -> list[str]:
    found = []
    for other in run_ids()[: -MAX_OTHER_RUNS - 1 : -1]:
        if other == run:
            continue
        try:
            reader = RunReader(run_directory(other))
            about, kind = reader.description["dataset"], reader.is_multilabel
            is_alike = (
                about and tuple(about["class_names"]) == predictions.class_names and kind == predictions.is_multilabel
            )
            if is_alike and get_live_run(other).newest >= 0:
                found.append(other)
        except AnnscopeError:
            continue  # a run that cannot be read cannot be compared with
    return found


def pairs(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:  # noqa: ARG001
    rows = tables.pair_rows(predictions.class_names, predictions.confusion)
    if not rows:
        st.success(
            "There is no confusion: every example of this split is predicted correctly.", icon=":material/check:"
        )
        return
    columns: tuple[Mapping[str, Any], ...] = (
        {"title": "True", "kind": "text"},
        {"title": "Predicted", "kind": "text"},
        {"title": "Examples", "kind": "count"},
        {
            "title": "Of the true class",
            "kind": "percent",
            "about": "Fraction of the true class with this prediction",
            "top": max(row["share_of_true"] for row in rows),
        },
        {
            "title": "Of all mistakes",
            "kind": "percent",
            "about": "Fraction of all mistakes on this split",
            "top": max(row["share_of_wrong"] for row in rows),
        },
    )
    parts.table(
        "pairs",
        "The most confused pairs of classes",
        columns,
        [
            {
                "id": row["pair"],
                "label": f"{row['true']} predicted as {row['predicted']}, {row['examples']} examples",
                "cells": [row["true"], row["predicted"], row["examples"], row["share_of_true"], row["share_of_wrong"]],
                "notes": [None] * 3 + [percent_range(np.array([row["share_of_true_low"], row["share_of_true_high"]]))],
            }
            for row in rows[:MAX_PAIRS]
        ],
        predictions,
        lambda choice: choices.show(str(choice["row"])),
        selected=query.selection.format(),
    )
    st.caption(
        f"{min(len(rows), MAX_PAIRS)} of {len(rows)} pairs, the most frequent first; the file has all."
        if len(rows) > MAX_PAIRS
        else "Every pair that was confused, the most frequent first."
    )
    choices.save(query, "pairs", lambda: rows)
