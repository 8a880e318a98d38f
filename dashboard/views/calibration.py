"""How far the confidence of the predictions can be believed."""

from __future__ import annotations

import streamlit as st

from dashboard import state, tables
from dashboard.components import parts
from dashboard.derived import Answers
from dashboard.figures.calibration import calibration_figure
from dashboard.looking import Looking
from dashboard.moments import Moments
from dashboard.views import choices


def confidence(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    """The calibration curve, its error, and its bins."""
    found = answers.calibration
    with st.container(horizontal=True):
        st.metric("Expected calibration error", choices.figure_text(found.expected_error), border=True)
        st.metric("Largest gap of a bin", choices.figure_text(found.largest_error), border=True)
        st.metric("Mean confidence", choices.figure_text(float(answers.confidence.mean())), border=True)
        st.metric("Accuracy", choices.figure_text(answers.accuracy), border=True)
    chosen = looking.selection.first if looking.selection.kind == "bin" else None

    parts.chart(
        state.CALIBRATION, calibration_figure(found, chosen=chosen, dark=choices.is_dark()), answers,
        lambda choice: choices.show(f"bin-{int(choice['carried'])}"), label="Calibration curve", now=chosen,
        title="Calibration", about="how often predictions are right, by how sure the network was",
    )  # fmt: skip
    st.caption(
        "Each prediction is put by its confidence, the probability of the predicted class, into one of "
        f"{len(found.count)} bins of equal width; a bin holds what is above its lower edge and at most its upper one. "
        "Bars: share of right predictions; dots: at the mean confidence; orange: the gap. Expected calibration error: "
        "the mean gap, each bin weighted by how many predictions it holds. A click on a bar shows its examples."
    )
    columns = (
        {"title": "Confidence", "kind": "text"},
        {"title": "Predictions", "kind": "count"},
        {"title": "Mean confidence", "kind": "number"},
        {"title": "Right", "kind": "number", "about": "Share of right predictions"},
        {"title": "Gap", "kind": "number", "about": "Confidence and accuracy apart"},
    )
    rows = tables.bin_rows(found)
    parts.table(
        "bins",
        "Bins of the calibration curve",
        columns,
        [
            {
                "id": str(b),
                "label": f"Predictions with confidence {row['above']:.1f} to {row['at_most']:.1f}",
                "cells": [f"{row['above']:.1f} to {row['at_most']:.1f}", row["predictions"], row["mean_confidence"],
                          row["accuracy"], row["gap"]],
            }
            for b, row in enumerate(rows)
        ],
        lambda choice: choices.show(f"bin-{choice['row']}"),
        selected=None if chosen is None else str(chosen),
    )  # fmt: skip
    choices.save(looking, "calibration", lambda: rows)
