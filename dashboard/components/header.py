"""The page header: the run, its status, and the buttons that control it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from annscope.core.config import FIELDS
from annscope.core.errors import AnnscopeError
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components import controls, go_on, pace
from annscope.dashboard.components.commands import act, attempt, show_command_error
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.picker import pick_run
from annscope.dashboard.queries.live_runs import LiveRun, get_live_run
from annscope.runs import control, launch
from annscope.runs.catalogue import run_ids
from annscope.runs.progress import duration

TICK_SECONDS = 1.0

_BADGES: dict[str, tuple[str, str]] = {
    "starting": ("blue", ":material/hourglass_top:"),
    "running": ("green", ":material/play_arrow:"),
    "paused": ("orange", ":material/pause:"),
    "finished": ("primary", ":material/check:"),
    "stopped": ("gray", ":material/stop:"),
    "interrupted": ("orange", ":material/power_off:"),
    "failed": ("red", ":material/error:"),
    "diverged": ("red", ":material/error:"),
    "unresponsive": ("orange", ":material/bedtime:"),
}
RESUMABLE = ("stopped", "interrupted", "failed")


def header(run: str) -> None:
    """Draw the header for a run; while the run is at work its status is updated each second."""
    st.fragment(_header, key=state.HEADER)(run, _is_at_work(run))


def _is_at_work(run: str) -> bool:
    try:
        return get_live_run(run).at_work
    except AnnscopeError:
        return False


@show_errors()
def _header(run: str, was_at_work: bool) -> None:
    # A click may have started or chosen another run, and a run may have ended: the whole page must be drawn again.
    if address.get_run() != run or _is_at_work(run) != was_at_work:
        st.rerun()
    with st.container(key="head", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pick_run(run)
            try:
                live_run = get_live_run(run)
            except AnnscopeError as error:
                st.error(escaping.markdown(str(error)), icon=":material/error:")
                return
            with st.container(horizontal=True, width="content", gap="small", vertical_alignment="center"):
                _copy_button(live_run)
                _buttons(live_run)
        show_command_error(live_run)
        left, middle, right = st.columns([6, 2, 3], gap="medium", vertical_alignment="center")
        with left:
            tick = TICK_SECONDS if live_run.at_work else None
            st.fragment(_status, run_every=tick, key=state.TICK)(run, _drawn(live_run))
        with middle:
            pace.control(live_run)
        with right:
            if live_run.at_work:
                _live_rate(live_run)


# Buttons


def _copy_button(live_run: LiveRun) -> None:
    clicked = st.button(
        "Copy settings",
        key=state.COPY,
        type="tertiary",
        icon=":material/content_copy:",
        help="Set every control to the settings of this run.",
        on_click=_copy_settings,
        args=(live_run,),
    )
    if clicked:
        st.rerun()


def _copy_settings(live_run: LiveRun) -> None:
    controls.use(controls.settings_of(live_run.reader.config))
    controls.update_address()


def _buttons(live_run: LiveRun) -> None:
    run, status = live_run.run, live_run.status["status"]
    st.button(
        "Start",
        key=state.START,
        type="primary",
        icon=":material/play_arrow:",
        shortcut="s",
        disabled=live_run.at_work or controls.config_now() is None,
        help="Train a new network with the settings on the left.",
        on_click=start_run,
    )
    if status == "finished":
        asked = st.button(
            "Go on",
            key=state.PAUSE,
            icon=":material/more_time:",
            shortcut="p",
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
            shortcut="p",
            disabled=action is None,
            help=about,
            on_click=act,
            args=(live_run, action),
        )
    st.button(
        "Step",
        key=state.STEP,
        icon=":material/skip_next:",
        shortcut="n",
        disabled=status != "paused",
        help="Make one update of the weights, while the run is paused.",
        on_click=act,
        args=(live_run, lambda: control.send(run, "step")),
    )
    st.button(
        "Stop",
        key=state.STOP,
        icon=":material/stop:",
        shortcut="x",
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


def start_run(settings: Mapping[str, Any] | None = None) -> None:
    """Start a run with the given settings, or with those of the controls, and show it."""
    if settings is not None:
        controls.use(settings)
        controls.update_address()
    config = controls.config_now()
    if config is not None:
        controls.clear_warnings()
        attempt(lambda: address.put_run(launch.start(config, pace=pace.chosen())), None)


def start_beside(run: str, changes: Mapping[str, Any]) -> None:
    """Start a run like this one but for some settings, and show it beside this one, which stops if it is at work.

    Stopped it can be resumed; both at once would only slow each other down.
    """

    def start() -> None:
        live_run = get_live_run(run)
        config = live_run.reader.config_in_force.with_values(changes)
        controls.use(controls.settings_of(config))
        controls.update_address()
        controls.clear_warnings()
        new = launch.start(config, pace=pace.chosen())
        if live_run.at_work:
            control.send(run, "stop")
        address.put_run(new, beside=run)

    attempt(start, None)


# Status


def _drawn(live_run: LiveRun) -> tuple[object, ...]:
    """What the header depends on, except for the ticking status: drawing it all each second would slow the views."""
    return run_ids(), live_run.status["status"], live_run.learning_rate, live_run.status.get("pace")


@show_errors()
def _status(run: str, drawn: tuple[object, ...]) -> None:
    try:
        live_run = get_live_run(run)
    except AnnscopeError:
        st.rerun()
    if _drawn(live_run) != drawn:
        st.rerun()
    status = live_run.status
    name = status["status"]
    color, icon = _BADGES.get(name, ("gray", ":material/question_mark:"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(escaping.markdown(name), icon=icon, color=color)  # type: ignore[arg-type]
        st.markdown(f":small[{_status_text(live_run)}]")
    loading = status["loading"]
    if loading is not None:
        share = loading["done"] / loading["total"] if loading["total"] else 0.0
        amount = f"{loading['done'] / 1e6:.1f} of {loading['total'] / 1e6:.1f} MB"
        st.progress(min(1.0, share), text=f"{escaping.markdown(loading['what'])}: {amount}")
    elif live_run.at_work and status["total_steps"]:
        st.progress(min(1.0, status["step"] / status["total_steps"]))
    if status["message"] and name in {"diverged", "failed"}:
        st.error(escaping.markdown(status["message"]), icon=":material/error:")
    elif status["message"] and name == "interrupted":
        st.warning(escaping.markdown(status["message"]), icon=":material/power_off:")


def _status_text(live_run: LiveRun) -> str:
    """The status of a run, in one line."""
    status, lines = live_run.status, live_run.snapshot_lines()
    if status["status"] == "unresponsive" and not lines:
        return escaping.markdown(status["message"] or "")
    if status["loading"] is not None:
        return "loading the data"
    if status["total_steps"] is None and not lines:
        return "loading the data" if live_run.at_work else ""
    words = [f"epoch **{status['epoch']}** of {status['n_epochs']}", f"step {status['step']:,}"]
    accuracy = lines[-1]["heldout"]["accuracy"] if lines else None
    if accuracy is not None:
        words.append(f"held-out {live_run.reader.accuracy_name} **{accuracy:.1%}**")
    if status["samples_per_second"]:
        words.append(f"{status['samples_per_second']:,.0f} examples/s")
    if status["learning_rate"] != live_run.learning_rate:
        words.append(f"learning rate now {status['learning_rate']:.3g}")
    if status["seconds_left"] is not None:
        words.append(f"{duration(status['seconds_left'])} left")
    elif status["message"] and status["status"] not in {"diverged", "failed", "interrupted"}:
        words.append(escaping.markdown(status["message"]))
    return " · ".join(words)


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
        help="Moves the learning rate while the network trains; the schedule keeps its shape.",
        on_change=_send_rate,
        args=(live_run,),
    )


def _unacknowledged(sent: list[tuple[str, float]], recorded: tuple[str, float]) -> list[tuple[str, float]]:
    """The commands that were sent after the recorded one; none if it is not among them."""
    return sent[len(sent) - sent[::-1].index(recorded) :] if recorded in sent else []


def _send_rate(live_run: LiveRun) -> None:
    run, rate = live_run.run, st.session_state[state.LIVE_RATE]

    def send() -> None:
        control.send(run, "learning_rate", rate)
        st.session_state[state.LIVE_RATES_SENT] = [*st.session_state.get(state.LIVE_RATES_SENT, []), (run, rate)]

    attempt(send, live_run)
