"""The Inspect page: which class fails, on which examples, and how sure the network was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components import parts
from annscope.dashboard.components.header import TICK_SECONDS
from annscope.dashboard.components.picker import pick_run, run_to_show
from annscope.dashboard.components.trouble import said_in_a_sentence
from annscope.dashboard.looking import Looking, understand, views_of
from annscope.dashboard.queries.evaluations import Answers, DerivedError, answers_of, splits_of
from annscope.dashboard.queries.live_runs import follow
from annscope.dashboard.queries.snapshots import Moments
from annscope.dashboard.views import choices
from annscope.dashboard.views.calibration import confidence
from annscope.dashboard.views.classes import classes
from annscope.dashboard.views.confusion import matrix, pairs
from annscope.dashboard.views.evolution import evolution
from annscope.dashboard.views.gallery import gallery
from annscope.dashboard.views.thresholds import thresholds

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
.st-key-inspect-choices > :has(.ai-moment) { flex: 2 1 21rem; min-width: 21rem; }
[class*="st-key-inspect-show-"] button { min-height: 2rem; padding-block: 0.1rem; }
[data-testid="stButtonGroup"] [data-selected="true"] p { color: light-dark(#2257B5, #8FB4FF); }
.st-key-inspect-body [data-testid="stCaptionContainer"], .st-key-inspect-body [data-testid="stCaptionContainer"] p {
  color: light-dark(#566173, #9AA7B8); opacity: 1;
}
.st-key-inspect-body .katex { font-size: 1.02em; }
.st-key-inspect-body [data-testid="stMetricValue"] { font-size: 1.4rem; font-variant-numeric: tabular-nums; }
</style>"""
STEADY = '<style>[data-stale="true"] { opacity: 1 !important; }</style>'
"""Streamlit fades what is about to be drawn anew, which at each step of a run would be a flicker."""
SPLIT_NAMES = {"train": "Training", "validation": "Validation", "test": "Test"}
_VIEWS: dict[str, Callable[[Looking, Answers, Moments], None]] = {
    "matrix": matrix,
    "classes": classes,
    "pairs": pairs,
    "thresholds": thresholds,
    "calibration": confidence,
    "epochs": evolution,
}


def page() -> None:
    """Draw the page."""
    state.arrive(state.INSPECT)
    state.take_address()
    st.html(STYLE)
    run = run_to_show()
    for sentence in st.session_state.pop(state.COMPLAINTS, []):
        st.warning(escaping.markdown(sentence), icon=":material/link_off:")
    if run is None:
        st.info("There is no run yet: train a network first, then look here at what it gets wrong.", icon="🔎")
    else:
        _inspect(run)
    state.remember_address()


@st.fragment
@said_in_a_sentence()
def _inspect(run: str) -> None:
    state.catch_up()
    if state.shown_run() not in {None, run}:
        st.rerun()  # another run was picked: the whole page is about that one
    with st.container(key="inspect-choices", horizontal=True, vertical_alignment="center", gap="medium"):
        pick_run(run)
        try:
            following = follow(run)
            moments = following.moments()
            splits = splits_of(run) if following.is_described else {}
            if not moments.lines or not splits:
                raise DerivedError("This run has no snapshot yet; its first appears here as soon as it is there.")
            names = tuple(following.reader.description["dataset"]["class_names"])
            is_multilabel = following.reader.is_multilabel
        except AnnscopeError as error:
            _await_snapshot(run, error)
            return
        looking = understand(
            st.query_params.to_dict(), run, n_snapshots=following.newest + 1, splits=splits, class_names=names,
            is_multilabel=is_multilabel,
        )  # fmt: skip
        looking = replace(looking, number=following.nearest(looking.number))
        _choose_split(looking, splits)
        _choose_moment(looking, following.at_work)
    for sentence in looking.complaints:
        st.warning(escaping.markdown(sentence), icon=":material/link_off:")
    try:
        answers = answers_of(run, looking.number, looking.split)
    except AnnscopeError as error:
        _say(error)
        return
    _headline(answers, moments)
    with st.container(key="inspect-body"):
        left, right = st.columns([7, 5], gap="large")
        with left:
            _choose_view(looking, answers)
            try:
                _VIEWS[looking.view](looking, answers, moments)
            except AnnscopeError as error:
                _say(error)
        with right:
            gallery(looking, answers)
        if following.at_work and state.SNAPSHOT not in st.query_params:
            st.html(STEADY)


def _say(error: AnnscopeError) -> None:
    st.error(escaping.markdown(str(error)), icon=":material/error:")


def _choose_split(looking: Looking, splits: Mapping[str, int]) -> None:
    options = {split: f"{SPLIT_NAMES[split]} · {count:,}" for split, count in splits.items()}
    choices.segments(state.SUBSET, "Split", options, looking.split, also=(state.SAMPLE, state.SHEET))


def _choose_moment(looking: Looking, at_work: bool) -> None:
    ticks = TICK_SECONDS if at_work else None
    st.fragment(_moment, run_every=ticks, key=state.PLACE)(looking.run, looking.number, at_work)


@said_in_a_sentence()
def _moment(run: str, drawn: int, was_at_work: bool) -> None:
    """Which snapshot is looked at; while the run is at work and no snapshot is fixed, the page moves on with it."""
    state.catch_up()
    try:
        following = follow(run)
    except AnnscopeError:
        st.rerun()  # the page says what is wrong
    fixed = state.shown_number(state.SNAPSHOT)
    number = following.newest if fixed is None else following.nearest(min(fixed, following.newest))
    if following.at_work != was_at_work or number != drawn:
        st.rerun()  # all of the page is about that moment
    moments = following.moments()

    def choose(choice: Mapping[str, Any]) -> None:
        state.put(state.SNAPSHOT, None if choice.get("latest") else str(int(choice["number"])))

    if len(moments.numbers) > 1 or was_at_work:
        numbers = sorted({*moments.numbers, drawn})
        at = [moments.at(number) for number in numbers]
        follows = state.SNAPSHOT not in st.query_params
        parts.moment(drawn, numbers, at, moments.unit, following=follows, live=was_at_work, choose=choose)


def _await_snapshot(run: str, error: AnnscopeError) -> None:
    """Say why there is nothing to see yet, and look again as long as the run is at work."""
    st.info(escaping.markdown(str(error)), icon=":material/hourglass_empty:")
    try:
        at_work = follow(run).at_work
    except AnnscopeError:
        return

    @said_in_a_sentence()
    def look() -> None:
        following = follow(run)
        if following.newest >= 0 or not following.at_work:
            st.rerun()

    if at_work:
        st.fragment(look, run_every=TICK_SECONDS, key=state.PLACE)()


def _choose_view(looking: Looking, answers: Answers) -> None:
    choices.segments(state.VIEW, "View", views_of(is_multilabel=answers.is_multilabel), looking.view)


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
