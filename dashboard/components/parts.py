"""The interactive parts of Inspect, some of which compare runs, too, drawn by `frontend/src/inspect/main.js`."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from jaxtyping import Bool, Int
from numpy import ndarray

from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import state
from annscope.dashboard.components.loading import code, in_browser
from annscope.dashboard.queries.evaluations import dataset_of, shown_features
from annscope.dashboard.queries.examples import is_plane, rows_of
from annscope.dashboard.queries.matrices import MatrixView
from annscope.dashboard.server.assets import PLOTLY
from annscope.data.rows import named_values
from annscope.runs.interval_words import percent_words

LABEL_WORDS: dict[str, str] = {
    "counts": "number of examples; coloured by share of the row",
    "recall": "percent of the row; the diagonal is specificity and recall",
    "precision": "percent of the column; the diagonal is negative predictive value and precision",
}
"""What the cells of a label's matrix show."""
PER_SHEET = 42
MAX_COLUMNS = 300
"""How many columns of a row are shown."""
MAX_POINTS = 400
"""How many points of a 2-D split are drawn behind the example of a thumbnail."""

_component = in_browser("annscope_inspect", "This part")


Choose = Callable[[Mapping[str, Any]], None]


def matrix(view: MatrixView, predictions: Predictions, selected: str, choose: Choose) -> None:
    """The confusion matrix; a click calls `choose` with {"show": a selection as text}."""
    confusion = predictions.confusion
    _part(
        "matrix",
        {
            "file": f"{_stem(predictions)}-confusion-{view.name}",
            "label": f"Confusion matrix on the {predictions.split} split: rows true, columns predicted",
            "names": list(predictions.class_names),
            "counts": confusion.tolist(),
            "totals": confusion.sum(axis=1).tolist(),
            "predicted": confusion.sum(axis=0).tolist(),
            "values": plain(view.tones, 0.0),
            "texts": view.texts,
            "top": view.top,
            "words": view.words,
            "difference": view.is_difference,
            "selected": selected,
            "recall": _shares(predictions, "recall", confusion.sum(axis=1)),
            "precision": _shares(predictions, "precision", confusion.sum(axis=0)),
        },
        choose,
        view="matrix",
    )


def _shares(predictions: Predictions, name: Literal["recall", "precision"], counts: ndarray) -> list[tuple[str, str]]:
    """Recall or precision of each class, short for the margin of the matrix, and with its interval in words."""
    values, intervals = getattr(predictions.classes, name), predictions.intervals[name]
    return [
        ("n/a" if math.isnan(value) else _short_percent(value), percent_words(value, interval, n))
        for value, interval, n in zip(values.tolist(), intervals, counts.tolist(), strict=True)
    ]


def _short_percent(share: float) -> str:
    # 99.96 % must not be shown as 100 %.
    return "100" if share == 1 else f"{min(99.9, 100 * share):.1f}" if share >= 0.995 else f"{100 * share:.0f}"


def label_matrices(views: Sequence[MatrixView], predictions: Predictions, selected: str, choose: Choose) -> None:
    """A 2x2 matrix for each label; a click calls `choose` with {"show": a selection as text}."""
    _part(
        "labels",
        {
            "file": f"{_stem(predictions)}-confusion-{views[0].name}",
            "label": f"Confusion by label on the {predictions.split} split: rows true, columns predicted",
            "names": list(predictions.class_names),
            "counts": predictions.confusion.tolist(),
            "values": [plain(view.tones, 0.0) for view in views],
            "texts": [view.texts for view in views],
            "top": max(view.top for view in views),
            "words": LABEL_WORDS.get(views[0].name, views[0].words),
            "difference": False,
            "selected": selected,
        },
        choose,
        view="labels",
    )


def table(
    name: str,
    label: str,
    columns: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    subject: Predictions | str,
    choose: Choose | None,
    *,
    selected: str | None = None,
    footer: Sequence[Mapping[str, Any]] = (),
    tall: bool = False,
) -> None:
    """A sortable table; a click on a row calls `choose` with {"row": its id}.

    A column has a title, a kind (text, number, percent, count, or plain: a number without a bar) and optionally a line
    of explanation; a row has cells, and an id, a label for screen readers and a title where it can be chosen, and
    perhaps notes, which stand in grey beneath the cells: the intervals of its figures. NaN is shown as n/a. A tall
    table scrolls by itself; its header and its first column stay visible. `subject` begins the names of saved files.
    """
    data = {
        "file": f"{_stem(subject)}-{name}",
        "label": label,
        "columns": list(columns),
        "rows": [{**row, "cells": [_cell(cell) for cell in row["cells"]]} for row in rows],
        "footer": [{**row, "cells": [_cell(cell) for cell in row["cells"]]} for row in footer],
        "selected": selected,
        "tall": tall,
    }
    _part(name, data, choose, view="table")


def chart(
    name: str,
    figure: go.Figure,
    subject: Predictions | str,
    choose: Choose | None,
    *,
    label: str,
    title: str,
    about: str = "",
    now: float | None = None,
    opens: str = "its examples",
) -> None:
    """A figure whose points can be chosen by mouse and keyboard; that calls `choose` with {"label", "carried"}.

    They are the class of the curve, or None, and what the point's customdata holds; without `choose` the points are
    only read out. `opens` says what a point leads to. `subject` begins the names of saved files; with another run or
    name, a zoom ends. The keyboard starts at the point of `dashboard.figures.style.navigable` whose number is nearest
    to `now`. `title` and `about` stand above the chart; `label` is its name for screen readers.
    """
    # Through JSON, as plotly would send it: NaN as null, long arrays packed.
    drawn = json.loads(figure.to_json(engine="json"))
    data = {
        "title": title,
        "about": about,
        "label": label,
        "now": now,
        "run": subject if isinstance(subject, str) else subject.run,
        "opens": opens if choose is not None else "",
    }
    data["file"] = f"{_stem(subject)}-{name}"
    _part(name, data | {"figure": {"data": drawn["data"], "layout": drawn["layout"]}}, choose, view="chart")


def snapshot_picker(
    number: int,
    numbers: Sequence[int],
    names: Sequence[str],
    *,
    is_following: bool,
    live: bool,
    choose: Choose,
) -> None:
    """The choice of a snapshot; calls `choose` with {"number"}, or with {"latest": True} to follow the run.

    `numbers` are the snapshots to choose from, with their names; `live` means that the run is at work.
    """
    data = {
        "number": number,
        "numbers": list(numbers),
        "names": list(names),
        "following": is_following,
        "live": live,
    }
    _part(state.PLACE, data, choose, view="snapshot")


def threshold_slider(threshold: float, label: str, choose: Choose) -> None:
    """The choice of a threshold from 0 to 1; calls `choose` with {"threshold"}, while it is dragged, too."""
    _part(state.THRESHOLD, {"threshold": threshold, "label": label}, choose, view="threshold")


def gallery(
    predictions: Predictions,
    places: Int[ndarray, " n_selected"],
    choose: Choose,
    *,
    show: str,
    title: str,
    judged: int | None,
    called: Bool[ndarray, " n"] | None,
    sheet: int,
    opened: int | None,
    query: str,
    other: Predictions | None = None,
) -> None:
    """One page of the examples at `places`, in that order, and the opened one with all its probabilities.

    A click calls `choose` with {"sample": place or None} or {"sheet": number}, an arrow key that leaves the page with
    {"from": place, "step": 1 or -1}. `show` is the selection as
    text: when another is chosen, the gallery is scrolled into view. `judged` is the class whose probability
    is shown under each example, None for that of its prediction. Where a threshold decides, `called` tells which
    examples of the split it predicts as that class, and they are marked by it. `query` names the run and the
    snapshot in the address of any page; the sample is added to it. `other` are the predictions of the network that
    this one is compared with, which stand beside its own.
    """
    dataset = dataset_of(predictions.run)
    on_sheet = places[sheet * PER_SHEET : (sheet + 1) * PER_SHEET]
    every = [int(place) for place in on_sheet]
    if opened is not None and opened not in every:
        every.append(opened)
    kind: Literal["image", "plane", "row"] = (
        "image" if dataset.image_shape is not None else "plane" if is_plane(predictions.run) else "row"
    )
    features = np.zeros((len(every), 0)) if kind == "row" else shown_features(predictions.run, predictions.split, every)
    values = predictions.confidence if judged is None else predictions.probabilities[:, judged]
    items = [
        {
            "sample": place,
            "source": dataset.source(predictions.split, place),
            "label": predictions.labels[place].tolist(),
            "predicted": predictions.predicted[place].tolist(),
            "other": None if other is None else other.predicted[place].tolist(),
            "value": float(values[place]),
            **_verdict(predictions, judged, called, place),
            "features": [] if kind == "image" else features[k].tolist(),
        }
        for k, place in enumerate(every)
    ]
    about = "confidence in all labels" if predictions.is_multilabel else "confidence"
    pixels = np.clip(np.round(features * 255), 0, 255).astype(np.uint8) if kind == "image" else np.zeros(0)
    data: dict[str, Any] = {
        "run": predictions.run,
        "show": show,
        "title": title,
        "file": f"{_stem(predictions)}-examples",
        "split": predictions.split,
        "about": about if judged is None else f"probability of {predictions.class_names[judged]}",
        "several": predictions.is_multilabel,
        "count": len(places),
        "total": len(predictions.labels),
        "shown": len(on_sheet),
        "size": PER_SHEET,
        "sheet": sheet,
        "sheets": math.ceil(len(places) / PER_SHEET),
        "items": items,
        "kind": kind,
        "shape": list(dataset.image_shape) if dataset.image_shape is not None else None,
        "photo": dataset.is_photo,
        "pixels": _base64(pixels.astype(np.uint8)),
        "probabilities": _base64(predictions.probabilities[every].astype("<f4")),
        "names": list(predictions.class_names),
        "opened": opened,
        "query": query,
    }
    if kind == "plane":
        plane = shown_features(predictions.run, predictions.split)[:, :2]
        behind = np.linspace(0, len(plane) - 1, min(MAX_POINTS, len(plane))).astype(int)
        low, high = plane.min(axis=0), plane.max(axis=0)
        data["extent"] = [float(low[0]), float(high[0]), float(low[1]), float(high[1])]
        data["points"] = [[*plane[i].tolist(), predictions.labels[i].tolist()] for i in behind]
    if kind == "row":
        rows, file_rows = rows_of(predictions.run), None if dataset.arrays else dataset.rows.get(predictions.split)
        shown = rows.preparation.columns[:MAX_COLUMNS]
        data["columns"] = [{"name": column.name, "values": named_values(column)} for column in shown]
        data["more"] = len(rows.names) - len(shown)
        for item, cells in zip(items, rows.cells(predictions.split, every), strict=True):
            item["row"] = cells[:MAX_COLUMNS]
            item["number"] = None if file_rows is None else int(file_rows[item["sample"]]) + 1
    _part(state.GALLERY, data, choose, view="gallery")


def _verdict(
    predictions: Predictions, judged: int | None, called: Bool[ndarray, " n"] | None, place: int
) -> dict[str, Any]:
    """Whether the prediction of an example is right, and what a threshold calls it."""
    if judged is None or called is None:
        return {"right": bool(predictions.right[place]), "called": None}
    name = predictions.class_names[judged]
    return {
        "right": bool(called[place] == predictions.is_class(judged)[place]),
        "called": name if called[place] else f"not {name}",
    }


def plain(values: ndarray, undefined: float | None = None) -> list[Any]:
    """An array as lists for JSON, with `undefined` for NaN."""
    if values.ndim > 1:
        return [plain(row, undefined) for row in values]
    return [undefined if math.isnan(value) else value for value in values.astype(float).tolist()]


def _part(name: str, data: Mapping[str, Any], choose: Choose | None, *, view: str) -> None:
    key = state.part(name)

    def chosen() -> None:
        choice = st.session_state[key].get("chosen")
        if choice is not None and choose is not None:
            choose(choice)

    _component(
        key=key,
        data={**code("inspect/main.js"), "plotly": PLOTLY, "view": view, **data},
        on_chosen_change=chosen,
    )


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value
    number = float(value)
    return None if math.isnan(number) else int(number) if isinstance(value, int | np.integer) else number


def _stem(subject: Predictions | str) -> str:
    if isinstance(subject, str):
        return subject
    return f"{subject.run}-snapshot-{subject.number}-{subject.split}"


def _base64(values: ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
