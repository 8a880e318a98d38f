"""Threshold view: one decision threshold on the ROC and the precision-recall curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from annscope.core.evaluation.curves import at_threshold
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import address, escaping, state
from annscope.dashboard.address import Query
from annscope.dashboard.components import parts
from annscope.dashboard.figures.style import short
from annscope.dashboard.figures.thresholds import precision_recall_figure, roc_figure
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices
from annscope.runs.interval_words import figure_range, figure_words


def thresholds(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:  # noqa: ARG001
    """The curves of one class or label with the point of the threshold, and the areas under the curves of all."""
    label, name = query.label, predictions.class_names[query.label]
    literal = escaping.markdown(name)
    positive, scores = predictions.is_class(label), predictions.probabilities[:, label]
    mark = at_threshold(positive, scores, query.threshold)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choices.choose_class(query, predictions)
        _choose_threshold(query, name)
    with st.container(horizontal=True):
        for title, value in (
            ("Precision", mark.precision), ("Recall", mark.recall),
            ("False positive rate", mark.false_positive_rate), ("F1", mark.f1),
        ):  # fmt: skip
            st.metric(title, choices.metric_text(value), border=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Show the {mark.true_positives + mark.false_positives:,} predicted as {literal}", key=state.CALLED,
            on_click=choices.show, args=(f"called-{label}",), icon=":material/filter_alt:",
        )  # fmt: skip
        st.button(
            f"Show the {mark.false_negatives:,} missed", key=state.MISSED, on_click=choices.show,
            args=(f"missed-{label}",), icon=":material/filter_alt_off:",
        )  # fmt: skip

    one = choices.one(predictions)
    versus = "" if predictions.is_multilabel else ", one vs. rest"
    areas, mean_areas = predictions.roc_areas
    precisions, mean_precisions = predictions.average_precisions
    intervals = predictions.area_intervals(label)
    dark = choices.is_dark()
    left, right = st.columns(2, gap="medium")
    with left:
        figure = roc_figure(predictions.roc_curves, predictions.class_names, label, mark, dark=dark)
        parts.chart(
            state.ROC, figure, predictions, _choose_point(predictions), label=f"ROC curve of {name}",
            now=query.threshold,
            title=f"ROC: area {figure_words(areas[label], intervals[0])}", about=name,
        )  # fmt: skip
    with right:
        figure = precision_recall_figure(
            predictions.precision_recall_curves, predictions.class_names, label, mark,
            share=float(positive.mean()), dark=dark,
        )  # fmt: skip
        parts.chart(
            state.PRECISION_RECALL, figure, predictions, _choose_point(predictions),
            label=f"Precision-recall curve of {name}", now=query.threshold, about=name,
            title=f"Average precision {figure_words(precisions[label], intervals[1])}",
        )  # fmt: skip
    if not positive.any():
        st.info(f"This split holds no example of {literal}: it has no curves.", icon=":material/info:")
    st.caption(
        "A click on a point sets its threshold and shows what is predicted positive; a click on a grey curve chooses "
        f"its {one}. Dotted: chance. Diamond: the threshold, with 95 % intervals. Drag to zoom in, "
        "double-click to zoom out."
    )
    columns = (
        {"title": one.capitalize(), "kind": "text"},
        {"title": "Area under ROC", "kind": "number", "about": f"By the trapezoid rule{versus}"},
        {"title": "Average precision", "kind": "number", "about": "Sum of recall steps times precision"},
        {"title": "Support", "kind": "count"},
    )
    rows = [
        {
            "id": str(c),
            "label": f"Curves of {each}",
            "cells": [each, areas[c], precisions[c], predictions.classes.support[c]],
            "notes": [None, *map(figure_range, intervals)] if c == label else [],
        }
        for c, each in enumerate(predictions.class_names)
    ]
    total = int(predictions.classes.support.sum())
    footer = [
        {
            "cells": [f"{how} average", getattr(mean_areas, how), getattr(mean_precisions, how), total],
            "notes": [None, *map(figure_range, predictions.area_average_intervals.get(how, ()))],
        }
        for how in ("macro", "micro", "weighted")
    ]
    parts.table("areas", "Areas under the curves", columns, rows, predictions,
                lambda choice: address.put(address.CLASS, predictions.class_names[int(choice["row"])]),
                selected=str(label), footer=footer)  # fmt: skip
    with st.container(horizontal=True):
        choices.save(
            query, "areas",
            lambda: tables.area_rows(predictions),
            words="Areas as CSV",
        )  # fmt: skip
        choices.save(
            query, "curves",
            lambda: tables.curve_rows(
                predictions.class_names, predictions.roc_curves, predictions.precision_recall_curves
            ),
            words="Every point as CSV",
        )  # fmt: skip


def _choose_threshold(query: Query, name: str) -> None:
    def choose(choice: Mapping[str, Any]) -> None:
        address.put(address.THRESHOLD, repr(float(choice["threshold"])))
        address.put(address.SHEET, None)

    words = f"Threshold: predict {short(name)} when its probability is at least"
    parts.threshold_slider(query.threshold, words, choose)


def _choose_point(predictions: Predictions) -> parts.Choose:
    def take(choice: Mapping[str, Any]) -> None:
        label = int(choice["label"])
        address.put(address.CLASS, predictions.class_names[label])
        address.put(address.THRESHOLD, repr(float(choice["carried"])))
        choices.show(f"called-{label}")

    return take
