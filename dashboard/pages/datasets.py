"""The Data page: choose data, and see what is in it before anything is trained on it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.data_choice import choose_data
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.page_style import WITHOUT_SIDEBAR
from annscope.dashboard.components.reading import reading_bar
from annscope.dashboard.pages import train
from annscope.dashboard.queries.data_sets import Overview, is_known, overview_of
from annscope.dashboard.queries.data_tables import is_read_as_table
from annscope.dashboard.shortcuts import key_of
from annscope.dashboard.views import contents
from annscope.dashboard.views.columns import columns
from annscope.data.datasets import DATASETS, find_path, is_ready
from annscope.data.errors import DataError
from annscope.runs.command_line import command_line

STYLE = """<style>
button[kind="primary"] { color: light-dark(#FFFFFF, #0F131A); }
.st-key-data-page [data-testid="stCaptionContainer"], .st-key-data-page [data-testid="stCaptionContainer"] p {
  color: light-dark(#566173, #9AA7B8); opacity: 1;
}
.st-key-data-page h2 { padding: 0; font-size: 1.45rem; }
.st-key-data-page h3 { padding: 0; font-size: 1.08rem; }
.st-key-data-sets { overflow-x: auto; padding: 3px 3px 0.6rem; flex-wrap: nowrap; align-items: stretch;
  scrollbar-width: thin; }
.st-key-data-sets > [data-testid="stLayoutWrapper"] { flex: 0 0 8.25rem; width: 8.25rem; }
[class*="st-key-card-"] { position: relative; gap: 0.25rem; padding: 0.4rem; height: 100%;
  border: 1px solid light-dark(#E3E6EB, #2A3342); border-radius: 8px; }
[class*="st-key-card-"]:hover { border-color: light-dark(#566173, #9AA7B8); }
[class*="st-key-card-"]:has(button[kind="primary"]) { border-color: light-dark(#2360C9, #6EA0FF);
  box-shadow: 0 0 0 1px light-dark(#2360C9, #6EA0FF); }
[class*="st-key-card-"] button { position: static; border: 0; background: none !important; min-height: 0; padding: 0;
  color: inherit !important; text-align: left; justify-content: flex-start; }
[class*="st-key-card-"] button p { font-size: 0.8rem; font-weight: 600; line-height: 1.25; white-space: normal;
  text-align: left; }
[class*="st-key-card-"] button::after { content: ""; position: absolute; inset: 0; border-radius: 8px; }
[class*="st-key-card-"] button:focus-visible { outline: none; box-shadow: none; }
[class*="st-key-card-"] button:focus-visible::after { outline: 2px solid light-dark(#2F6FDE, #6EA0FF); }
[class*="st-key-card-"] [data-testid="stCaptionContainer"] p { font-size: 0.72rem; line-height: 1.25; }
.as-thumbnail { display: block; width: 100%; height: 4.6rem; object-fit: contain; image-rendering: pixelated; }
.as-thumbnail.as-empty { display: grid; place-items: center; border-radius: 4px; font-size: 0.75rem;
  background: light-dark(#F5F6F8, #171D27); color: light-dark(#566173, #9AA7B8); }
[class*="st-key-row-upload-"] button { min-height: 2rem; padding-block: 0.1rem; }
[class*="st-key-row-upload-"] [class*="st-key-upload-"] button { justify-content: flex-start; text-align: left; }
.st-key-data-head { border-top: 1px solid light-dark(#E3E6EB, #2A3342); padding-top: 0.75rem; }
.stHtml :is(.as-sheet, .as-twins) { margin: 0; padding: 0; }
.as-sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: 6px 28px; }
.as-sheet div { display: grid; grid-template-columns: 6.5rem 1fr; align-items: center; gap: 10px; min-width: 0; }
.as-sheet dt { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 0.85rem; font-weight: 600; }
.as-sheet dt, .as-sheet dd { margin: 0; padding: 0; min-width: 0; }
.as-sheet img { display: block; max-width: 100%; image-rendering: pixelated; }
.as-points { display: block; max-width: min(100%, 24rem); }
.as-twins { display: flex; flex-wrap: wrap; gap: 10px 22px; list-style: none; }
.as-twins li { display: flex; align-items: center; gap: 10px; margin: 0; font-size: 0.8rem; line-height: 1.35; }
.as-twins img { width: 3rem; image-rendering: pixelated; }
.st-key-data-body > div > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; row-gap: 1rem; }
@media (max-width: 1100px) {
  .st-key-data-page [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {
    flex-wrap: wrap; row-gap: 1rem;
  }
  .st-key-data-page [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: 100%; }
}
</style>"""


def page() -> None:
    """Draw the page."""
    address.enter_page(state.DATA)
    st.html(WITHOUT_SIDEBAR + STYLE)
    controls.settings_now()
    with st.container(key="data-page"):
        warnings = st.session_state.get(state.WARNINGS, [])
        if warnings:
            st.warning("\n".join(f"- {escaping.markdown(each)}" for each in warnings), icon=":material/link_off:")
        draw_pictures = choose_data()
        _contents()
        draw_pictures()
    controls.update_address()
    address.remember()


@show_errors()
def _contents() -> None:
    """What is in the data set that is chosen, the button that leads to training, and the same as a command."""
    settings = st.session_state[state.SETTINGS]
    name = settings["data"]
    with st.container(key="data-head", gap="small"):
        title, button = st.columns([3, 1], vertical_alignment="center", gap="medium")
        with title:
            st.header(escaping.markdown(_title(name)), anchor=False)
            about = st.empty()
        with button:
            start = st.empty()
        problem = st.empty()
        command = st.container(gap="xxsmall")
    try:
        config = controls.config_of(settings)
    except AnnscopeError as error:
        _train_button(start, enabled=False)
        problem.error(escaping.markdown(_sentence(error)), icon=":material/error:")
        return
    _train_button(start, enabled=True)
    with command:
        st.caption("The same on the command line")
        st.code(command_line(RunConfig(data=config.data)), language=None, wrap_lines=True)
    try:
        view = columns(config) if is_read_as_table(name) and find_path(name) else None
        if view is not None and view.problem is not None:
            raise DataError(view.problem)
        overview = _read(config)
    except AnnscopeError as error:
        _train_button(start, enabled=False)
        problem.error(escaping.markdown(_sentence(error)), icon=":material/error:")
        return
    if overview is not None:
        about.caption(contents.summary(overview))
        if overview.n_read is not None:
            _sampled(name, *overview.n_read)
        with st.container(key="data-body", gap="medium"):
            contents.contents(overview, overview.notes if view is None else contents.notes_beside(view, overview))


def _title(name: str) -> str:
    return controls.data_name(name) if name in DATASETS else Path(name).name


def _read(config: RunConfig) -> Overview | None:
    """What is in the data, with a bar while it is read; None while it is not to be downloaded."""
    name = config.data.name
    if not is_ready(config.data) and st.session_state.get(state.TO_FETCH) != name:
        st.info("It is not on this machine yet: the first run on it downloads it, once.", icon=":material/download:")
        st.button("Download it now", key=state.FETCH, icon=":material/download:", on_click=_fetch, args=(name,))
        return None
    all_of_it = st.session_state.get(state.READ_ALL) == name
    if is_known(config, all_of_it=all_of_it):
        return overview_of(config, all_of_it=all_of_it)
    with reading_bar() as progress:
        return overview_of(config, progress, all_of_it=all_of_it)


def _sampled(name: str, n_read: int, n_all: int | None) -> None:
    """Say how much was read of data that is too large to be read unasked; images can be read all the same."""
    if n_all is None:
        st.info(f"The file is large: everything below is about its first {n_read:,} rows.", icon=":material/info:")
        return
    words, button = st.columns([3, 1], vertical_alignment="center", gap="medium")
    words.info(
        f"Everything below is about {n_read:,} of the {n_all:,} images, evenly spaced over each folder.",
        icon=":material/info:",
    )
    button.button(
        f"Read all {n_all:,}", key=state.READ_ALL_BUTTON, icon=":material/photo_library:", width="stretch",
        on_click=_read_all, args=(name,),
    )  # fmt: skip


def _read_all(name: str) -> None:
    st.session_state[state.READ_ALL] = name


def _fetch(name: str) -> None:
    st.session_state[state.TO_FETCH] = name


def _train_button(place: DeltaGenerator, *, enabled: bool) -> None:
    clicked = place.button(
        "Train on this",
        key=state.TRAIN_ON_THIS if enabled else state.NOT_THIS,
        type="primary",
        icon=":material/model_training:",
        disabled=not enabled,
        shortcut=key_of("train-on-this") if enabled else None,
        help="Go to the Train page with this data, and with settings that suit it as a proposal.",
        width="stretch",
        on_click=controls.propose,
    )
    if clicked:
        st.switch_page(st.Page(train.page, url_path="training", default=True))


def _sentence(error: AnnscopeError) -> str:
    text = str(error)
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
