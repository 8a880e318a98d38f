"""The Runs page: every run in one table, to be found, annotated, compared by its settings, opened and deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from annscope.core.errors import did_you_mean, shortened
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components import sweeps
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.header import TICK_SECONDS
from annscope.dashboard.components.page_style import WITHOUT_SIDEBAR
from annscope.dashboard.components.run_actions import discard, undo, with_each
from annscope.dashboard.components.run_comparison import run_comparison
from annscope.dashboard.pages import inspect, train
from annscope.dashboard.queries.run_list import run_frame
from annscope.runs.annotations import Annotations, read_annotations, write_annotations
from annscope.runs.catalogue import (
    free_bytes,
    run_directory,
    runs_stamp,
)
from annscope.runs.index import list_runs, summaries
from annscope.runs.quantities import byte_words
from annscope.runs.query import COLUMNS, EXAMPLE, QueryError, select
from annscope.runs.runs_table import csv_lines
from annscope.runs.status import LIVE
from annscope.runs.summary import RunSummary

STYLE = """<style>
button[kind="primary"] { color: light-dark(#FFFFFF, #0F131A); }
.st-key-runs-page :is(h2, h3) { padding: 0 0 0.4rem; font-size: 1.08rem; }
.st-key-runs-page [data-testid="stCaptionContainer"], .st-key-runs-page [data-testid="stCaptionContainer"] p {
  color: light-dark(#566173, #9AA7B8); opacity: 1;
}
</style>"""
MAX_HEIGHT = 640  # pixels
ROW = 35  # pixels, as Streamlit draws a row
ALL = "all"
"""In the address: every run of the table is chosen."""
MAX_LINKED = 60
"""How many runs the address names: of more, a link restores the first."""
TRAIN = st.Page(train.page, url_path="training", default=True)
INSPECT = st.Page(inspect.page, url_path="classes")


def page() -> None:
    """Draw the page."""
    address.enter_page(state.RUNS)
    st.html(WITHOUT_SIDEBAR + STYLE)
    with st.container(key="runs-page"):
        seen = runs_stamp()
        found = _read()
        st.session_state.setdefault(state.RUNS_FILTER, st.query_params.get(address.FILTER, ""))
        text = st.text_input(
            "Filter",
            key=state.RUNS_FILTER,
            placeholder=EXAMPLE,
            help=f"Words to search for, and conditions such as {EXAMPLE}. There are {', '.join(COLUMNS)}.",
        )
        address.put(address.FILTER, text or None)
        undo()
        try:
            chosen = select(found, text)
        except QueryError as error:
            st.error(escaping.markdown(str(error)), icon=":material/error:")
            return
        _watch(tuple(about.run for about in chosen if about.status in LIVE), seen)
        _table(found, chosen)
        sweeps.section(found)


def _read() -> list[RunSummary]:
    bar = st.empty()

    def progress(what: str, done: int, total: int) -> None:
        if total > 20:
            bar.progress(done / total, f"{what}: {done:,} of {total:,}")

    found = list_runs(progress)
    bar.empty()
    return found


def _table(found: Sequence[RunSummary], chosen: Sequence[RunSummary]) -> None:
    if not found:
        st.info("There are no runs yet: start one on the Train page.")
        return
    if not chosen:
        st.info(f"None of the {len(found):,} runs meets this filter.")
        return
    runs = [about.run for about in chosen]
    linked = st.query_params.get(address.CHOSEN, "")
    if linked != st.session_state.get(state.RUNS_PICKED):  # a link, or the browser's way back
        st.session_state[state.RUNS_LINKED] = st.session_state[state.RUNS_PICKED] = linked
        _warn_of_unknown(linked, [about.run for about in found])
    key = state.runs_table(hash((*runs, st.session_state[state.RUNS_LINKED])))
    picked = st.dataframe(
        run_frame(chosen),
        # Rows are picked by their number: where they or the address change, it is another table, which picks anew.
        key=key,
        hide_index=True,
        selection_default={"selection": {"rows": _rows_of(linked, runs)}},
        on_select=lambda: _put_rows(runs, st.session_state[key]["selection"]["rows"]),
        selection_mode="multi-row",
        height=min(MAX_HEIGHT, ROW * (len(chosen) + 1) + 3),
        column_config=_columns(),
    )["selection"]["rows"]
    total = sum(about.n_bytes or 0 for about in chosen)
    st.caption(
        f"{len(chosen):,} of {len(found):,} runs, {byte_words(total)}; {byte_words(free_bytes())} free. "
        "Pick rows at their left edge to compare them. Losses and accuracies are of held-out examples; the best are "
        "those of the snapshot with the lowest loss."
    )
    rows = [chosen[row] for row in picked if row < len(chosen)]
    if MAX_LINKED < len(rows) < len(chosen):
        st.caption(
            f"A link to this page names the first {MAX_LINKED} of the {len(rows):,} runs that are picked. To name more "
            "of them, give them a tag, filter by it, and pick all rows."
        )
    _actions(rows, chosen)
    if len(rows) == 1 and rows[0].status != "unreadable":
        _annotations(rows[0])
    elif len(rows) == 1:
        st.warning(escaping.markdown(rows[0].message or ""), icon=":material/warning:")
    if any(about.settings for about in rows):
        run_comparison(rows, chosen, TRAIN, INSPECT)


def _rows_of(named: str, runs: Sequence[str]) -> list[int]:
    wanted = set(runs if named == ALL else named.split(","))
    return [row for row, run in enumerate(runs) if run in wanted]


def _warn_of_unknown(named: str, runs: Sequence[str]) -> None:
    if named in {"", ALL}:
        return
    for run in [each for each in named.split(",") if each not in runs][:3]:
        sentence = f"There is no run {shortened(run)!r}{did_you_mean(run, runs)}."
        st.warning(escaping.markdown(sentence), icon=":material/link_off:")


def _put_rows(runs: Sequence[str], rows: Sequence[int]) -> None:
    picked = [runs[row] for row in sorted(rows)]
    named = ALL if len(picked) == len(runs) > 1 else ",".join(picked[:MAX_LINKED])
    st.session_state[state.RUNS_PICKED] = named
    address.put(address.CHOSEN, named or None)


@st.fragment(run_every=TICK_SECONDS * 2)
@show_errors()
def _watch(live: tuple[str, ...], seen: int) -> None:
    """Draw the page anew when a run was started or deleted since it was `seen`, or one that is live has moved."""
    now = [(about.status, about.step) for about in summaries(live).values()]
    if runs_stamp() != seen or st.session_state.setdefault(state.RUNS_SEEN, now) != now:
        st.session_state[state.RUNS_SEEN] = now
        st.rerun()


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "starred": column.TextColumn("Star", width=44),
        "name": column.TextColumn("Name", width=140),
        "created": column.DatetimeColumn("Created", format="D MMM, HH:mm", width=105),
        "status": column.TextColumn("Status", width=80),
        "data": column.TextColumn("Data", width=85),
        "layers": column.TextColumn("Layers", width=100),
        "optimizer": column.TextColumn("Optimizer", width=85),
        "learning-rate": column.NumberColumn("Rate", format="%g", width=65),
        "batch-size": column.TextColumn("Batch", width=60),
        "epochs": column.TextColumn("Epochs", width=65),
        "seed": column.NumberColumn("Seed", format="%d", width=50),
        "best-accuracy": column.NumberColumn("Best accuracy", format="percent", width=110),
        "best-loss": column.NumberColumn("Best loss", format="%.4f", width=80),
        "accuracy": column.NumberColumn("Last accuracy", format="percent", width=110),
        "curve": column.LineChartColumn("Accuracy", y_min=0, y_max=1, width=85),
        "seconds": column.NumberColumn("Training", format="%.1f s", width=75),
        "bytes": column.NumberColumn("Size", format="%.1f MB", width=75),
        "tags": column.ListColumn("Tags", width=120),
        "note": column.TextColumn("Note", width=200),
        "run": column.TextColumn("Id", width=260),
    }


def _actions(rows: Sequence[RunSummary], chosen: Sequence[RunSummary]) -> None:
    readable = [about for about in rows if about.status != "unreadable"]
    starred = bool(readable) and all(about.annotations.starred for about in readable)
    with st.container(key="runs-actions", horizontal=True, gap="small"):
        if st.button("Open", icon=":material/model_training:", disabled=len(readable) != 1, type="primary"):
            address.put_run(readable[0].run)
            st.switch_page(TRAIN)
        st.button(
            "Remove star" if starred else "Star",
            icon=":material/star:",
            disabled=not readable,
            on_click=_annotate,
            args=(readable, lambda annotations: replace(annotations, starred=not starred)),
        )
        with st.popover("Delete", icon=":material/delete:", disabled=not rows):
            st.markdown(f"Delete {_count(rows)}, {byte_words(sum(about.n_bytes or 0 for about in rows))}?")
            st.button(
                "Delete", key=state.RUNS_DELETE, type="primary", on_click=discard, args=([about.run for about in rows],)
            )
        st.download_button(
            "CSV",
            lambda: csv_lines(rows or chosen),
            file_name="runs.csv",
            icon=":material/download:",
            on_click="ignore",
            help="Every column and setting of the rows that are picked, else of all.",
        )


def _count(runs: Sequence[RunSummary]) -> str:
    return "this run" if len(runs) == 1 else f"these {len(runs):,} runs"


def _annotate(runs: Sequence[RunSummary], change: Callable[[Annotations], Annotations]) -> None:
    def annotate(run: str) -> None:
        directory = run_directory(run)
        write_annotations(directory, change(read_annotations(directory)))

    with_each([about.run for about in runs], annotate)


def _annotations(about: RunSummary) -> None:
    annotations = about.annotations
    with st.form(state.annotations_form(about.run)):
        name = st.text_input("Name", annotations.name)
        tags = st.text_input("Tags", ", ".join(annotations.tags), help="With commas between them.")
        note = st.text_area("Note", annotations.note)
        if st.form_submit_button("Save"):
            named = tuple(dict.fromkeys(tag.strip() for tag in tags.split(",") if tag.strip()))
            with show_errors():
                write_annotations(
                    run_directory(about.run), Annotations(name.strip(), note.strip(), named, annotations.starred)
                )
                st.rerun()
