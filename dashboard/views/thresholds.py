"""What one threshold calls a class, on the ROC and the precision-recall curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from annscope.core.evaluation.curves import at_threshold
from annscope.dashboard import escaping, state
from annscope.dashboard.components import parts
from annscope.dashboard.figures.look import short
from annscope.dashboard.figures.thresholds import precision_recall_figure, roc_figure
from annscope.dashboard.looking import Looking
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import Answers
from annscope.dashboard.queries.snapshots import Moments
from annscope.dashboard.views import choices


def thresholds(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    """The curves of one class or label, the point of the threshold on them, and the areas under those of every one."""
    label, name = looking.label, answers.class_names[looking.label]
    literal = escaping.markdown(name)
    positive, scores = answers.is_class(label), answers.probabilities[:, label]
    mark = at_threshold(positive, scores, looking.threshold)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choices.choose_class(looking, answers)
        _choose_threshold(looking, name)
    with st.container(horizontal=True):
        for title, value in (
            ("Precision", mark.precision), ("Recall", mark.recall),
            ("False positive rate", mark.false_positive_rate), ("F1", mark.f1),
        ):  # fmt: skip
            st.metric(title, choices.figure_text(value), border=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Show the {mark.true_positives + mark.false_positives:,} called {literal}", key=state.CALLED,
            on_click=choices.show, args=(f"called-{label}",), icon=":material/filter_alt:",
        )  # fmt: skip
        st.button(
            f"Show the {mark.false_negatives:,} missed", key=state.MISSED, on_click=choices.show,
            args=(f"missed-{label}",), icon=":material/filter_alt_off:",
        )  # fmt: skip

    one = choices.one(answers)
    against = "" if answers.is_multilabel else ", against all other classes"
    areas, mean_areas = answers.roc_areas
    precisions, mean_precisions = answers.average_precisions
    dark = choices.is_dark()
    left, right = st.columns(2, gap="medium")
    with left:
        figure = roc_figure(answers.roc_curves, answers.class_names, label, mark, dark=dark)
        parts.chart(
            state.ROC, figure, answers, _take(answers), label=f"ROC curve of {name}", now=looking.threshold,
            title=f"ROC: area {choices.figure_text(areas[label])}", about=name,
        )  # fmt: skip
    with right:
        figure = precision_recall_figure(
            answers.precision_recall_curves, answers.class_names, label, mark,
            share=float(positive.mean()), dark=dark,
        )  # fmt: skip
        parts.chart(
            state.PRECISION_RECALL, figure, answers, _take(answers), label=f"Precision-recall curve of {name}",
            now=looking.threshold, title=f"Average precision {choices.figure_text(precisions[label])}",
            about=name,
        )  # fmt: skip
    if not positive.any():
        st.info(f"This split holds no example of {literal}: it has no curves.", icon=":material/info:")
    st.caption(
        "A point of a curve takes its threshold and shows what it calls positive; a grey curve is another "
        f"{one}, to look at instead. Dotted: chance. Diamond: the threshold. Drag to zoom in, double-click to zoom out."
    )
    columns = (
        {"title": one.capitalize(), "kind": "text"},
        {"title": "Area under ROC", "kind": "number", "about": f"By the trapezoid rule{against}"},
        {"title": "Average precision", "kind": "number", "about": "Sum of recall steps times precision"},
        {"title": "Support", "kind": "count"},
    )
    rows = [
        {
            "id": str(c),
            "label": f"Curves of {each}",
            "cells": [each, areas[c], precisions[c], answers.classes.support[c]],
        }
        for c, each in enumerate(answers.class_names)
    ]
    total = int(answers.classes.support.sum())
    footer = [
        {"cells": [f"{how} average", getattr(mean_areas, how), getattr(mean_precisions, how), total]}
        for how in ("macro", "micro", "weighted")
    ]
    parts.table("areas", "Areas under the curves", columns, rows, answers,
                lambda choice: state.put(state.CLASS, answers.class_names[int(choice["row"])]),
                selected=str(label), footer=footer)  # fmt: skip
    support, precision = answers.classes.support, answers.average_precisions
    with st.container(horizontal=True):
        choices.save(
            looking, "areas", lambda: tables.area_rows(answers.class_names, answers.roc_areas, precision, support),
            words="Areas as CSV",
        )  # fmt: skip
        choices.save(
            looking, "curves",
            lambda: tables.curve_rows(answers.class_names, answers.roc_curves, answers.precision_recall_curves),
            words="Every point as CSV",
        )  # fmt: skip


def _choose_threshold(looking: Looking, name: str) -> None:
    key = state.choice(state.THRESHOLD)
    if st.session_state.get(key) != looking.threshold:
        st.session_state[key] = looking.threshold

    def choose() -> None:
        state.put(state.THRESHOLD, repr(round(st.session_state[key], 6)))
        state.put(state.SHEET, None)

    st.slider(
        f"Threshold: call it {escaping.markdown(short(name))} when its probability is at least", 0.0, 1.0, step=0.005,
        key=key, format="%.3f", on_change=choose,
    )  # fmt: skip


def _take(answers: Answers) -> parts.Choose:
    def take(choice: Mapping[str, Any]) -> None:
        label = int(choice["label"])
        state.put(state.CLASS, answers.class_names[label])
        state.put(state.THRESHOLD, repr(float(choice["carried"])))
        choices.show(f"called-{label}")

    return take
