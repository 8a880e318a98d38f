"""Precision, recall, F1 and specificity of each class, each with its formula and its own numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from annscope.dashboard import escaping, state
from annscope.dashboard.components import parts
from annscope.dashboard.formulas import averages_in_words, formulas
from annscope.dashboard.looking import FIGURES, Looking
from annscope.dashboard.queries import tables
from annscope.dashboard.queries.evaluations import Answers
from annscope.dashboard.queries.snapshots import Moments
from annscope.dashboard.views import choices

COLUMNS = (
    {"title": "Class", "kind": "text"},
    {"title": "Precision", "kind": "number", "about": "Of those taken for the class, how many are"},
    {"title": "Recall", "kind": "number", "about": "Of the class, how many were recognised"},
    {"title": "F1", "kind": "number", "about": "The harmonic mean of precision and recall"},
    {"title": "Specificity", "kind": "number", "about": "Of the others, how many were not taken for the class"},
    {"title": "Support", "kind": "count", "about": "How many examples are of the class"},
)


def classes(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    names, found, one = answers.class_names, answers.classes, choices.one(answers)
    rows = [
        {
            "id": str(c),
            "label": f"Examples of {name}",
            "title": f"Show what truly is {name}, and the formulas for it",
            "cells": [name, found.precision[c], found.recall[c], found.f1[c], answers.specificity[c], found.support[c]],
        }
        for c, name in enumerate(names)
    ]
    n = int(found.support.sum())
    footer = [
        {"cells": [f"{how} average", *(getattr(answers.averages[figure], how) for figure in FIGURES), n]}
        for how in ("macro", "micro", "weighted")
    ]
    of_samples = answers.sample_averages if answers.is_multilabel else None
    if of_samples is not None:
        footer.append({"cells": ["samples average", *(of_samples.get(figure, math.nan) for figure in FIGURES), n]})

    def choose(choice: Mapping[str, Any]) -> None:
        label = int(choice["row"])
        state.put(state.CLASS, names[label])
        choices.show(f"true-{label}")

    columns = ({**COLUMNS[0], "title": one.capitalize()}, *COLUMNS[1:])
    parts.table("classes", f"Figures of each {one} on the {answers.split} split", columns, rows, answers, choose,
                selected=str(looking.label), footer=footer)  # fmt: skip
    st.markdown(f"##### The figures of {escaping.markdown(names[looking.label])}, with their own numbers")
    st.markdown(formulas(answers.confusion, looking.label))
    with st.expander("What the averages mean", icon=":material/functions:"):
        st.markdown(averages_in_words(answers.confusion))
    choices.save(
        looking,
        "classes",
        lambda: tables.class_rows(names, found, answers.specificity, answers.averages, of_samples),
    )
