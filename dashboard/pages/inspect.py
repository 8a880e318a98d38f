"""The Inspect page: which class fails, on which examples, and how sure the network was."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.errors import AnnscopeError
from dashboard import state
from dashboard.components.header import escape
from dashboard.components.picker import pick_run, run_to_show
from dashboard.derived import Answers, DerivedError, answers_of, splits_of
from dashboard.following import follow
from dashboard.looking import VIEWS, Looking, understand
from dashboard.moments import Moments
from dashboard.views import choices
from dashboard.views.calibration import confidence
from dashboard.views.classes import classes
from dashboard.views.confusion import matrix, pairs
from dashboard.views.evolution import evolution
from dashboard.views.gallery import gallery
from dashboard.views.thresholds import thresholds

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
        except AnnscopeError as error:
            st.info(escape(str(error)), icon=":material/hourglass_empty:")
            return
        looking = understand(st.query_params.to_dict(), run, n_snapshots=len(lines), splits=splits, class_names=names)
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
                _choose_view(looking)
                _VIEWS[looking.view](looking, answers, moments)
            with right:
                gallery(looking, answers)
    except AnnscopeError as error:
        st.error(escape(str(error)), icon=":material/error:")


def _choose_split(looking: Looking, splits: Mapping[str, int]) -> None:
    options = {split: f"{SPLIT_NAMES[split]} · {count:,}" for split, count in splits.items()}
    choices.segments(state.SUBSET, "Split", options, looking.split, also=(state.SAMPLE, state.SHEET))


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


def _choose_view(looking: Looking) -> None:
    choices.segments(state.VIEW, "View", VIEWS, looking.view)


def _headline(answers: Answers, moments: Moments) -> None:
    n, wrong = len(answers.labels), int((~answers.right).sum())
    with st.container(key="inspect-headline"):
        st.markdown(
            f"**{SPLIT_NAMES[answers.split]} split**, {n:,} examples, {moments.name(answers.number)}: "
            f"**{answers.accuracy:.2%}** right, **{wrong:,}** wrong."
        )
