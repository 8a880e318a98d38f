"""The Train page: choose settings, start a run, and watch, control and replay it."""

from __future__ import annotations

import streamlit as st

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components import augmentation, controls, go_on, learning_rate_finder, next_run
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.gradient import gradient_panel
from annscope.dashboard.components.header import header, replacing_dialog, start_button
from annscope.dashboard.components.picker import run_to_show
from annscope.dashboard.components.stage import stage
from annscope.dashboard.components.welcome import welcome
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.queries.tables import COLUMNS, history_csv, history_rows
from annscope.runs.catalogue import free_bytes, size_of
from annscope.runs.quantities import byte_words

STYLE = """<style>
.stMainBlockContainer { padding: 4.5rem 2rem 2rem; max-width: 1800px; }
@media (max-width: 1000px) { .stMainBlockContainer { padding: 3.75rem 1rem 2rem; } }
.annscope-stage .as-sticky { top: 3.75rem; }
[data-testid="stSidebarHeader"] { height: 1.5rem; margin: 0; padding-top: 0.75rem; padding-bottom: 0; }
[data-testid="stSidebarUserContent"] { padding-top: 0; padding-bottom: 1.5rem; }
[data-testid="stSidebar"] h4 { padding: 0 0 0.5rem; }
.st-key-differences button { min-height: 1.7rem; padding: 0 0.5rem; text-align: left; }
.st-key-differences button p { font-size: 0.8rem; white-space: normal; }
.st-key-set-all button p { font-size: 0.85rem; }
.st-key-layers .stHorizontalBlock { flex-wrap: nowrap; }
.st-key-layers .stHorizontalBlock > :nth-child(2) { flex: 1 1 0; min-width: 0; width: auto; }
.st-key-layers .stHorizontalBlock > :nth-child(3) { flex: 0 0 8.2rem; min-width: 0; width: auto; }
@media (min-width: 1381px) {
  .st-key-pause button { min-width: 8rem; }
  .st-key-head .st-key-controls { min-height: 4.25rem; }
}
[data-testid="stLayoutWrapper"]:has(> .st-key-settings-end) { position: sticky; bottom: 0; z-index: 5;
  padding: 0.6rem 0; background: light-dark(#F5F6F8, #171D27); }
button[kind="primary"] { color: light-dark(#FFFFFF, #0F131A); }
.st-key-first button { padding: 0.7rem 1.4rem; }
.st-key-first button p { font-size: 1.05rem; font-weight: 600; }
[data-testid="stSidebar"] [data-testid="stWidgetLabel"] p { font-size: 0.82rem; }
[data-testid="stSidebar"] [data-testid="stCaptionContainer"] p { font-size: 0.75rem; letter-spacing: 0.04em; }
.st-key-data-about [data-testid="stCaptionContainer"] p,
.st-key-augmentation [data-testid="stCaptionContainer"] p,
.st-key-recipe-about [data-testid="stCaptionContainer"] p { letter-spacing: 0; line-height: 1.35; }
.annscope-augmented { display: grid; grid-template-columns: repeat(6, 1fr); gap: 3px; }
.annscope-augmented img { width: 100%; image-rendering: pixelated; border-radius: 3px; display: block;
  background: light-dark(#FFFFFF, #0F131A); box-shadow: 0 0 0 1px light-dark(#D9DEE7, #333C4B); }
.annscope-augmented img:nth-child(6n + 1) { box-shadow: 0 0 0 1.5px light-dark(#4A5363, #B4BDCB); }
.st-key-head .st-key-picker { flex: 1 1 12.5rem; min-width: 12rem; }
.st-key-head .st-key-beside { flex: none; width: auto; }
.st-key-head .st-key-beside button { width: 2.6rem; padding: 0; }
.st-key-head .st-key-beside button p { position: absolute; opacity: 0; }
.st-key-head .st-key-beside button div[aria-hidden] { display: none; }
.st-key-head [data-testid="stLayoutWrapper"]:has(> .st-key-controls) { flex: 2 1 44rem; width: auto; min-width: 0; }
.st-key-head .st-key-pace { flex: 0 0 10.5rem; width: auto; }
.st-key-head [data-testid="stElementContainer"] { opacity: 1 !important; transition: none !important; }
.st-key-head [data-testid="stWidgetLabel"] p { color: light-dark(#4A5363, #B4BDCB); }
.st-key-welcome [data-testid="stCaptionContainer"] { opacity: 1; }
.st-key-welcome [data-testid="stCaptionContainer"] p { color: light-dark(#4A5363, #B4BDCB); opacity: 1; }
.st-key-welcome { max-width: 66rem; margin: 3vh auto 0; }
@media (max-width: 1380px) {
  .st-key-head > [data-testid="stLayoutWrapper"] > .stHorizontalBlock { row-gap: 0.25rem; }
  .st-key-head .st-key-picker { flex: 1 0 calc(100% - 4rem); }
  .st-key-head [data-testid="stLayoutWrapper"]:has(> .st-key-controls) { flex: 1 0 100%; }
  .st-key-head .st-key-controls { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none;
    padding: 3px 2.5rem 3px 3px; mask-image: linear-gradient(to left, transparent, #000 2.5rem); }
  .st-key-head .st-key-controls > * { flex-shrink: 0; }
  .st-key-head button[data-testid^="stBaseButton"] { width: 2.6rem; padding: 0; }
  .st-key-head button[data-testid^="stBaseButton"] :is(p, kbd) { position: absolute; opacity: 0; }
  .st-key-head .st-key-pace [data-testid="stWidgetLabel"] { display: none; }
  .st-key-head .st-key-live-learning-rate { width: auto; flex: 1 0 15rem; }
  .st-key-head .st-key-live-learning-rate .stSlider { display: flex; align-items: center; gap: 0.75rem; }
  .st-key-head .st-key-live-learning-rate label { flex: none; margin: 0; }
}
</style>"""
"""Spacing: the settings fit on one screen, and the live views get the width.

The header stands in one row, whose room is kept while its controls are fetched; it is drawn again while a run is at
work, and is not to fade then.
"""


def page() -> None:
    """Draw the page."""
    address.enter_page(state.TRAIN)
    st.html(STYLE)
    controls.settings_now()  # a new link sets the controls, and warns, before a run is chosen
    run = run_to_show()
    controls.sidebar(
        above=lambda: next_run.next_run(_config(run)),
        below={"data": _below_data, "learning-rate": learning_rate_finder.button},
        augmented=augmentation.pictures,
        end=lambda: _end(run),
    )
    _main(run)
    # Dialogs come last: while one is busy, the page is drawn already.
    learning_rate_finder.dialog()
    if run is not None:
        replacing_dialog(run)
        go_on.dialog(run)


def _below_data() -> None:
    from annscope.dashboard.pages import datasets  # which leads back to this page

    next_run.proposal()
    st.page_link(
        st.Page(datasets.page, url_path="data"), label="Look at the data, or use your own", icon=":material/dataset:"
    )


def _config(run: str | None) -> RunConfig | None:
    """The settings of a run; None without one, or for a record that cannot be read: the header says so."""
    try:
        return None if run is None else get_live_run(run).reader.config
    except AnnscopeError:
        return None


def _end(run: str | None) -> None:
    controls.show_contradiction()
    start_button(run, state.START_BELOW, width="stretch")


def _main(run: str | None) -> None:
    warnings = st.session_state.get(state.WARNINGS, [])
    if warnings:
        lines = [escaping.markdown(sentence) for sentence in warnings]
        st.warning(
            lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines), icon=":material/link_off:"
        )
    address.remember()
    if run is None:
        welcome()
        return
    header(run)
    try:
        newest = get_live_run(run).newest
    except AnnscopeError:
        return  # the header shows the error
    for sentence in address.snapshot_warnings(st.query_params.to_dict(), newest):
        st.warning(escaping.markdown(sentence), icon=":material/link_off:")
    _watch(run)


@st.fragment
@show_errors()
def _watch(run: str) -> None:
    address.restore_run(run)
    if st.session_state.pop(state.REDRAW, False):
        st.rerun()  # another run is shown, its status is another, or the header has an error
    stage(run)
    with st.expander("Numbers", key=state.NUMBERS, icon=":material/table:", on_change="rerun") as numbers:
        if numbers.open:
            _numbers(run)
    title = "Is the gradient right?"
    with st.expander(title, key=state.GRADIENT, icon=":material/rule:", on_change="rerun") as gradient:
        if gradient.open:
            gradient_panel(run)


def _numbers(run: str) -> None:
    live_run = get_live_run(run)
    lines, n_all, n_thinned = live_run.snapshot_lines(), live_run.newest + 1, len(live_run.history.thinned)
    words = [f"{n_all:,} snapshots" + (f", {len(lines):,} of them in this table" if len(lines) < n_all else "")]
    if n_thinned:
        words.append(
            f"{n_all - n_thinned:,} keep their arrays, those of the others were deleted to stay within the budget"
        )
    words.append(f"{byte_words(size_of(live_run.reader.directory))} on the disk, {byte_words(free_bytes())} free")
    st.caption("; ".join(words) + ".")
    st.dataframe(history_rows(lines), column_order=COLUMNS, hide_index=True, height=280)
    st.download_button(
        "History as CSV",
        lambda: history_csv(get_live_run(run).reader.snapshot_lines()),
        file_name=f"{run}.csv",
        mime="text/csv",
        key=state.DOWNLOAD,
        icon=":material/download:",
        on_click="ignore",
    )
