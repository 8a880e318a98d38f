"""The run picker: the list of runs, and which of them is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import streamlit as st

from annscope.core.config import FIELDS
from annscope.core.errors import did_you_mean, shortened
from annscope.dashboard import address, state
from annscope.dashboard.components.callbacks import on_choice
from annscope.runs.catalogue import other_folders, run_ids
from annscope.runs.index import summaries
from annscope.runs.status import LIVE
from annscope.runs.summary import RunSummary

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
    readable = (run for run in reversed(ids) if summaries([run])[run].status != "unreadable")
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
    ids = [*_newest(run), *other_folders()[:MAX_RUNS]]
    found = summaries(ids)
    st.session_state[state.PICKER] = run  # each time: on another page, the list would start with the newest
    st.selectbox(
        "Run",
        ids,
        key=state.PICKER,
        format_func=labels_of(found).__getitem__,
        label_visibility="collapsed",
        on_change=on_choice(state.PICKER, _show_picked),
    )


def pick_beside(run: str) -> None:
    """Draw a button that opens the list of runs to show beside `run`; a choice goes into the address."""
    popover = st.popover(
        "Side by side",
        key=state.BESIDE,
        icon=":material/splitscreen_right:",
        help="Watch another run beside this one: both networks, the same image, on one timeline.",
        on_change="rerun",
    )
    if not popover.open:  # nothing is read for a list that nobody sees
        return
    beside = st.query_params.get(address.BESIDE)
    ids = [each for each in _newest(beside) if each != run]
    st.session_state[state.PICKER_BESIDE] = beside if beside in ids else None
    popover.selectbox(
        "Show beside this run",
        ids,
        key=state.PICKER_BESIDE,
        format_func=labels_of(summaries(ids)).__getitem__,
        placeholder="Choose a run" if ids else "There is no other run yet",
        disabled=not ids,
        on_change=on_choice(state.PICKER_BESIDE, lambda picked: address.put(address.BESIDE, picked)),
        width=420,
    )


def _newest(run: str | None) -> list[str]:
    """The runs that a list offers, newest first, and `run`, however old it is."""
    every = run_ids()
    ids = every[: -MAX_RUNS - 1 : -1]
    return ids if run is None or run in ids or run not in every else [*ids, run]


def _show_picked(picked: str) -> None:
    # A label that changed meanwhile (a run that has finished) comes back as the bare label: not a choice.
    if picked in run_ids():
        address.put_run(picked)


def labels_of(found: Mapping[str, RunSummary]) -> dict[str, str]:
    """What the list says of each of these runs, by its folder, and so what typing finds it by.

    That is what a person said of it, its data and layers, state and best accuracy, and the settings that most of the
    others do not have.
    """
    runs = [about for about in found.values() if about.settings]
    usual = {
        option: Counter(repr(about.settings[option]) for about in runs).most_common(1)[0][0]
        for option in FIELDS
        if runs and option not in _SAID
    }
    return {folder: _label(about, usual) for folder, about in found.items()}


_SAID = ("data", "hidden")
"""The settings that every label says."""


def _label(about: RunSummary, usual: Mapping[str, str]) -> str:
    if about.status == "unreadable":
        return f"{about.run}  ·  {about.message}"
    # A metric that ticks in a list is no help.
    best = None if about.status in LIVE else about.best_accuracy
    data = (about.data and Path(about.data).stem) or about.run
    parts = [about.annotations.name, _when(about.created), data, about.layers, about.status]
    parts += ["" if best is None else f"best {best:.1%}"]
    parts += [f"#{tag}" for tag in about.annotations.tags]
    parts += [
        f"{option}={FIELDS[option].format(value)}"
        for option, value in about.settings.items()
        if option in usual and repr(value) != usual[option]
    ]
    parts += [shortened(" ".join(about.annotations.note.split()))]
    return "  ·  ".join(part for part in parts if part)


def _when(created: str | None) -> str:
    if created is None:
        return ""
    moment = datetime.fromisoformat(created).astimezone()
    today = datetime.now().astimezone().date()
    return f"{moment:%H:%M}" if moment.date() == today else f"{moment:%d %b %H:%M}"
