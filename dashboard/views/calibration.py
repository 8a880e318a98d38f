"""How far the confidence of the predictions can be believed."""

from __future__ import annotations

import streamlit as st

from annscope.dashboard import escaping, state
from annscope.dashboard.components import parts
from annscope.dashboard.figures.calibration import calibration_figure
from annscope.dashboard.looking import Looking
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import Answers
from annscope.dashboard.queries.snapshots import Moments
from annscope.dashboard.views import choices


def confidence(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    """The calibration curve, its error, and its bins; of labels, the curve of one."""
    label, of_label = looking.label, answers.is_multilabel
    found = answers.calibration_of(label) if of_label else answers.calibration
    selection, name = looking.selection, answers.class_names[label]
    literal = escaping.markdown(name)
    if of_label:
        choices.choose_class(looking, answers)
    means = [("Mean confidence", float(answers.confidence.mean())), ("Accuracy", answers.accuracy)]
    if of_label:
        mean, share = answers.probabilities[:, label].mean(), answers.is_class(label).mean()
        means = [(f"Mean p({literal})", float(mean)), (f"Share that is {literal}", float(share))]
    with st.container(horizontal=True):
        st.metric("Expected calibration error", choices.figure_text(found.expected_error), border=True)
        st.metric("Largest gap of a bin", choices.figure_text(found.largest_error), border=True)
        for title, mean in means:
            st.metric(title, choices.figure_text(mean), border=True)
    chosen = selection.first if selection.kind == "bin" else None
    if selection.kind == "pbin" and selection.first == label:
        chosen = selection.second

    def show_bin(place: int) -> None:
        choices.show(f"pbin-{label}-{place}" if of_label else f"bin-{place}")

    figure = calibration_figure(found, chosen=chosen, dark=choices.is_dark(), of_label=name if of_label else None)
    about = (
        f"how often it is {name}, by its probability"
        if of_label
        else ("how often predictions are right, by how sure the network was")
    )
    parts.chart(
        state.CALIBRATION, figure, answers, lambda choice: show_bin(int(choice["carried"])),
        label=f"Calibration curve of {name}" if of_label else "Calibration curve", now=chosen,
        title="Calibration", about=about,
    )  # fmt: skip
    st.caption(
        f"Each example is put by its probability of {literal} into one of {len(found.count)} bins of equal width; "
        "a bin holds what is above its lower edge and at most its upper one. Bars: share that truly is "
        f"{literal}; dots: at the mean probability; orange: the gap. Expected calibration error: the mean gap, "
        "each bin weighted by how many examples it holds. A bar shows its examples."
        if of_label
        else "Each prediction is put by its confidence, the probability of the predicted class, into one of "
        f"{len(found.count)} bins of equal width; a bin holds what is above its lower edge and at most its upper one. "
        "Bars: share of right predictions; dots: at the mean confidence; orange: the gap. Expected calibration error: "
        "the mean gap, each bin weighted by how many predictions it holds. A bar shows its examples."
    )
    columns = (
        {"title": f"p({name})" if of_label else "Confidence", "kind": "text"},
        {"title": "Examples" if of_label else "Predictions", "kind": "count"},
        {"title": "Mean p" if of_label else "Mean confidence", "kind": "number"},
        {
            "title": "True" if of_label else "Right",
            "kind": "number",
            "about": f"Share that is {name}" if of_label else "Share that is right",
        },
        {"title": "Gap", "kind": "number", "about": "How far the two are apart"},
    )
    rows = tables.bin_rows(found)
    parts.table(
        "bins",
        "Bins of the calibration curve",
        columns,
        [
            {
                "id": str(b),
                "label": f"{'p' if of_label else 'Confidence'} from {row['above']:.1f} to {row['at_most']:.1f}",
                "cells": [f"{row['above']:.1f} to {row['at_most']:.1f}", row["predictions"], row["mean_confidence"],
                          row["accuracy"], row["gap"]],
            }
            for b, row in enumerate(rows)
        ],
        answers,
        lambda choice: show_bin(int(choice["row"])),
        selected=None if chosen is None else str(chosen),
    )  # fmt: skip
    choices.save(looking, "calibration", lambda: rows)
