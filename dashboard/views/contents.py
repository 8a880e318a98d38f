"""What is in a data set, before anything is trained on it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from annscope.core.dataset import SPLITS
from annscope.dashboard import escaping, state
from annscope.dashboard.figures.classes import MAX_CLASSES, class_counts_figure
from annscope.dashboard.images import scatter_url, strip
from annscope.dashboard.queries.data_sets import MAX_CLASSES_SHOWN, PER_CLASS, Overview
from annscope.dashboard.queries.data_tables import TableView
from annscope.dashboard.views.repeats import repeats
from annscope.data.leaks import WARNING as LEAK
from annscope.data.png import png_url
from annscope.data.quality import imbalance
from annscope.data.user_table import ALIKE

UNEVEN = 1.5
"""From this ratio of the largest class to the smallest on, the classes are called imbalanced."""


def summary(overview: Overview) -> str:
    """The size of a data set in one line."""
    of = f"{overview.n_features:,} features"
    if overview.image_shape is not None:
        height, width = overview.image_shape
        of = f"images of {height}x{width} pixels in grey"
    kinds = "labels" if overview.is_multilabel else "classes"
    return f"{overview.n_examples:,} examples · {of} · {len(overview.class_names):,} {kinds}"


def notes_beside(view: TableView, overview: Overview) -> tuple[str, ...]:
    """The notes of a table that its columns, which are shown, do not say already."""
    n = view.n_read - overview.n_examples
    unlabelled = (f"{n:,} {'row has' if n == 1 else 'rows have'} no label, and cannot be learned from.",) if n else ()
    return (*view.notes, *unlabelled, *(note for note in overview.notes if note.startswith(LEAK) or ALIKE in note))


def contents(overview: Overview, notes: Sequence[str]) -> None:
    """Draw what is in a data set, with these notes about how it was read."""
    _notes(notes, overview.left_out)
    if overview.sheet:
        _sheet(overview)
    left, right = st.columns([7, 5], gap="large")
    with left:
        _classes(overview)
    with right:
        if overview.points is not None:
            _points(overview)
        _splits(overview)
        repeats(overview)


def _notes(notes: Sequence[str], left_out: Sequence[str]) -> None:
    for note in notes:
        if note.startswith(LEAK):
            st.warning(escaping.markdown(note), icon=":material/key:")
    lines = [escaping.markdown(note) for note in notes if not note.startswith(LEAK)]
    if lines:
        st.info(lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines), icon=":material/info:")
    if left_out:
        with st.expander(f"Left out: {len(left_out):,}", icon=":material/filter_alt_off:"):
            st.dataframe([{"Left out": line} for line in left_out], hide_index=True, height=240)


def _sheet(overview: Overview) -> None:
    st.subheader("Training images", anchor=False)
    dark = overview.is_photo or st.context.theme.type == "dark"
    lines = []
    for name, images in zip(overview.class_names, overview.sheet, strict=False):
        if not images:
            continue
        title = html.escape(name)
        alt = f"{len(images)} training images of {title}"
        sheet = strip(images, PER_CLASS)
        width = round(sheet.shape[1] * max(28, min(48, images[0].shape[0])) / images[0].shape[0])
        url = png_url(sheet, dark=dark)
        lines.append(
            f'<div><dt title="{title}">{title}</dt><dd><img src="{url}" alt="{alt}" style="width:{width}px"></dd></div>'
        )
    st.html(f'<dl class="as-sheet">{"".join(lines)}</dl>')
    more = len(overview.class_names) - MAX_CLASSES_SHOWN
    first = f"The first {PER_CLASS} of each class" if not overview.is_multilabel else f"The first {PER_CLASS} of each"
    how = "as recorded, from black to white" if overview.is_photo else "as ink on paper"
    st.caption(f"{first}{f'; and {more:,} more classes' if more > 0 else ''}. Images are shown {how}.")


def _points(overview: Overview) -> None:
    st.subheader("Points", anchor=False)
    dark = st.context.theme.type == "dark"
    if overview.points is not None:
        url = scatter_url(*overview.points, dark=dark)
        st.html(f'<img class="as-points" src="{url}" alt="The points of the data set, coloured by class">')


def _classes(overview: Overview) -> None:
    st.subheader("Labels" if overview.is_multilabel else "Classes", anchor=False)
    st.markdown(balance(overview))
    figure = class_counts_figure(overview.counts, overview.class_names, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key=state.CLASS_COUNTS, config={"displayModeBar": False}, alt=_in_words(overview))
    if len(overview.class_names) > MAX_CLASSES:
        st.caption(f"The {MAX_CLASSES} largest of {len(overview.class_names):,}.")


def balance(overview: Overview) -> str:
    """Whether the classes are balanced, in Markdown."""
    totals = overview.counts.sum(axis=0)
    n, most, least = overview.n_examples, int(totals.argmax()), int(totals.argmin())
    largest, smallest = (f"“{escaping.markdown(overview.class_names[c])}”" for c in (most, least))
    if overview.is_multilabel:
        return (
            f"The most frequent label, {largest}, is true of {totals[most] / n:.1%} of the examples, the rarest, "
            f"{smallest}, of {totals[least] / n:.1%}."
        )
    ratio = imbalance(totals)
    always = f"Always predicting {largest} would be right for {totals[most] / n:.1%}."
    if ratio < UNEVEN:
        least_words = "" if totals[least] == totals[most] else f"{totals[least]:,} to "
        return f"Balanced: {least_words}{totals[most]:,} examples of each class. {always}"
    return (
        f"**Imbalanced**: {largest} has {ratio:.1f} times as many examples as {smallest}. {always} The setting "
        "“Class weights: balanced” evens it out."
    )


def _in_words(overview: Overview) -> str:
    totals = overview.counts.sum(axis=0).tolist()
    some = ", ".join(f"{name} {total:,}" for name, total in list(zip(overview.class_names, totals, strict=True))[:20])
    return f"Number of examples of each class: {some}"


def _splits(overview: Overview) -> None:
    st.subheader("Splits", anchor=False)
    purposes = {"train": "Training", "validation": "Validation", "test": "Test"}
    n = overview.n_examples
    lines = ["| Split | Examples | Share |", "|---|--:|--:|"]
    lines += [f"| {purposes[s]} | {overview.n_by_split[s]:,} | {overview.n_by_split[s] / n:.0%} |" for s in SPLITS]
    st.markdown("\n".join(lines))
    st.caption(overview.split_words)
    missing = [
        (split, int(np.count_nonzero((row == 0) & (overview.counts.sum(axis=0) > 0))))
        for split, row in zip(SPLITS, overview.counts, strict=True)
        if row.any()
    ]
    for split, n_missing in missing:
        if n_missing:
            st.caption(f"{n_missing:,} classes have no {split} example.")
