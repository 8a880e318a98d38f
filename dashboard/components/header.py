"""The page header: the choice of the run, and what controls it. What the run is doing stands in the live view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from annscope.core.config import FIELDS, RunConfig
from annscope.core.errors import AnnscopeError
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components import controls, go_on, pace, way
from annscope.dashboard.components.callbacks import on_choice
from annscope.dashboard.components.commands import act, attempt, show_command_error
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.picker import pick_beside, pick_run
from annscope.dashboard.queries.live_runs import LiveRun, get_live_run
from annscope.dashboard.shortcuts import key_of
from annscope.runs import control, launch
from annscope.runs.catalogue import run_ids

TICK_SECONDS = 1.0
"""How often a page on a run at work asks for what is new, unless its live view does."""
OTHERS_SECONDS = 5.0
"""How often the header asks for what others do, such as a run started in another tab: the live view tells the rest."""

RESUMABLE = ("stopped", "interrupted", "failed")


def header(run: str) -> None:
    """Draw the header for a run; while the run is at work it is checked now and then whether it must be drawn again."""
    st.fragment(_header, key=state.HEADER)(run, _is_at_work(run), st.query_params.get(address.BESIDE))


def _is_at_work(run: str) -> bool:
    try:
        return get_live_run(run).at_work
    except AnnscopeError:
        return False


@show_errors()
def _header(run: str, was_at_work: bool, beside: str | None) -> None:
    # A click may have started or chosen another run, and a run may have ended: the whole page must be drawn again.
    address.restore_run(run)
    shown = (address.get_run(), st.query_params.get(address.BESIDE), _is_at_work(run))
    if shown != (run, beside, was_at_work):
        st.rerun()
    with st.container(key="head", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pick_run(run)
            pick_beside(run)
            try:
                live_run = get_live_run(run)
            except AnnscopeError as error:
                st.error(escaping.markdown(str(error)), icon=":material/error:")
                return
            with st.container(key="controls", horizontal=True, gap="small", vertical_alignment="center"):
                _buttons(live_run)
                pace.control(live_run)
                _live_rate(live_run)
        show_command_error(live_run)
        if live_run.at_work:
            st.fragment(_tick, run_every=OTHERS_SECONDS, key=state.TICK)(run, _drawn(live_run))


# Buttons


def _buttons(live_run: LiveRun) -> None:
    run, status = live_run.run, live_run.status["status"]
    if start_button(run, state.START, shortcut=key_of("start")):
        st.rerun()
    if status == "finished":
        asked = st.button(
            "Go on",
            key=state.PAUSE,
            icon=":material/more_time:",
            shortcut=key_of("pause"),
            help="Train this run for more epochs.",
            on_click=go_on.ask,
            args=(run,),
        )
        if asked:
            st.rerun()  # the dialog belongs to the page
    else:
        label, icon, about, action = _pause_or_resume(live_run)
        st.button(
            label,
            key=state.PAUSE,
            icon=icon,
            shortcut=key_of("pause"),
            disabled=action is None,
            help=about,
            on_click=act,
            args=(live_run, action),
        )
    st.button(
        "Step",
        key=state.STEP,
        icon=":material/skip_next:",
        shortcut=key_of("step"),
        disabled=status != "paused",
        help="Make one update of the weights, while the run is paused.",
        on_click=act,
        args=(live_run, lambda: control.send(run, "step")),
    )
    st.button(
        "Stop",
        key=state.STOP,
        icon=":material/stop:",
        shortcut=key_of("stop"),
        disabled=not live_run.at_work,
        help="End the run here; it can be resumed.",
        on_click=act,
        args=(live_run, lambda: control.send(run, "stop")),
    )


def _pause_or_resume(live_run: LiveRun) -> tuple[str, str, str, Callable[[], object] | None]:
    run, status = live_run.run, live_run.status["status"]
    if status == "paused":
        return "Resume", ":material/resume:", "Continue training.", lambda: control.send(run, "resume")
    if status in RESUMABLE:
        about = "Continue exactly where it stopped."
        return "Resume", ":material/resume:", about, lambda: launch.resume(run, pace=pace.chosen())
    action = (lambda: control.send(run, "pause")) if status == "running" else None
    return "Pause", ":material/pause:", "Pause the training between two updates.", action


def start_button(run: str | None, key: str, *, shortcut: str | None = None, **about: Any) -> bool:
    """The button that starts the next run, while `run` is shown; whether it was clicked.

    If that run is at work, a dialog asks first.
    """
    return st.button(
        "Start",
        key=key,
        type="primary",
        icon=":material/play_arrow:",
        shortcut=shortcut,
        disabled=controls.config_now() is None,
        help="Train a new network with the settings of the sidebar.",
        on_click=_start_or_ask,
        args=(run,),
        **about,
    )


def _start_or_ask(run: str | None) -> None:
    if run is not None and _is_at_work(run):
        st.session_state[state.REPLACING] = True
    else:
        start_run()


def replacing_dialog(run: str) -> None:
    """The question what becomes of the run at work when another one is started, if it is open."""
    if st.session_state.get(state.REPLACING):
        st.dialog("A run is still training", on_dismiss=_close_question)(_question)(run)


def _close_question() -> None:
    st.session_state[state.REPLACING] = False


@show_errors()
def _question(run: str) -> None:
    if not st.session_state[state.REPLACING]:
        st.rerun()
    status = get_live_run(run).status
    st.markdown(
        f"The run shown is at epoch {status['epoch']} of {status['n_epochs']}. It can be stopped, and resumed later, "
        "or go on beside the new one, which makes both slower."
    )
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Stop it and start",
            key=state.STOP_AND_START,
            type="primary",
            icon=":material/play_arrow:",
            on_click=_start_instead,
            args=(run,),
        )
        st.button("Start beside it", key=state.START_BESIDE, on_click=_start_instead)


def _start_instead(run: str | None = None) -> None:
    _close_question()
    if run is not None and _is_at_work(run):
        attempt(lambda: control.send(run, "stop"), get_live_run(run))
    start_run()


def _launch(config: RunConfig, *, beside: str | None = None) -> None:
    """Start a run at the chosen pace, seen as chosen, and show it."""
    run = launch.start(config, pace=pace.chosen(), paused=way.chosen() == "slow")
    st.session_state[state.STARTED] = run
    address.put_run(run, beside=beside)


def start_run(settings: Mapping[str, Any] | None = None) -> None:
    """Start a run with the given settings, or with those of the controls, and show it."""
    if settings is not None:
        controls.set_all(settings)
    config = controls.config_now()
    if config is not None:
        controls.clear_warnings()
        attempt(lambda: _launch(config), None)


def start_beside(run: str, changes: Mapping[str, Any]) -> None:
    """Start a run like this one but for some settings, and show it beside this one, which stops if it is at work.

    Stopped it can be resumed; both at once would only slow each other down.
    """

    def start() -> None:
        live_run = get_live_run(run)
        config = live_run.reader.config_in_force.with_values(changes)
        controls.set_all(controls.settings_of(config))
        _launch(config, beside=run)
        if live_run.at_work:
            control.send(run, "stop")

    attempt(start, None)


# While the run is at work


def _drawn(live_run: LiveRun) -> tuple[object, ...]:
    """What the header depends on: when it has changed, the header is drawn again, and not with each tick."""
    return run_ids(), live_run.status["status"], live_run.learning_rate, live_run.status.get("pace")


@show_errors()
def _tick(run: str, drawn: tuple[object, ...]) -> None:
    try:
        live_run = get_live_run(run)
    except AnnscopeError:
        st.rerun()
    if _drawn(live_run) != drawn:
        st.rerun()


def _live_rate(live_run: LiveRun) -> None:
    item = FIELDS["learning-rate"]
    recorded = live_run.learning_rate
    known = (live_run.run, recorded)
    # A new record (this tab's command, another tab's, another run) moves the slider; a tick does not, nor does
    # the record of a command after which this tab has sent another: the slider is ahead of it.
    if st.session_state.get(state.LIVE_RATE_KNOWN) != known or state.LIVE_RATE not in st.session_state:
        st.session_state[state.LIVE_RATE_KNOWN] = known
        sent = _unacknowledged(st.session_state.get(state.LIVE_RATES_SENT, []), known)
        st.session_state[state.LIVE_RATES_SENT] = sent
        if not sent or state.LIVE_RATE not in st.session_state:
            st.session_state[state.LIVE_RATE] = recorded
    value = st.session_state[state.LIVE_RATE]
    st.select_slider(
        "Live learning rate",
        controls.with_value(controls.with_value(controls.stops(item), recorded), value),
        key=state.LIVE_RATE,
        format_func=controls.exact,
        disabled=not live_run.at_work,
        help="Moves the learning rate while the network trains; the schedule keeps its shape.",
        on_change=on_choice(state.LIVE_RATE, partial(_send_rate, live_run)),
    )


def _unacknowledged(sent: list[tuple[str, float]], recorded: tuple[str, float]) -> list[tuple[str, float]]:
    """The commands that were sent after the recorded one; none if it is not among them."""
    return sent[len(sent) - sent[::-1].index(recorded) :] if recorded in sent else []


def _send_rate(live_run: LiveRun, rate: float) -> None:
    run = live_run.run

    def send() -> None:
        control.send(run, "learning_rate", rate)
        st.session_state[state.LIVE_RATES_SENT] = [*st.session_state.get(state.LIVE_RATES_SENT, []), (run, rate)]

    attempt(send, live_run)
