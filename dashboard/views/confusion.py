"""Which class is taken for which: the confusion matrix, or one a label; and its cells as pairs, most frequent first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.core.snapshot import Confusion
from annscope.dashboard import escaping, state
from annscope.dashboard.components import parts
from annscope.dashboard.looking import Looking
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import Answers, answers_of
from annscope.dashboard.queries.live_runs import follow
from annscope.dashboard.queries.matrices import LABELS, MODES, matrix_view
from annscope.dashboard.queries.snapshots import Moments
from annscope.dashboard.views import choices
from annscope.runs.catalogue import run_directory, run_ids
from annscope.runs.reader import RunReader

MOST_OTHER_RUNS = 30
MOST_PAIRS = 20


def matrix(looking: Looking, answers: Answers, moments: Moments) -> None:
    choices.segments(state.MATRIX, "Cells", {mode: LABELS[mode] for mode in MODES}, looking.matrix)
    other = _other_confusion(looking, answers, moments) if looking.matrix == "difference" else None
    if answers.is_multilabel:
        views = [
            matrix_view(answers.confusion[k], looking.matrix, None if other is None else other[k])
            for k in range(answers.n_classes)
        ]
        parts.label_matrices(
            views, answers, looking.selection.format(), lambda choice: choices.show(str(choice["show"]))
        )
        choices.save(looking, "confusion", lambda: tables.label_rows(answers.class_names, answers.confusion))
        return
    view = matrix_view(answers.confusion, looking.matrix, other)
    parts.matrix(view, answers, looking.selection.format(), lambda choice: choices.show(str(choice["show"])))
    choices.save(looking, "confusion", lambda: tables.matrix_rows(answers.class_names, view.numbers))


def _other_confusion(looking: Looking, answers: Answers, moments: Moments) -> Confusion:
    """The matrix that the difference is taken from, chosen on screen: another snapshot, or another run's last."""
    others = _runs_with_classes(looking.run, answers)
    options = [str(number) for number in moments.numbers if number != looking.number] + others
    before = [number for number in moments.numbers if number < looking.number]
    default = str(before[-1]) if before else (options[0] if options else None)
    if default is None:
        st.info("This run has one snapshot, and no other run has the same classes.")
        return answers.confusion
    against = looking.against if looking.against in options else default
    if looking.against is not None and looking.against not in options:
        st.warning(f"There is nothing to compare with called {escaping.markdown(repr(looking.against))}.")
    key = state.choice(state.AGAINST)
    if st.session_state.get(key) != against:
        st.session_state[key] = against
    st.selectbox(
        "Compared with",
        options,
        key=key,
        format_func=lambda text: f"this run, {moments.name(int(text))}" if text.isdigit() else f"run {text}, its last",
        on_change=lambda: state.put(state.AGAINST, st.session_state[key]),
        width=420,
    )
    if against.isdigit():
        return answers_of(looking.run, int(against), looking.split).confusion
    return answers_of(against, follow(against).newest, looking.split).confusion


def _runs_with_classes(run: str, answers: Answers) -> list[str]:
    found = []
    for other in run_ids()[: -MOST_OTHER_RUNS - 1 : -1]:
        if other == run:
            continue
        try:
            reader = RunReader(run_directory(other))
            about, kind = reader.description["dataset"], reader.is_multilabel
            is_alike = about and tuple(about["class_names"]) == answers.class_names and kind == answers.is_multilabel
            if is_alike and follow(other).newest >= 0:
                found.append(other)
        except AnnscopeError:
            continue  # a run that cannot be read cannot be compared with
    return found


def pairs(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    rows = tables.pair_rows(answers.class_names, answers.confusion)
    if not rows:
        st.success("Nothing is confused: every example of this split is recognised.", icon=":material/check:")
        return
    columns: tuple[Mapping[str, Any], ...] = (
        {"title": "Truly", "kind": "text"},
        {"title": "Taken for", "kind": "text"},
        {"title": "Examples", "kind": "count"},
        {
            "title": "Of the true class",
            "kind": "percent",
            "about": "Share of the true class that went there",
            "top": max(row["share_of_true"] for row in rows),
        },
        {
            "title": "Of all mistakes",
            "kind": "percent",
            "about": "Share of all mistakes on this split",
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
                "label": f"{row['true']} taken for {row['predicted']}, {row['examples']} examples",
                "cells": [row["true"], row["predicted"], row["examples"], row["share_of_true"], row["share_of_wrong"]],
            }
            for row in rows[:MOST_PAIRS]
        ],
        answers,
        lambda choice: choices.show(str(choice["row"])),
        selected=looking.selection.format(),
    )
    st.caption(
        f"{min(len(rows), MOST_PAIRS)} of {len(rows)} pairs, the most frequent first; the file has all."
        if len(rows) > MOST_PAIRS
        else "Every pair that was confused, the most frequent first."
    )
    choices.save(looking, "pairs", lambda: rows)
