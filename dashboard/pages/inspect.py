"""The Inspect page: evaluation of a snapshot by class and by example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.comparison import Comparison
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard import address, escaping, state
from annscope.dashboard.address import Query, parse_query, views_of
from annscope.dashboard.components import parts
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.header import TICK_SECONDS
from annscope.dashboard.components.page_style import WITHOUT_SIDEBAR
from annscope.dashboard.components.picker import pick_run, run_to_show
from annscope.dashboard.components.reading import read_data
from annscope.dashboard.queries import comparisons
from annscope.dashboard.queries.evaluations import DerivedError, dataset_of, predictions_of, splits_of
from annscope.dashboard.queries.importance import has_columns
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.queries.selections import COMPARED, Only
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.views import choices
from annscope.dashboard.views.calibration import confidence
from annscope.dashboard.views.classes import classes
from annscope.dashboard.views.compare import compare
from annscope.dashboard.views.confusion import matrix, pairs
from annscope.dashboard.views.evolution import evolution
from annscope.dashboard.views.gallery import gallery
from annscope.dashboard.views.importance import importance
from annscope.dashboard.views.thresholds import thresholds
from annscope.runs.interval_words import percent_range, percent_words
from annscope.runs.report import report_html

STYLE = """<style>
.st-key-inspect-choices { border-bottom: 1px solid var(--st-border-color, #8883); padding-bottom: 0.5rem; }
.st-key-inspect-headline p { font-variant-numeric: tabular-nums; }
.st-key-inspect-body [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {
  flex-wrap: wrap; row-gap: 1rem;
}
@media (max-width: 1100px) {
  .st-key-inspect-body > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"],
  .st-key-inspect-body > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: 100%; }
}
@media (min-width: 1101px) {
  [data-testid="stColumn"]:has(> div > .st-key-inspect-gallery), [data-testid="stColumn"]:has(.st-key-inspect-gallery) {
    position: sticky; top: 4rem; align-self: flex-start; max-height: calc(100vh - 4.5rem); overflow-y: auto;
    scrollbar-width: thin;
  }
}
.st-key-inspect-choices > :has(> .stSelectbox) { flex: 1 1 19rem; min-width: 19rem; }
.st-key-inspect-body [data-testid="stElementContainer"]:has(.ai-threshold) { flex: 1 1 20rem; min-width: 20rem; }
.st-key-inspect-choices > :has(.ai-snapshot) { flex: 2 1 21rem; min-width: 21rem; }
.st-key-every-example button, .st-key-report button, .st-key-weakest button { min-height: 2rem; padding-block: 0.1rem; }
.st-key-weakest button { color: light-dark(#2257B5, #8FB4FF); font-weight: 600; }
.st-key-inspect-headline, .st-key-inspect-weakest { gap: 0.1rem 0.5rem; }
[data-testid="stButtonGroup"] [data-selected="true"] p { color: light-dark(#2257B5, #8FB4FF); }
.st-key-inspect-body [data-testid="stCaptionContainer"], .st-key-inspect-body [data-testid="stCaptionContainer"] p {
  color: light-dark(#566173, #9AA7B8); opacity: 1;
}
.st-key-inspect-body .katex { font-size: 1.02em; }
.st-key-inspect-body [data-testid="stMetricValue"] { font-size: 1.4rem; font-variant-numeric: tabular-nums; }
</style>"""
STEADY = '<style>[data-stale="true"] { opacity: 1 !important; }</style>'
"""Streamlit fades elements that are about to be drawn again, which would flicker at each step of a run."""
SPLIT_NAMES = {"train": "Training", "validation": "Validation", "test": "Test"}
_COMPARE = "compare"
_VIEWS: dict[str, Callable[[Query, Predictions, Snapshots], None]] = {
    "matrix": matrix,
    "classes": classes,
    "pairs": pairs,
    "thresholds": thresholds,
    "calibration": confidence,
    "epochs": evolution,
    "importance": importance,
}


def page() -> None:
    """Draw the page."""
    address.enter_page(state.INSPECT)
    address.accept_new()
    st.html(WITHOUT_SIDEBAR + STYLE)
    run = run_to_show()
    for sentence in st.session_state.pop(state.WARNINGS, []):
        st.warning(escaping.markdown(sentence), icon=":material/link_off:")
    if run is None:
        st.info(
            "There is no run yet: train a network first, then see here what it gets wrong.", icon=":material/search:"
        )
    else:
        _inspect(run)
    address.remember()


@st.fragment
@show_errors()
def _inspect(run: str) -> None:
    address.discard_stale()
    if address.get_run() not in {None, run}:
        st.rerun()  # another run was chosen: the whole page must be drawn again
    with st.container(key="inspect-choices", horizontal=True, vertical_alignment="center", gap="medium"):
        pick_run(run)
        try:
            live_run = get_live_run(run)
            snapshots = live_run.snapshots()
            splits = splits_of(run) if live_run.is_described else {}
            if not snapshots.lines or not splits:
                raise DerivedError("This run has no snapshot yet; its first will appear here.")
            names = tuple(live_run.reader.description["dataset"]["class_names"])
            is_multilabel = live_run.reader.is_multilabel
        except AnnscopeError as error:
            _await_snapshot(run, error)
            return
        query = parse_query(
            st.query_params.to_dict(), run, n_snapshots=live_run.newest + 1, splits=splits, class_names=names,
            is_multilabel=is_multilabel, has_columns=has_columns(run),
        )  # fmt: skip
        query = replace(query, number=live_run.nearest(query.number))
        _choose_split(query, splits)
        _choose_snapshot(query, live_run.at_work)
    for sentence in query.warnings:
        st.warning(escaping.markdown(sentence), icon=":material/link_off:")
    try:
        read_data(run)
        predictions = predictions_of(run, query.number, query.split)
    except AnnscopeError as error:
        _show_error(error)
        return
    status = live_run.status
    if status["status"] == "diverged":
        message = escaping.markdown(status["message"] or "Training diverged.")
        st.warning(
            f"{message} What is shown is its network at {snapshots.name(query.number)}, before that.",
            icon=":material/warning:",
        )
    compared, reason = _compared(query, predictions)
    if reason:
        st.warning(escaping.markdown(reason), icon=":material/compare_arrows:")
    _headline(predictions, snapshots)
    with st.container(key="inspect-body"):
        left, right = st.columns([7, 5], gap="large")
        with right, st.container(key="inspect-gallery"):  # first, as it is what a click waits for
            gallery(query, predictions, compared)
        with left:
            _choose_view(query, predictions)
            try:
                if query.view == _COMPARE:
                    compare(query, predictions, snapshots, compared)
                else:
                    _VIEWS[query.view](query, predictions, snapshots)
            except AnnscopeError as error:
                _show_error(error)
        if live_run.at_work and address.SNAPSHOT not in st.query_params:
            st.html(STEADY)


def _compared(query: Query, predictions: Predictions) -> tuple[Comparison | None, str]:
    """The comparison that the link or the view asks for, and why there is none, or another one."""
    if query.against is None and query.view != _COMPARE and query.selection.kind not in COMPARED:
        return None, ""
    reason, against = "", comparisons.default(query.run, query.number, query.split)
    if query.against is not None:
        named = comparisons.parse(query.against, query.run, query.split)
        if isinstance(named, str):
            reason = named
        else:
            against = named
    if against is None:
        return None, reason
    try:
        return comparisons.comparison(predictions, against), reason
    except AnnscopeError as error:
        return None, str(error)


def _show_error(error: AnnscopeError) -> None:
    st.error(escaping.markdown(str(error)), icon=":material/error:")


def _choose_split(query: Query, splits: Mapping[str, int]) -> None:
    options = {split: f"{SPLIT_NAMES[split]} · {count:,}" for split, count in splits.items()}
    choices.segments(address.SUBSET, "Split", options, query.split, also=(address.SAMPLE, address.SHEET))


def _choose_snapshot(query: Query, at_work: bool) -> None:
    ticks = TICK_SECONDS if at_work else None
    st.fragment(_snapshot, run_every=ticks, key=state.PLACE)(query.run, query.number, at_work)


@show_errors()
def _snapshot(run: str, drawn: int, was_at_work: bool) -> None:
    """The snapshot picker; while the run is at work and no snapshot is fixed, the page shows the newest."""
    address.discard_stale()
    try:
        live_run = get_live_run(run)
    except AnnscopeError:
        st.rerun()  # the page shows the error
    fixed = address.get_number(address.SNAPSHOT)
    number = live_run.newest if fixed is None else live_run.nearest(min(fixed, live_run.newest))
    if live_run.at_work != was_at_work or number != drawn:
        st.rerun()  # the whole page shows that snapshot
    snapshots = live_run.snapshots()

    def choose(choice: Mapping[str, Any]) -> None:
        address.put(address.SNAPSHOT, None if choice.get("latest") else str(int(choice["number"])))

    if len(snapshots.numbers) > 1 or was_at_work:
        numbers = sorted({*snapshots.numbers, drawn})
        names = [snapshots.name(number) for number in numbers]
        follows = address.SNAPSHOT not in st.query_params
        parts.snapshot_picker(drawn, numbers, names, is_following=follows, live=was_at_work, choose=choose)


def _await_snapshot(run: str, error: AnnscopeError) -> None:
    """Show why there is nothing to see yet, and check again as long as the run is at work."""
    st.info(escaping.markdown(str(error)), icon=":material/hourglass_empty:")
    try:
        at_work = get_live_run(run).at_work
    except AnnscopeError:
        return

    @show_errors()
    def poll() -> None:
        live_run = get_live_run(run)
        if live_run.newest >= 0 or not live_run.at_work:
            st.rerun()

    if at_work:
        st.fragment(poll, run_every=TICK_SECONDS, key=state.PLACE)()


def _choose_view(query: Query, predictions: Predictions) -> None:
    views = views_of(is_multilabel=predictions.is_multilabel, has_columns=has_columns(query.run))
    choices.segments(address.VIEW, "View", views, query.view)


def _headline(predictions: Predictions, snapshots: Snapshots) -> None:
    n, wrong = len(predictions.labels), int((~predictions.right).sum())
    interval = percent_range(predictions.accuracy_interval)
    figures = f"**{predictions.accuracy:.2%}** right ({interval}), **{wrong:,}** wrong."
    if predictions.is_multilabel:
        figures = (
            f"subset accuracy **{predictions.accuracy:.2%}** (every label right; {interval}), "
            f"**{wrong:,}** with a wrong label; "
            f"Hamming loss **{predictions.hamming_loss:.4f}** (share of wrong labels)."
        )
    with st.container(key="inspect-headline"):
        split, time = SPLIT_NAMES[predictions.split], snapshots.name(predictions.number)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{split} split**, {n:,} examples, {time}: {figures}", width="content")
            st.download_button(
                "Report", lambda: _report(predictions), key=state.REPORT, icon=":material/print:", type="tertiary",
                file_name=f"{predictions.run}-snapshot-{predictions.number}-{predictions.split}-report.html",
                mime="text/html", on_click="ignore", help="One page to print: all of this with its intervals.",
            )  # fmt: skip
        _weakest(predictions)


def _report(predictions: Predictions) -> str:
    return report_html(predictions, dataset_of(predictions.run), get_live_run(predictions.run).reader)


def _weakest(predictions: Predictions) -> None:
    """Which class has the lowest recall, what it is taken for, and its mistakes one click away."""
    weakest = predictions.weakest
    if weakest is None:
        return
    name = escaping.markdown(predictions.class_names[weakest])
    support, recall = int(predictions.classes.support[weakest]), float(predictions.classes.recall[weakest])
    words = percent_words(recall, predictions.intervals["recall"][weakest], support)
    taken = predictions.taken_for(weakest)
    mostly = "" if taken is None else f", mostly taken for **{escaping.markdown(predictions.class_names[taken])}**"
    n_missed = support - round(recall * support)
    with st.container(key="inspect-weakest", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Weakest: **{name}**, recall {words}{mostly}.", width="content")
        what = "mistake" if n_missed == 1 else f"{n_missed:,} mistakes"
        selection = f"fn-{weakest}" if predictions.is_multilabel else f"true-{weakest}"
        only: Only = "all" if predictions.is_multilabel else "wrong"
        st.button(
            f"Show its {what}", key=state.WEAKEST, on_click=choices.show, args=(selection, only), type="tertiary",
            icon=":material/arrow_forward:",
        )  # fmt: skip
