"""The run picker: the list of runs, and which of them is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import streamlit as st

from annscope.core.errors import AnnscopeError, did_you_mean, shortened
from annscope.dashboard import address, state
from annscope.runs.catalogue import RUN_ID, RunSummary, other_folders, run_ids, runs_home, summarize
from annscope.runs.reader import RunReader
from annscope.runs.status import LIVE

MAX_RUNS = 100
"""How many runs, from the newest, the list offers."""


def run_to_show() -> str | None:
    """The run that the address names, or else the one last shown, or the newest; None without runs.

    It is put into the address. A name that no run has gives a warning, like any other invalid parameter.
    """
    ids = run_ids()
    named = address.get_run()
    if named in ids:
        st.session_state[state.LAST_RUN] = named
        return named
    before = st.session_state.get(state.LAST_RUN)
    if named is None and before in ids:
        st.query_params[address.RUN] = before
        return str(before)
    if named is not None:
        instead = "; the newest is shown" if ids else ""
        warnings = st.session_state.setdefault(state.WARNINGS, [])
        warnings.append(f"There is no run {shortened(named)!r}{did_you_mean(named, ids)}{instead}.")
    # A folder that is not a run, or a damaged run, must not hide all the others.
    readable = (run for run in reversed(ids) if _about(run)[0].status != "unreadable")
    newest = next(readable, ids[-1] if ids else None)
    if newest != named:
        if named is None and newest is not None:
            st.query_params[address.RUN] = newest
        else:
            address.put_run(newest)
    return newest


def pick_run(run: str) -> None:
    """Draw the list of runs, newest first, with `run` chosen; a choice goes into the address.

    Other folders among the runs come last, with the reason why they are not runs; they cannot be chosen.
    """
    ids = run_ids()[: -MAX_RUNS - 1 : -1]
    if run not in ids:
        ids.append(run)
    ids += other_folders()[:MAX_RUNS]
    st.session_state[state.PICKER] = run  # each time: on another page, the list would start with the newest
    st.selectbox("Run", ids, key=state.PICKER, format_func=_label, label_visibility="collapsed", on_change=_show_picked)


def _show_picked() -> None:
    # A label that changed meanwhile (a run that has finished) comes back as the bare label: not a choice.
    picked = st.session_state[state.PICKER]
    if picked in run_ids():
        address.put_run(picked)


def _about(run: str) -> tuple[RunSummary, float | None]:
    if not RUN_ID.fullmatch(run):
        return summarize(run), None  # nothing to read, and perhaps not a valid cache key
    stamps = (_stamp(runs_home() / run / name) for name in ("config.json", "status.json", "metrics.jsonl"))
    return _summary(run, tuple(stamps))


def _label(run: str) -> str:
    about, best = _about(run)
    if about.status in LIVE:
        # The process may have ended, which no file tells; and a metric that ticks in a list is no help.
        about, best = summarize(run), None
    if about.status == "unreadable":
        return f"{about.run}  ·  {about.message}"
    parts = [_when(about.created), (about.data and Path(about.data).stem) or run, _shape(about)]
    parts += [about.status, f"best {best:.1%}" if best is not None else ""]
    return "  ·  ".join(part for part in parts if part)


@st.cache_data(max_entries=10 * MAX_RUNS, show_spinner=False)
def _summary(run: str, stamps: tuple[tuple[int, int], ...]) -> tuple[RunSummary, float | None]:  # noqa: ARG001
    """The summary of a run and its best held-out accuracy, read again when its files have changed."""
    about = summarize(run)
    if about.status in {"unreadable", *LIVE}:
        return about, None
    try:
        lines = RunReader(about.directory).snapshot_lines()
    except AnnscopeError as error:
        return replace(about, status="unreadable", message=str(error)), None
    return about, max((line["heldout"]["accuracy"] or 0.0 for line in lines), default=None)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return 0, 0
    return about.st_mtime_ns, about.st_ctime_ns  # the second changes with permissions as well


def _shape(about: RunSummary) -> str:
    if about.layer_sizes:
        return "-".join(map(str, about.layer_sizes))
    return "-".join(map(str, about.hidden_sizes or ()))


def _when(created: str | None) -> str:
    if created is None:
        return ""
    moment = datetime.fromisoformat(created).astimezone()
    today = datetime.now().astimezone().date()
    return f"{moment:%H:%M}" if moment.date() == today else f"{moment:%d %b %H:%M}"
