"""Confusion matrix view, with one matrix for each label in multi-label data; and the most confused pairs of classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import address
from annscope.dashboard.address import Query
from annscope.dashboard.components import parts
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.matrices import LABELS, MODES, matrix_view
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices
from annscope.runs.interval_words import percent_range

MAX_PAIRS = 20


def matrix(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:  # noqa: ARG001
    choices.segments(address.MATRIX, "Cells", {mode: LABELS[mode] for mode in MODES}, query.matrix)
    if predictions.is_multilabel:
        views = [matrix_view(predictions.confusion[k], query.matrix) for k in range(predictions.n_classes)]
        parts.label_matrices(
            views, predictions, query.selection.format(), lambda choice: choices.show(str(choice["show"]))
        )
        choices.save(query, "confusion", lambda: tables.label_rows(predictions.class_names, predictions.confusion))
        return
    view = matrix_view(predictions.confusion, query.matrix)
    parts.matrix(view, predictions, query.selection.format(), lambda choice: choices.show(str(choice["show"])))
    choices.save(query, "confusion", lambda: tables.matrix_rows(predictions.class_names, view.numbers))


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
