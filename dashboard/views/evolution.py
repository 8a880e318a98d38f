"""A metric of each class or label over the epochs: lines and a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy import ndarray

from annscope.core.evaluation.intervals import class_intervals, f1_interval
from annscope.core.evaluation.metrics import each_by_itself
from annscope.core.evaluation.predictions import Predictions
from annscope.core.snapshot import Confusion
from annscope.dashboard import address, escaping, state
from annscope.dashboard.address import METRICS, Query
from annscope.dashboard.components import parts
from annscope.dashboard.figures.evolution import evolution_figure
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import confusions_of, splits_of
from annscope.dashboard.queries.selections import EXAMPLES_OF
from annscope.dashboard.queries.snapshots import Snapshots, class_metric
from annscope.dashboard.views import choices

MAX_SNAPSHOTS = 60
"""How many snapshots, evenly spread, are evaluated."""
MIN_SNAPSHOTS, MAX_PREDICTIONS = 12, 1_000_000
"""On a split that was not recorded there are fewer, so that at most this many predictions are computed."""


def evolution(query: Query, predictions: Predictions, snapshots: Snapshots) -> None:
    """One metric of every class or label at every snapshot, as lines and as a table."""
    one = choices.one(predictions)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choices.choose_class(query, predictions)
        choices.segments(address.FIGURE, "Metric", METRICS, query.metric, hidden=False)
    # The worker recorded the confusion matrices of one split; for another, each network has to predict again.
    is_recorded = query.split == next(iter(splits_of(query.run)))
    limit = (
        MAX_SNAPSHOTS
        if is_recorded
        else max(MIN_SNAPSHOTS, min(MAX_SNAPSHOTS, MAX_PREDICTIONS // len(predictions.labels)))
    )
    numbers = snapshots.spread(limit)
    with st.spinner("Evaluating every snapshot …", show_time=False):
        confusions, errors = confusions_of(query.run, numbers, query.split)
    for error in errors:
        st.warning(escaping.markdown(f"{error} It is omitted here."), icon=":material/error:")
    is_thinned = len(numbers) < len(snapshots.lines)
    numbers = list(confusions)
    values = np.stack([class_metric(confusion, query.metric) for confusion in confusions.values()])
    at = [snapshots.at(number) for number in numbers]
    intervals = np.stack([_interval(confusion, query) for confusion in confusions.values()])
    figure = evolution_figure(
        at, values, predictions.class_names, query.label, intervals=intervals, metric_name=METRICS[query.metric],
        numbers=numbers, time_name=snapshots.unit.capitalize(), now=snapshots.at(query.number), dark=choices.is_dark(),
    )  # fmt: skip

    def go(number: int, label: int) -> None:
        address.put(address.SNAPSHOT, str(number))
        address.put(address.CLASS, predictions.class_names[label])
        choices.show(f"{EXAMPLES_OF[query.metric]}-{label}")

    parts.chart(
        state.EVOLUTION, figure, predictions, lambda choice: go(int(choice["carried"]), int(choice["label"])),
        label=f"{METRICS[query.metric]} of each {one} over time", now=query.number,
        title=METRICS[query.metric], about=f"of each {one} over the {snapshots.unit}s, on the {query.split} split",
    )  # fmt: skip
    st.caption(
        "A point goes to that snapshot and shows the examples that the metric is computed from. A gap is where it "
        f"is undefined. {'Evenly spread snapshots. ' if is_thinned else ''}"
        "Dotted: the selected snapshot. Whiskers: 95 % intervals. Drag to zoom in, double-click to zoom out."
    )
    names = predictions.class_names
    columns: list[Mapping[str, Any]] = [{"title": snapshots.unit.capitalize(), "kind": "count"}]
    columns += [{"title": name, "kind": "plain", "chosen": c == query.label} for c, name in enumerate(names)]
    parts.table(
        "snapshots",
        f"{METRICS[query.metric]} of each {one} at each {snapshots.unit}",
        columns,
        [
            {
                "id": str(number),
                "label": f"{snapshots.name(number)}: {choices.metric_text(row[query.label])}",
                "title": f"Go to {snapshots.name(number)}",
                "cells": [time, *row],
            }
            for number, time, row in zip(numbers, at, values, strict=True)
        ],
        predictions,
        lambda choice: go(int(choice["row"]), query.label),
        selected=str(query.number),
        tall=True,
    )
    choices.save(
        query, query.metric, lambda: tables.evolution_rows(predictions.class_names, snapshots.unit, at, values)
    )


def _interval(confusion: Confusion, query: Query) -> ndarray:
    """The interval of the chosen metric of the chosen class."""
    if query.metric == "f1":
        return f1_interval(each_by_itself(confusion)[query.label])
    of_class: ndarray = class_intervals(confusion)[query.metric][query.label]
    return of_class
