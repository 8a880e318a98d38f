"""Calibration view: curve, expected calibration error and bins."""

from __future__ import annotations

import streamlit as st

from annscope.core.evaluation.intervals import n_resamples_of
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import escaping, state
from annscope.dashboard.address import Query
from annscope.dashboard.components import parts
from annscope.dashboard.figures.calibration import calibration_figure
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices
from annscope.runs.interval_words import few, figure_range, percent_range


def confidence(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:  # noqa: ARG001
    """The calibration curve, its error and its bins; in multi-label data, of one label."""
    label, of_label = query.label, predictions.is_multilabel
    found = predictions.calibration_of(label) if of_label else predictions.calibration
    selection, name = query.selection, predictions.class_names[label]
    literal = escaping.markdown(name)
    if of_label:
        choices.choose_class(query, predictions)
    means = [("Mean confidence", float(predictions.confidence.mean())), ("Accuracy", predictions.accuracy)]
    if of_label:
        mean, share = predictions.probabilities[:, label].mean(), predictions.is_class(label).mean()
        means = [(f"Mean p({literal})", float(mean)), (f"Fraction that is {literal}", float(share))]
    error_range = "" if of_label else figure_range(predictions.calibration_interval)
    n_samples = n_resamples_of(len(predictions.labels))
    with st.container(horizontal=True):
        st.metric("Expected calibration error", choices.metric_text(found.expected_error), border=True)
        st.metric("Largest gap of a bin", choices.metric_text(found.largest_error), border=True)
        for title, mean in means:
            st.metric(title, choices.metric_text(mean), border=True)
    chosen = selection.first if selection.kind == "bin" else None
    if selection.kind == "pbin" and selection.first == label:
        chosen = selection.second

    def show_bin(place: int) -> None:
        choices.show(f"pbin-{label}-{place}" if of_label else f"bin-{place}")

    figure = calibration_figure(found, chosen=chosen, dark=choices.is_dark(), of_label=name if of_label else None)
    about = f"fraction that is {name}, by its probability" if of_label else ("accuracy by confidence")
    parts.chart(
        state.CALIBRATION, figure, predictions, lambda choice: show_bin(int(choice["carried"])),
        label=f"Calibration curve of {name}" if of_label else "Calibration curve", now=chosen,
        title="Calibration", about=about,
    )  # fmt: skip
    if error_range:
        st.caption(f"Expected calibration error: 95 % interval {error_range}, of {n_samples:,} samples of a bootstrap.")
    st.caption(
        f"The probability of {literal} puts each example into one of {len(found.count)} bins of equal width; "
        "a bin holds what is above its lower edge and at most its upper one. Bars: fraction that is "
        f"{literal}; dots: at the mean probability; orange: the gap. Expected calibration error: the mean gap, "
        "each bin weighted by how many examples it holds. Whiskers: 95 % intervals. A bar shows its examples."
        if of_label
        else "Each prediction is put by its confidence, the probability of the predicted class, into one of "
        f"{len(found.count)} bins of equal width; a bin holds what is above its lower edge and at most its upper one. "
        "Bars: accuracy; dots: at the mean confidence; orange: the gap. Expected calibration error: "
        "the mean gap, each bin weighted by how many predictions it holds. Whiskers: 95 % intervals. A bar shows its "
        "examples."
    )
    columns = (
        {"title": f"p({name})" if of_label else "Confidence", "kind": "text"},
        {"title": "Examples" if of_label else "Predictions", "kind": "count"},
        {"title": "Mean p" if of_label else "Mean confidence", "kind": "number"},
        {
            "title": "True" if of_label else "Right",
            "kind": "number",
            "about": f"Fraction that is {name}" if of_label else "Accuracy: fraction that is right",
        },
        {"title": "Gap", "kind": "number", "about": "Absolute difference of the two"},
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
                "notes": [None] * 3 + [few(row["predictions"]) or percent_range(found.intervals[b])],
            }
            for b, row in enumerate(rows)
        ],
        predictions,
        lambda choice: show_bin(int(choice["row"])),
        selected=None if chosen is None else str(chosen),
    )  # fmt: skip
    choices.save(query, "calibration", lambda: rows)
