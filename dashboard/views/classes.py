"""Class metrics view: precision, recall, F1 and specificity of each class, with their formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from annscope.core.evaluation.intervals import MAX_RESAMPLES
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import address, escaping
from annscope.dashboard.address import METRICS, Query
from annscope.dashboard.components import parts
from annscope.dashboard.formulas import averages_in_words, formulas, undefined_in_words
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices
from annscope.runs.interval_words import few, figure_range

COLUMNS = (
    {"title": "Class", "kind": "text"},
    {
        "title": "Precision",
        "kind": "number",
        "about": "Fraction of the examples predicted as the class that belong to it",
    },
    {"title": "Recall", "kind": "number", "about": "Fraction of the examples of the class that are predicted as it"},
    {"title": "F1", "kind": "number", "about": "The harmonic mean of precision and recall"},
    {
        "title": "Specificity",
        "kind": "number",
        "about": "Fraction of the other examples that are not predicted as the class",
    },
    {"title": "Support", "kind": "count", "about": "Number of examples of the class"},
)


def classes(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:  # noqa: ARG001
    names, found, one = predictions.class_names, predictions.classes, choices.one(predictions)
    rows = [
        {
            "id": str(c),
            "label": f"Examples of {name}",
            "title": f"Show the examples of {name}, and its formulas",
            "cells": [
                name,
                found.precision[c],
                found.recall[c],
                found.f1[c],
                predictions.specificity[c],
                found.support[c],
            ],
            "notes": _intervals(predictions, c),
        }
        for c, name in ((c, names[c]) for c in predictions.weakest_first)
    ]
    n = int(found.support.sum())
    footer = [
        {
            "cells": [f"{how} average", *(getattr(predictions.averages[metric], how) for metric in METRICS), n],
            "notes": [None, *(figure_range(predictions.average_intervals[metric][how]) for metric in METRICS)],
        }
        for how in ("macro", "micro", "weighted")
    ]
    of_samples = predictions.sample_averages if predictions.is_multilabel else None
    if of_samples is not None:
        footer.append({"cells": ["samples average", *(of_samples.get(metric, math.nan) for metric in METRICS), n]})

    def choose(choice: Mapping[str, Any]) -> None:
        label = int(choice["row"])
        address.put(address.CLASS, names[label])
        choices.show(f"true-{label}")

    undefined = undefined_in_words(predictions.confusion, names)
    if undefined:
        st.info(undefined, icon=":material/info:")
    columns = ({**COLUMNS[0], "title": one.capitalize()}, *COLUMNS[1:])
    parts.table("classes", f"Metrics of each {one} on the {predictions.split} split", columns, rows, predictions,
                choose, selected=str(query.label), footer=footer)  # fmt: skip
    st.markdown(f"##### The metrics of {escaping.markdown(names[query.label])}, computed from their counts")
    st.markdown(formulas(predictions.confusion, query.label))
    st.caption(
        "The classes with the lowest recall come first. In grey, intervals of 95 %: Wilson's for precision, recall and "
        f"specificity; for F1 and the averages a bootstrap of {MAX_RESAMPLES:,} samples of the examples, seeded."
    )
    with st.expander("What the averages mean", icon=":material/functions:"):
        st.markdown(averages_in_words(predictions.confusion))
    choices.save(
        query,
        "classes",
        lambda: tables.class_rows(predictions),
    )


def _intervals(predictions: Predictions, label: int) -> list[str | None]:
    """The intervals of the figures of a class, or that its examples are too few for one."""
    support, n_predicted = int(predictions.classes.support[label]), int(predictions.is_predicted(label).sum())
    counts = {"precision": n_predicted, "recall": support, "f1": support + n_predicted}
    return [
        None,
        *(
            few(counts.get(metric, len(predictions.labels))) or figure_range(predictions.intervals[metric][label])
            for metric in METRICS
        ),
    ]
