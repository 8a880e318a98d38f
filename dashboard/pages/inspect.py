"""The Inspect page: which class fails, on which examples, and how sure the network was."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from core.curves import at_threshold
from core.errors import AnnscopeError
from core.snapshot import Confusion
from dashboard import state, tables
from dashboard.components import parts
from dashboard.components.header import escape
from dashboard.components.picker import pick_run, run_to_show
from dashboard.derived import Answers, DerivedError, answers_of, confusions_of, splits_of
from dashboard.figures.calibration import calibration_figure
from dashboard.figures.evolution import evolution_figure
from dashboard.figures.thresholds import precision_recall_figure, roc_figure
from dashboard.following import follow
from dashboard.formulas import averages_in_words, formulas
from dashboard.looking import FIGURES, Looking, understand, views_of
from dashboard.matrices import LABELS, MODES, matrix_view
from dashboard.moments import Moments, class_figure
from dashboard.selection import ORDERS, describe, judged_class, select
from runs.record import RunReader, run_directory, run_ids

STYLE = """<style>
.stMainBlockContainer { padding: 4.5rem 2rem 2rem; max-width: 1800px; }
@media (max-width: 1000px) { .stMainBlockContainer { padding: 4.5rem 1rem 2rem; } }
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none; }
.st-key-inspect-choices { border-bottom: 1px solid var(--st-border-color, #8883); padding-bottom: 0.5rem; }
.st-key-inspect-headline p { font-variant-numeric: tabular-nums; }
.st-key-inspect-body [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {
  flex-wrap: wrap; row-gap: 1rem;
}
@media (max-width: 1100px) {
  .st-key-inspect-body > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"],
  .st-key-inspect-body > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: 100%; }
}
.st-key-inspect-choices > :has(> .stSelectbox) { flex: 1 1 19rem; min-width: 19rem; }
.st-key-inspect-choices > :has(> .st-key-place) { flex: 2 1 17rem; min-width: 17rem; }
.st-key-place { flex-wrap: nowrap; }
.st-key-earlier [data-testid="stMarkdownContainer"], .st-key-later [data-testid="stMarkdownContainer"] {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.st-key-earlier button, .st-key-later button { padding-inline: 0.6rem; }
[data-testid="stButtonGroup"] [data-selected="true"] p { color: light-dark(#2257B5, #8FB4FF); }
.st-key-inspect-body [data-testid="stCaptionContainer"], .st-key-inspect-body [data-testid="stCaptionContainer"] p {
  color: light-dark(#566173, #9AA7B8); opacity: 1;
}
.st-key-inspect-body .katex { font-size: 1.02em; }
.st-key-inspect-body [data-testid="stMetricValue"] { font-size: 1.4rem; font-variant-numeric: tabular-nums; }
</style>"""
SPLIT_NAMES = {"train": "Training", "validation": "Validation", "test": "Test"}
MOST_MOMENTS = 60
"""How many snapshots, evenly spread, the evolution over the epochs looks at."""
FEWEST_MOMENTS, MOST_ANSWERS = 12, 1_000_000
"""On a split that was not recorded it looks at fewer, so that at most so many answers are computed."""
MOST_OTHER_RUNS = 30
MOST_PAIRS = 20


def page() -> None:
    """Draw the page."""
    state.arrive(state.INSPECT)
    st.html(STYLE)
    run = run_to_show()
    for sentence in st.session_state.pop(state.COMPLAINTS, []):
        st.warning(escape(sentence), icon=":material/link_off:")
    if run is None:
        st.info("There is no run yet: train a network first, then look here at what it gets wrong.", icon="🔎")
    else:
        _inspect(run)
    state.remember_address()


@st.fragment
def _inspect(run: str) -> None:
    state.catch_up()
    if state.shown_run() not in {None, run}:
        st.rerun()  # another run was picked: the whole page is about that one
    with st.container(key="inspect-choices", horizontal=True, vertical_alignment="center", gap="medium"):
        pick_run(run)
        try:
            following = follow(run)
            lines = following.snapshot_lines()
            splits = splits_of(run) if following.is_described else {}
            if not lines or not splits:
                raise DerivedError("This run has no snapshot yet; look again once it trains.")
            names = tuple(following.reader.description["dataset"]["class_names"])
            is_multilabel = following.reader.is_multilabel
        except AnnscopeError as error:
            st.info(escape(str(error)), icon=":material/hourglass_empty:")
            return
        looking = understand(
            st.query_params.to_dict(), run, n_snapshots=len(lines), splits=splits, class_names=names,
            is_multilabel=is_multilabel,
        )  # fmt: skip
        moments = Moments(lines)
        _choose_split(looking, splits)
        _choose_snapshot(looking, moments)
    for sentence in looking.complaints:
        st.warning(escape(sentence), icon=":material/link_off:")
    try:
        answers = answers_of(run, looking.number, looking.split)
        _headline(answers, moments)
        with st.container(key="inspect-body"):
            left, right = st.columns([7, 5], gap="large")
            with left:
                _choose_view(looking, answers)
                _VIEWS[looking.view](looking, answers, moments)
            with right:
                _gallery(looking, answers)
    except AnnscopeError as error:
        st.error(escape(str(error)), icon=":material/error:")


# Choices


def _segments(
    name: str, label: str, options: Mapping[Any, str], value: Any, *, also: tuple[str, ...] = (), hidden: bool = True
) -> None:
    """One of a few, shown side by side; a choice goes into the address and takes `also` out of it."""
    key = state.choice(name)
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def choose() -> None:
        chosen = st.session_state[key]
        if chosen is not None:
            state.put(name, str(chosen))
            for other in also:
                state.put(other, None)

    st.segmented_control(
        label, list(options), key=key, format_func=lambda option: options[option], on_change=choose, required=True,
        label_visibility="collapsed" if hidden else "visible",
    )  # fmt: skip


def _choose_split(looking: Looking, splits: Mapping[str, int]) -> None:
    options = {split: f"{SPLIT_NAMES[split]} · {count:,}" for split, count in splits.items()}
    _segments(state.SUBSET, "Split", options, looking.split, also=(state.SAMPLE, state.SHEET))


def _choose_snapshot(looking: Looking, moments: Moments) -> None:
    key, last = state.choice(state.SNAPSHOT), len(moments.lines) - 1
    if last == 0:
        return
    if st.session_state.get(key) != looking.number:
        st.session_state[key] = looking.number

    def go(number: int) -> None:
        state.put(state.SNAPSHOT, str(number))

    with st.container(key=state.PLACE, horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Earlier snapshot", key=state.EARLIER, icon=":material/chevron_left:", disabled=looking.number == 0,
            on_click=go, args=(looking.number - 1,), help="One snapshot earlier",
        )  # fmt: skip
        st.select_slider(
            "Snapshot",
            range(last + 1),
            key=key,
            format_func=moments.name,
            on_change=lambda: go(st.session_state[key]),
            label_visibility="collapsed",
        )
        st.button(
            "Later snapshot", key=state.LATER, icon=":material/chevron_right:", disabled=looking.number == last,
            on_click=go, args=(looking.number + 1,), help="One snapshot later",
        )  # fmt: skip


def _choose_view(looking: Looking, answers: Answers) -> None:
    _segments(state.VIEW, "View", views_of(is_multilabel=answers.is_multilabel), looking.view)


def _choose_class(looking: Looking, answers: Answers) -> None:
    key = state.choice(state.CLASS)
    if st.session_state.get(key) != looking.label:
        st.session_state[key] = looking.label

    def choose() -> None:
        state.put(state.CLASS, answers.class_names[st.session_state[key]])

    st.selectbox(
        "Label" if answers.is_multilabel else "Class",
        range(answers.n_classes),
        key=key,
        format_func=lambda c: answers.class_names[c],
        on_change=choose,
        width=190,
    )


def _show(text: str) -> None:
    """Look at other examples from their first sheet on."""
    state.put(state.SHOW, text)
    state.put(state.SHEET, None)
    state.put(state.SAMPLE, None)


# What is shown


def _headline(answers: Answers, moments: Moments) -> None:
    n, wrong = len(answers.labels), int((~answers.right).sum())
    figures = f"**{answers.accuracy:.2%}** right, **{wrong:,}** wrong."
    if answers.is_multilabel:
        figures = (
            f"subset accuracy **{answers.accuracy:.2%}** (every label right), **{wrong:,}** with a wrong label; "
            f"Hamming loss **{answers.hamming_loss:.4f}** (share of wrong labels)."
        )
    with st.container(key="inspect-headline"):
        st.markdown(
            f"**{SPLIT_NAMES[answers.split]} split**, {n:,} examples, {moments.name(answers.number)}: {figures}"
        )


def _matrix(looking: Looking, answers: Answers, moments: Moments) -> None:
    _segments(state.MATRIX, "Cells", {mode: LABELS[mode] for mode in MODES}, looking.matrix)
    other = _other_confusion(looking, answers, moments) if looking.matrix == "difference" else None
    if answers.is_multilabel:
        views = [
            matrix_view(answers.confusion[k], looking.matrix, None if other is None else other[k])
            for k in range(answers.n_classes)
        ]
        parts.label_matrices(views, answers, looking.selection.format(), lambda choice: _show(str(choice["show"])))
        _save(looking, "confusion", lambda: tables.label_rows(answers.class_names, answers.confusion))
        return
    view = matrix_view(answers.confusion, looking.matrix, other)
    parts.matrix(view, answers, looking.selection.format(), lambda choice: _show(str(choice["show"])))
    _save(looking, "confusion", lambda: tables.matrix_rows(answers.class_names, view.numbers))


def _other_confusion(looking: Looking, answers: Answers, moments: Moments) -> Confusion:
    """The matrix that the difference is taken from, chosen on screen: another snapshot, or another run's last."""
    others = _runs_with_classes(looking.run, answers)
    options = [str(number) for number in range(len(moments.lines)) if number != looking.number] + others
    default = str(max(0, looking.number - 1)) if looking.number else (options[0] if options else None)
    if default is None:
        st.info("This run has one snapshot, and no other run has the same classes.")
        return answers.confusion
    against = looking.against if looking.against in options else default
    if looking.against is not None and looking.against not in options:
        st.warning(f"There is nothing to compare with called {escape(repr(looking.against))}.")
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
    number = len(follow(against).snapshot_lines()) - 1
    return answers_of(against, number, looking.split).confusion


def _runs_with_classes(run: str, answers: Answers) -> list[str]:
    found = []
    for other in run_ids()[: -MOST_OTHER_RUNS - 1 : -1]:
        if other == run:
            continue
        try:
            reader = RunReader(run_directory(other))
            about, kind = reader.description["dataset"], reader.is_multilabel
            is_alike = about and tuple(about["class_names"]) == answers.class_names and kind == answers.is_multilabel
            if is_alike and follow(other).snapshot_lines():
                found.append(other)
        except AnnscopeError:
            continue  # a run that cannot be read cannot be compared with
    return found


COLUMNS = (
    {"title": "Class", "kind": "text"},
    {"title": "Precision", "kind": "number", "about": "Of those taken for the class, how many are"},
    {"title": "Recall", "kind": "number", "about": "Of the class, how many were recognised"},
    {"title": "F1", "kind": "number", "about": "The harmonic mean of precision and recall"},
    {"title": "Specificity", "kind": "number", "about": "Of the others, how many were not taken for the class"},
    {"title": "Support", "kind": "count", "about": "How many examples are of the class"},
)


def _classes(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    names, found = answers.class_names, answers.classes
    one = "label" if answers.is_multilabel else "class"
    rows = [
        {
            "id": str(c),
            "label": f"Examples of {name}",
            "title": f"Show what truly is {name}, and the formulas for it",
            "cells": [name, found.precision[c], found.recall[c], found.f1[c], answers.specificity[c], found.support[c]],
        }
        for c, name in enumerate(names)
    ]
    n = len(answers.labels)
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
        _show(f"true-{label}")

    columns = ({**COLUMNS[0], "title": one.capitalize()}, *COLUMNS[1:])
    parts.table("classes", f"Figures of each {one} on the {answers.split} split", columns, rows, choose,
                selected=str(looking.label), footer=footer)  # fmt: skip
    st.markdown(f"##### The figures of {escape(names[looking.label])}, with their own numbers")
    st.markdown(formulas(answers.confusion, looking.label))
    with st.expander("What the averages mean", icon=":material/functions:"):
        st.markdown(averages_in_words(answers.confusion))
    _save(
        looking, "classes", lambda: tables.class_rows(names, found, answers.specificity, answers.averages, of_samples)
    )


def _pairs(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
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
        lambda choice: _show(str(choice["row"])),
        selected=looking.selection.format(),
    )
    st.caption(
        f"{min(len(rows), MOST_PAIRS)} of {len(rows)} pairs, the most frequent first; the file has all."
        if len(rows) > MOST_PAIRS
        else "Every pair that was confused, the most frequent first."
    )
    _save(looking, "pairs", lambda: rows)


def _thresholds(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    label, name = looking.label, answers.class_names[looking.label]
    positive, scores = answers.is_class(label), answers.probabilities[:, label]
    mark = at_threshold(positive, scores, looking.threshold)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _choose_class(looking, answers)
        _choose_threshold(looking, name)
    with st.container(horizontal=True):
        for title, value in (
            ("Precision", mark.precision), ("Recall", mark.recall),
            ("False positive rate", mark.false_positive_rate), ("F1", mark.f1),
        ):  # fmt: skip
            st.metric(title, figure_text(value), border=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Show the {mark.true_positives + mark.false_positives:,} called {name}", key=state.CALLED,
            on_click=_show, args=(f"called-{label}",), icon=":material/filter_alt:",
        )  # fmt: skip
        st.button(
            f"Show the {mark.false_negatives:,} missed", key=state.MISSED, on_click=_show,
            args=(f"missed-{label}",), icon=":material/filter_alt_off:",
        )  # fmt: skip

    against = "" if answers.is_multilabel else " against all others"
    areas, mean_areas = answers.roc_areas
    precisions, mean_precisions = answers.average_precisions
    dark = is_dark()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**ROC** of {escape(name)}{against} · area **{figure_text(areas[label])}**")
        figure = roc_figure(answers.roc_curves, answers.class_names, label, mark, dark=dark)
        _chart(figure, state.ROC, f"ROC curve of {name}", looking, _take_threshold(state.ROC, label))
    with right:
        st.markdown(f"**Precision-recall** of {escape(name)} · average precision **{figure_text(precisions[label])}**")
        figure = precision_recall_figure(
            answers.precision_recall_curves, answers.class_names, label, mark,
            share=float(positive.mean()), dark=dark,
        )  # fmt: skip
        _chart(figure, state.PRECISION_RECALL, f"Precision-recall curve of {name}", looking,
               _take_threshold(state.PRECISION_RECALL, label))  # fmt: skip
    st.caption(
        "A click on a point of the blue curve takes its threshold and shows what it calls positive. "
        f"Grey: the other {'labels' if answers.is_multilabel else 'classes'}. Dotted: chance. Diamond: the threshold."
    )
    columns = (
        {"title": "Label" if answers.is_multilabel else "Class", "kind": "text"},
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
    footer = [
        {"cells": [f"{how} average", getattr(mean_areas, how), getattr(mean_precisions, how), len(answers.labels)]}
        for how in ("macro", "micro", "weighted")
    ]
    parts.table("areas", "Areas under the curves", columns, rows,
                lambda choice: state.put(state.CLASS, answers.class_names[int(choice["row"])]),
                selected=str(label), footer=footer)  # fmt: skip
    _save(
        looking,
        "curves",
        lambda: tables.curve_rows(answers.class_names, answers.roc_curves, answers.precision_recall_curves),
        words="Every point as CSV",
    )


def _choose_threshold(looking: Looking, name: str) -> None:
    key = state.choice(state.THRESHOLD)
    if st.session_state.get(key) != looking.threshold:
        st.session_state[key] = looking.threshold

    def choose() -> None:
        state.put(state.THRESHOLD, repr(round(st.session_state[key], 6)))
        state.put(state.SHEET, None)

    st.slider(
        f"Threshold: call it {name} when its probability is at least", 0.0, 1.0, step=0.005, key=key, format="%.3f",
        on_change=choose,
    )  # fmt: skip


def _take_threshold(key: str, label: int) -> Callable[[], None]:
    def take() -> None:
        threshold = _clicked(key)
        if threshold is not None:
            state.put(state.THRESHOLD, repr(float(threshold)))
            _show(f"called-{label}")

    return take


def _calibration(looking: Looking, answers: Answers, moments: Moments) -> None:  # noqa: ARG001
    label, of_label = looking.label, answers.is_multilabel
    found = answers.calibration_of(label) if of_label else answers.calibration
    selection, name = looking.selection, answers.class_names[label]
    if of_label:
        _choose_class(looking, answers)
    means = [("Mean confidence", float(answers.confidence.mean())), ("Accuracy", answers.accuracy)]
    if of_label:
        mean, share = answers.probabilities[:, label].mean(), answers.is_class(label).mean()
        means = [(f"Mean p({name})", float(mean)), (f"Share that is {name}", float(share))]
    with st.container(horizontal=True):
        st.metric("Expected calibration error", figure_text(found.expected_error), border=True)
        st.metric("Largest gap of a bin", figure_text(found.largest_error), border=True)
        for title, mean in means:
            st.metric(title, figure_text(mean), border=True)
    chosen = selection.first if selection.kind == "bin" else None
    if selection.kind == "pbin" and selection.first == label:
        chosen = selection.second

    def show_bin(place: int) -> None:
        _show(f"pbin-{label}-{place}" if of_label else f"bin-{place}")

    def take() -> None:
        place = _clicked(state.CALIBRATION)
        if place is not None:
            show_bin(int(place))

    x = f"Probability of {name}" if of_label else "Confidence (probability of the prediction)"
    y = f"Share that is {name}" if of_label else "Share that is right"
    figure = calibration_figure(found, chosen=chosen, dark=is_dark(), x=x, y=y)
    _chart(figure, state.CALIBRATION, "Calibration curve", looking, take)
    st.caption(
        f"Each example is put by its probability of {name} into one of {len(found.count)} bins of equal width; a bin "
        f"holds what is above its lower edge and at most its upper one. Bars: share that truly is {name}; dots: at the "
        "mean probability; orange: the gap. Expected calibration error: the mean gap, each bin weighted by how many "
        "examples it holds. A click on a bar shows its examples."
        if of_label
        else "Each prediction is put by its confidence, the probability of the predicted class, into one of "
        f"{len(found.count)} bins of equal width; a bin holds what is above its lower edge and at most its upper one. "
        "Bars: share of right predictions; dots: at the mean confidence; orange: the gap. Expected calibration error: "
        "the mean gap, each bin weighted by how many predictions it holds. A click on a bar shows its examples."
    )
    columns = (
        {"title": f"p({name})" if of_label else "Confidence", "kind": "text"},
        {"title": "Examples" if of_label else "Predictions", "kind": "count"},
        {"title": "Mean p" if of_label else "Mean confidence", "kind": "number"},
        {"title": "True" if of_label else "Right", "kind": "number", "about": y},
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
        lambda choice: show_bin(int(choice["row"])),
        selected=None if chosen is None else str(chosen),
    )  # fmt: skip
    _save(looking, "calibration", lambda: rows)


def _epochs(looking: Looking, answers: Answers, moments: Moments) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _choose_class(looking, answers)
        _segments(state.FIGURE, "Figure", FIGURES, looking.figure, hidden=False)
    # Where the worker recorded the answers they are only read; elsewhere each network has to answer again.
    is_recorded = looking.split == next(iter(splits_of(looking.run)))
    most = MOST_MOMENTS if is_recorded else max(FEWEST_MOMENTS, min(MOST_MOMENTS, MOST_ANSWERS // len(answers.labels)))
    numbers = moments.spread(most)
    with st.spinner("Looking back at every snapshot …", show_time=False):
        confusions = confusions_of(looking.run, numbers, looking.split)
    values = np.stack([class_figure(confusion, looking.figure) for confusion in confusions])
    at = [moments.at(number) for number in numbers]
    figure = evolution_figure(
        at, values, answers.class_names, looking.label, figure_name=FIGURES[looking.figure],
        numbers=numbers, time_name=moments.unit.capitalize(), now=moments.at(looking.number), dark=is_dark(),
    )  # fmt: skip

    def take() -> None:
        number = _clicked(state.EVOLUTION)
        if number is not None:
            state.put(state.SNAPSHOT, str(int(number)))
            _show(f"true-{looking.label}")

    _chart(figure, state.EVOLUTION, f"{FIGURES[looking.figure]} of each class over time", looking, take)
    st.caption(
        f"{FIGURES[looking.figure]} on the {looking.split} split; a gap is where it is undefined. "
        f"{'Evenly spread snapshots. ' if len(numbers) < len(moments.lines) else ''}"
        "A click on a point of the blue line goes to that snapshot."
    )
    _save(looking, looking.figure, lambda: tables.evolution_rows(answers.class_names, moments.unit, at, values))


_VIEWS: dict[str, Callable[[Looking, Answers, Moments], None]] = {
    "matrix": _matrix,
    "classes": _classes,
    "pairs": _pairs,
    "thresholds": _thresholds,
    "calibration": _calibration,
    "epochs": _epochs,
}


def _gallery(looking: Looking, answers: Answers) -> None:
    places = select(looking.selection, answers, looking.threshold, looking.order)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _segments(state.ORDER, "Order", ORDERS, looking.order, also=(state.SHEET,))
        for text, title in (("wrong", "Every mistake"), ("all", "Every example")):
            if looking.selection.format() != text:
                st.button(title, key=f"inspect-show-{text}", on_click=_show, args=(text,), type="tertiary")
    sheets = max(1, -(-len(places) // parts.PER_SHEET))

    def choose(choice: Mapping[str, Any]) -> None:
        if "sheet" in choice:
            state.show_number(state.SHEET, choice["sheet"])
            state.put(state.SAMPLE, None)
        if "sample" in choice:
            place = choice["sample"]
            state.put(state.SAMPLE, None if place is None else f"{looking.split}-{int(place)}")

    link = {state.RUN: looking.run, state.SNAPSHOT: looking.number}
    parts.gallery(
        answers,
        places,
        choose,
        title=describe(looking.selection, answers.class_names, looking.threshold),
        judged=judged_class(looking.selection, is_multilabel=answers.is_multilabel),
        sheet=min(looking.sheet, sheets - 1),
        opened=looking.sample,
        query=urlencode(link),
    )
    _save(looking, "examples", lambda: tables.example_rows(answers, places))


def figure_text(value: float) -> str:
    """A figure for people: four digits, or n/a where it is undefined."""
    return "n/a" if np.isnan(value) else f"{value:.4f}"


def is_dark() -> bool:
    """Whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def _chart(figure: Any, key: str, alt: str, looking: Looking, take: Callable[[], None]) -> None:
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        on_select=take,
        selection_mode="points",
        alt=alt,
        config={
            "displaylogo": False,
            "displayModeBar": True,
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": {"format": "png", "scale": 2, "filename": f"{looking.run}-{key}"},
        },
    )


def _clicked(key: str) -> float | None:
    """The number that the clicked point of a chart carries; None when it carries none."""
    points = st.session_state[key].selection.points
    carried = points[0].get("customdata") if points else None
    if isinstance(carried, Mapping):  # how a row of several numbers arrives
        carried = carried.get("0")
    elif isinstance(carried, list):
        carried = carried[0] if carried else None
    return float(carried) if isinstance(carried, int | float) and math.isfinite(carried) else None


def _save(looking: Looking, name: str, rows: Callable[[], list[tables.Row]], words: str = "CSV") -> None:
    """A button that saves rows, made only when it is pressed."""
    st.download_button(
        words,
        lambda: tables.rows_csv(rows()),
        file_name=f"{looking.run}-snapshot-{looking.number}-{looking.split}-{name}.csv",
        mime="text/csv",
        key=state.download(name),
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )
