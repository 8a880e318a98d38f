"""The choice of data: a built-in set by its picture, an upload, or a path."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.callbacks import on_choice
from annscope.dashboard.images import scatter_url, strip
from annscope.dashboard.queries.data_sets import has_thumbnail, is_known, thumbnail_of
from annscope.data.datasets import DATASETS, is_ready
from annscope.data.info import DatasetInfo
from annscope.data.png import png_url
from annscope.data.typed_path import typed_path
from annscope.runs.atomic import StorageError
from annscope.runs.index import list_runs
from annscope.runs.quantities import byte_words
from annscope.runs.uploads import Upload, UploadError, delete_upload, list_uploads, save_upload

PATHS = "A file (CSV, NPZ, ...), or a folder or a .zip of images with a subfolder for each class"


def choose_data() -> Callable[[], None]:
    """Draw the built-in data sets, the uploader and the path; a choice goes into the settings of the next run.

    Returns what draws the pictures that take time, for when everything else is drawn.
    """
    st.subheader("Built-in data sets", anchor=False)
    with st.container(key="data-sets", horizontal=True, gap="small"):
        places = [(info, _card(info)) for info in DATASETS.values()]
    st.subheader("Your own data", anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        _uploader()
    with right:
        _path()
        _uploads()

    def draw_pictures() -> None:
        for info, place in places:
            if place is not None:
                place.html(_picture(info))

    return draw_pictures


def _card(info: DatasetInfo) -> DeltaGenerator | None:
    """Draw the card of a data set; returns the place of its picture if that is not known yet."""
    chosen = st.session_state[state.SETTINGS]["data"] == info.name
    with st.container(key=f"card-{info.name}", gap=None):
        is_quick = has_thumbnail(info.name) or info.needs_download
        place = st.empty()
        place.html(_picture(info) if is_quick else '<div class="as-thumbnail as-empty"></div>')
        st.button(
            info.label,
            key=state.data_set(info.name),
            type="primary" if chosen else "tertiary",
            help=info.description,
            on_click=controls.choose_data,
            args=(info.name,),
        )
        st.caption(_size(info))
    return None if is_quick else place


def _size(info: DatasetInfo) -> str:
    if info.n_examples is None:
        return "2-D points"
    return f"{info.n_examples:,} images"


def _picture(info: DatasetInfo) -> str:
    dark = st.context.theme.type == "dark"
    config = RunConfig().with_values({"data": info.name})
    if info.needs_download and not is_known(config):
        words = "not read yet" if is_ready(config.data) else "needs a download"
        return f'<div class="as-thumbnail as-empty">{words}</div>'
    try:
        images, points = thumbnail_of(info.name)
    except AnnscopeError:
        return '<div class="as-thumbnail as-empty">cannot be read</div>'
    address = (
        png_url(strip(images, 4), dark=dark or info.is_photo) if points is None else scatter_url(*points, dark=dark)
    )
    return f'<img class="as-thumbnail" src="{address}" alt="Examples of {html.escape(info.label)}">'


def _path() -> None:
    name = st.session_state[state.SETTINGS]["data"]
    st.session_state[state.DATA_PATH] = "" if name in DATASETS else name
    st.text_input(
        "Path", key=state.DATA_PATH, placeholder="/home/me/flowers.csv",
        on_change=on_choice(state.DATA_PATH, _take_path), help=f"{PATHS}. It is read where it is, without a copy.",
    )  # fmt: skip


def _take_path(text: str) -> None:
    path = typed_path(text)
    if path:
        controls.choose_data(path)


def _uploader() -> None:
    number = st.session_state.setdefault(state.UPLOADED, 0)
    file = st.file_uploader(
        "Drop a file, or a zipped folder of images",
        key=state.uploader(number),
        help=f"{PATHS}. It is kept on this machine until you delete it.",
    )
    if file is not None:
        try:
            with st.spinner(f"Keeping {escaping.markdown(file.name)}"):
                path = save_upload(file.name, file)
        except (UploadError, StorageError) as error:
            st.session_state[state.UPLOAD_ERROR] = str(error)
        else:
            st.session_state[state.UPLOAD_ERROR] = None
            controls.choose_data(str(path))
        st.session_state[state.UPLOADED] = number + 1
        st.rerun()
    problem = st.session_state.get(state.UPLOAD_ERROR)
    if problem:
        st.error(escaping.markdown(problem), icon=":material/error:")


def _uploads() -> None:
    uploads = list_uploads()
    if not uploads:
        return
    total = byte_words(sum(upload.n_bytes for upload in uploads))
    st.caption(f"Uploaded before, {total} in all")
    with st.container(key="uploads", gap="xxsmall", height=170 if len(uploads) > 4 else "content"):
        for upload in uploads:
            _upload(upload)


def _upload(upload: Upload) -> None:
    name = upload.path.name
    chosen = st.session_state[state.SETTINGS]["data"] == str(upload.path)
    with st.container(key=f"row-upload-{name}", horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"{escaping.markdown(name)}  ·  {byte_words(upload.n_bytes)}",
            key=state.upload(name),
            type="secondary" if chosen else "tertiary",
            icon=":material/check:" if chosen else ":material/description:",
            width="stretch",
            on_click=controls.choose_data,
            args=(str(upload.path),),
        )
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown(f"Delete {escaping.markdown(name)}? {_needed_by(upload.path)}")
            st.button("Delete it", key=state.delete_upload(name), type="primary", on_click=_delete, args=(upload.path,))


def _needed_by(path: Path) -> str:
    n = sum(run.data == str(path) for run in list_runs())
    if not n:
        return "No run was trained on it."
    return f"{n} run{' was' if n == 1 else 's were'} trained on it, and could then be watched, but not inspected."


def _delete(path: Path) -> None:
    try:
        delete_upload(path)
    except (UploadError, StorageError) as error:
        st.session_state[state.UPLOAD_ERROR] = str(error)
        return
    st.session_state[state.UPLOAD_ERROR] = None
    if st.session_state[state.SETTINGS]["data"] == str(path):
        controls.choose_data(controls.defaults()["data"])
