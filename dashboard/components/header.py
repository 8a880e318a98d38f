"""The head of the page: which run, what it is doing, and the buttons that steer it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from annscope.core.config import FIELDS
from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.picker import pick_run
from annscope.dashboard.components.trouble import said_in_a_sentence, sentence_of
from annscope.dashboard.queries.live_runs import Following, follow
from annscope.runs import control, launch
from annscope.runs.catalogue import run_ids
from annscope.runs.status import Status

TICK_SECONDS = 1.0
PATIENCE_SECONDS = 0.5
"""How long a click waits for the worker's answer, so that the page shows it at once."""

_LOOKS: dict[str, tuple[str, str]] = {
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
    """Draw the head of the page for a run; while the run is at work its words renew themselves each second."""
    st.fragment(_header, key=state.HEADER)(run, _is_at_work(run))


def _is_at_work(run: str) -> bool:
    try:
        return follow(run).at_work
    except AnnscopeError:
        return False


@said_in_a_sentence()
def _header(run: str, was_at_work: bool) -> None:
    # A click may have started or picked another run, and a run may have ended: that concerns the whole page.
    if state.shown_run() != run or _is_at_work(run) != was_at_work:
        st.rerun()
    with st.container(key="head", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pick_run(run)
            try:
                following = follow(run)
            except AnnscopeError as error:
                st.error(escaping.markdown(str(error)), icon=":material/error:")
                return
            with st.container(horizontal=True, width="content", gap="small", vertical_alignment="center"):
                _copy_button(following)
                _buttons(following)
        show_refusal(following)
        left, right = st.columns([3, 1], gap="medium", vertical_alignment="center")
        with left:
            tick = TICK_SECONDS if following.at_work else None
            st.fragment(_status, run_every=tick, key=state.TICK)(run, _drawn(following))
        with right:
            if following.at_work:
                _live_rate(following)


# Buttons


def _copy_button(following: Following) -> None:
    clicked = st.button(
        "Copy settings",
        key=state.COPY,
        type="tertiary",
        icon=":material/content_copy:",
        help="Set every control to what this run was started with.",
        on_click=_copy_settings,
        args=(following,),
    )
    if clicked:
        st.rerun()


def _copy_settings(following: Following) -> None:
    controls.use(controls.settings_of(following.reader.config))
    controls.spell_in_address()


def _buttons(following: Following) -> None:
    run, status = following.run, following.status["status"]
    st.button(
        "Start",
        key=state.START,
        type="primary",
        icon=":material/play_arrow:",
        shortcut="s",
        disabled=following.at_work or controls.config_now() is None,
        help="Train a new network with the settings on the left.",
        on_click=start_run,
    )
    label, icon, about, action = _pause_or_resume(following)
    st.button(
        label,
        key=state.PAUSE,
        icon=icon,
        shortcut="p",
        disabled=action is None,
        help=about,
        on_click=_act,
        args=(following, action),
    )
    st.button(
        "Step",
        key=state.STEP,
        icon=":material/skip_next:",
        shortcut="n",
        disabled=status != "paused",
        help="Make one update of the weights, while the run is paused.",
        on_click=_act,
        args=(following, lambda: control.send(run, "step")),
    )
    st.button(
        "Stop",
        key=state.STOP,
        icon=":material/stop:",
        shortcut="x",
        disabled=not following.at_work,
        help="End the run here; it can be resumed.",
        on_click=_act,
        args=(following, lambda: control.send(run, "stop")),
    )


def _pause_or_resume(following: Following) -> tuple[str, str, str, Callable[[], object] | None]:
    run, status = following.run, following.status["status"]
    if status == "paused":
        return "Resume", ":material/resume:", "Go on training.", lambda: control.send(run, "resume")
    if status in RESUMABLE:
        about = "Go on from where it was, as if it had never stopped."
        return "Resume", ":material/resume:", about, lambda: launch.resume(run)
    config = controls.config_now()
    if status == "finished" and config is not None:
        more = config.training.n_epochs
        n_epochs = following.status["epoch"] + more
        return "Go on", ":material/resume:", f"Train {more} more epochs.", lambda: launch.resume(run, n_epochs)
    action = (lambda: control.send(run, "pause")) if status == "running" else None
    return "Pause", ":material/pause:", "Hold the training between two updates.", action


def start_run(settings: Mapping[str, Any] | None = None) -> None:
    """Start a run with the given settings, or with those of the controls, and look at it."""
    if settings is not None:
        controls.use(settings)
        controls.spell_in_address()
    config = controls.config_now()
    if config is not None:
        controls.forget_complaints()
        _attempt(lambda: state.show_run(launch.start(config)), None)


def _act(following: Following, action: Callable[[], object]) -> None:
    before = following.status
    _attempt(action, following)
    _await_answer(following, before)


def _attempt(action: Callable[[], object], following: Following | None) -> None:
    st.session_state[state.REFUSAL] = None
    try:
        action()
    except (AnnscopeError, OSError) as error:
        st.session_state[state.REFUSAL] = sentence_of(error), _grounds(following)


def show_refusal(following: Following | None = None) -> None:
    """Say why the last command was refused, if it was, for as long as nothing has changed that it was refused for."""
    sentence, grounds = st.session_state.get(state.REFUSAL) or (None, None)
    if grounds != _grounds(following):
        st.session_state[state.REFUSAL] = None
    elif sentence:
        st.error(escaping.markdown(sentence), icon=":material/block:")


def _grounds(following: Following | None) -> tuple[object, ...]:
    """What a command may be refused for: the run that is looked at, what it is doing, the settings of the next."""
    of_run = (None, None) if following is None else (following.run, following.status["status"])
    return *of_run, controls.config_now()


def _await_answer(following: Following, before: Status) -> None:
    # A short look ahead, so that the click shows at once what it did; the next tick shows it in any case.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not st.session_state[state.REFUSAL] and time.monotonic() < deadline:
        try:
            following.look()
        except AnnscopeError:
            return  # the page says what is wrong
        now = following.status
        if (now["status"], now["step"]) != (before["status"], before["step"]):
            return
        time.sleep(0.02)


# Status


def _drawn(following: Following) -> tuple[object, ...]:
    """What the head is drawn from, but for the words that tick; each second drawing it all would hold up the views."""
    return run_ids(), following.status["status"], following.learning_rate


@said_in_a_sentence()
def _status(run: str, drawn: tuple[object, ...]) -> None:
    try:
        following = follow(run)
    except AnnscopeError:
        st.rerun()
    if _drawn(following) != drawn:
        st.rerun()
    status = following.status
    name = status["status"]
    color, icon = _LOOKS.get(name, ("gray", ":material/question_mark:"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(escaping.markdown(name), icon=icon, color=color)  # type: ignore[arg-type]
        st.markdown(f":small[{_words(following)}]")
    loading = status["loading"]
    if loading is not None:
        share = loading["done"] / loading["total"] if loading["total"] else 0.0
        amount = f"{loading['done'] / 1e6:.1f} of {loading['total'] / 1e6:.1f} MB"
        st.progress(min(1.0, share), text=f"{escaping.markdown(loading['what'])}: {amount}")
    elif following.at_work and status["total_steps"]:
        st.progress(min(1.0, status["step"] / status["total_steps"]))
    if status["message"] and name in {"diverged", "failed"}:
        st.error(escaping.markdown(status["message"]), icon=":material/error:")
    elif status["message"] and name == "interrupted":
        st.warning(escaping.markdown(status["message"]), icon=":material/power_off:")


def _words(following: Following) -> str:
    """What a run is doing, in one line."""
    status, lines = following.status, following.snapshot_lines()
    if status["status"] == "unresponsive" and not lines:
        return escaping.markdown(status["message"] or "")
    if status["loading"] is not None:
        return "loading the data"
    if status["total_steps"] is None and not lines:
        return "loading the data" if following.at_work else ""
    words = [f"epoch **{status['epoch']}** of {status['n_epochs']}", f"step {status['step']:,}"]
    accuracy = lines[-1]["heldout"]["accuracy"] if lines else None
    if accuracy is not None:
        words.append(f"held-out {following.reader.accuracy_name} **{accuracy:.1%}**")
    if status["samples_per_second"]:
        words.append(f"{status['samples_per_second']:,.0f} examples/s")
    if status["learning_rate"] != following.learning_rate:
        words.append(f"learning rate now {status['learning_rate']:.3g}")
    if status["seconds_left"] is not None:
        words.append(f"{duration(status['seconds_left'])} left")
    elif status["message"] and status["status"] not in {"diverged", "failed", "interrupted"}:
        words.append(escaping.markdown(status["message"]))
    return " · ".join(words)


def duration(seconds: float) -> str:
    """A span of time as people say it: 8 s, 2 min 5 s, 3 h 20 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _live_rate(following: Following) -> None:
    item = FIELDS["learning-rate"]
    recorded = following.learning_rate
    known = (following.run, recorded)
    # A new record (this tab's command, another tab's, another run) moves the slider; a tick does not, nor does
    # the answer to a command that this tab has followed by another: the slider is ahead of it.
    if st.session_state.get(state.LIVE_RATE_KNOWN) != known or state.LIVE_RATE not in st.session_state:
        st.session_state[state.LIVE_RATE_KNOWN] = known
        sent = _unanswered(st.session_state.get(state.LIVE_RATES_SENT, []), known)
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
        args=(following,),
    )


def _unanswered(sent: list[tuple[str, float]], answer: tuple[str, float]) -> list[tuple[str, float]]:
    """What was sent after the command that this is the answer to; nothing where it answers none of them."""
    return sent[len(sent) - sent[::-1].index(answer) :] if answer in sent else []


def _send_rate(following: Following) -> None:
    run, rate = following.run, st.session_state[state.LIVE_RATE]

    def send() -> None:
        control.send(run, "learning_rate", rate)
        st.session_state[state.LIVE_RATES_SENT] = [*st.session_state.get(state.LIVE_RATES_SENT, []), (run, rate)]

    _attempt(send, following)
