"""The sweeps of the Runs page: a dialog that starts one, and how far one is, its best setting and Optuna's plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from annscope.core.config import FIELDS, RunConfig
from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.dashboard.components import controls
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.components.run_actions import discard
from annscope.dashboard.queries.sweeps import Shown, shown_sweep
from annscope.runs.quantities import byte_words, duration
from annscope.runs.summary import RunSummary
from annscope.runs.sweeps.catalogue import sweep_names
from annscope.runs.sweeps.driver import driver_status
from annscope.runs.sweeps.errors import SweepError, require_packages
from annscope.runs.sweeps.launch import problem_of, resume_sweep, start_sweep, stop_sweep
from annscope.runs.sweeps.space import VARIABLE, n_combinations, parse_space
from annscope.runs.sweeps.study import METRICS, PRUNERS, SAMPLERS, Sweep, new_name

TICK_SECONDS = 1.0
FIRST_VARIED = ("learning-rate", "hidden")
"""The settings that a new sweep varies unless others are chosen."""
BEST_SEEDS = 5
SAMPLER_NAMES = {"tpe": "TPE", "random": "Random", "grid": "Grid", "qmc": "Quasi-random"}
PRUNER_NAMES = {"median": "Median", "hyperband": "Hyperband", "none": "None"}
DARK_STYLE = f"<style>.st-key-{state.START_SWEEP} button {{ color: #0F131A; }}</style>"
"""A dialog is outside the page, so the page's style for primary buttons does not apply to it."""


@show_errors()
def section(found: Sequence[RunSummary]) -> None:
    """The section of the Runs page, which lists these runs."""
    st.subheader("Sweeps")
    try:
        require_packages()
    except SweepError as error:
        st.caption(escaping.markdown(str(error)))
        return
    names = sweep_names()
    started = st.session_state.pop(state.SWEEP_STARTED, None)
    if started is not None:
        st.session_state[state.SWEEP] = started
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if names:
            if st.session_state.get(state.SWEEP) not in names:
                st.session_state[state.SWEEP] = None
            st.selectbox("Sweep", names, key=state.SWEEP, placeholder="Choose a sweep", width=320)
        st.button("New sweep", icon=":material/tune:", on_click=_open)
        if names and st.session_state[state.SWEEP] and driver_status(st.session_state[state.SWEEP]) is None:
            _deletion(st.session_state[state.SWEEP], found)
    if not names:
        st.caption("A sweep trains runs with different settings, several at a time, and finds the best of them.")
    if st.session_state.get(state.NEW_SWEEP):
        st.dialog("New sweep", width="large", on_dismiss=_close)(_new)()
    elif st.session_state.get(state.SWEEP):
        _sweep(st.session_state[state.SWEEP])


def _deletion(name: str, found: Sequence[RunSummary]) -> None:
    """The button that deletes a sweep with its runs, once it is asked."""
    own = set(shown_sweep(name).runs)
    runs = [about for about in found if about.run in own]
    with st.popover("Delete", icon=":material/delete:"):
        size = byte_words(sum(about.n_bytes or 0 for about in runs))
        words = f" and its {len(runs):,} run{'' if len(runs) == 1 else 's'}, {size}" if runs else ""
        st.markdown(f"Delete the sweep {escaping.markdown(name)}{words}?")
        st.button(
            "Delete", key=state.DELETE_SWEEP, type="primary", on_click=discard,
            args=([about.run for about in runs], name),
        )  # fmt: skip


def _open() -> None:
    st.session_state[state.NEW_SWEEP] = True


def _close() -> None:
    st.session_state[state.NEW_SWEEP] = False


# -- a new sweep


@show_errors()
def _new() -> None:
    if st.context.theme.type == "dark":
        st.html(DARK_STYLE)
    settings = st.session_state.get(state.SETTINGS) or controls.defaults()
    config = controls.config_of(settings)
    st.caption(
        escaping.markdown(f"All other settings are those of the next run, on {controls.data_name(config.data.name)}.")
    )
    options = [option for option in VARIABLE if controls.applies(option, settings)]
    chosen = st.multiselect("Vary", options, FIRST_VARIED, format_func=lambda option: FIELDS[option].label)
    texts = [f"{option}={values}" for option in chosen if (values := _values(option, settings)) is not None]
    left, middle, right = st.columns(3)
    sampler = left.selectbox(
        "Sampler", list(SAMPLERS), format_func=SAMPLER_NAMES.__getitem__,
        help="How settings are chosen: TPE learns from the trials so far, a grid is every combination of choices.",
    )  # fmt: skip
    pruner = middle.selectbox(
        "Pruning", list(PRUNERS), format_func=PRUNER_NAMES.__getitem__,
        help="Stops a trial whose first seed falls behind those of the others.",
    )  # fmt: skip
    metric = right.selectbox(
        "Choose by", list(METRICS), format_func=lambda name: METRICS[name].label.capitalize(),
        help="Of the snapshot that each run keeps, averaged over seeds.",
    )  # fmt: skip
    n_trials = left.number_input("Trials", 1, 10_000, 20, help="How many settings to try; of a grid at most all.")
    n_seeds = middle.number_input("Seeds", 1, 100, 1, help="Each setting is trained with so many seeds.")
    st.session_state.setdefault(state.SWEEP_NAME, new_name(config))
    name = right.text_input("Name", key=state.SWEEP_NAME)
    if st.button("Start", key=state.START_SWEEP, type="primary", icon=":material/play_arrow:", disabled=not chosen):
        _start(name, config, texts, int(n_trials), int(n_seeds), metric=metric, sampler=sampler, pruner=pruner)


def _values(option: str, settings: Mapping[str, Any]) -> str | None:
    """The values over which a setting is varied, as `--vary` has them; None as long as there are none."""
    item, key = FIELDS[option], state.varied(option)
    if item.kind == "sizes":
        return st.text_input(item.label, "32|64|64,32", key=key, help="Networks to try, as 64|128,64.")
    if item.kind == "switch":
        return "true|false"
    if item.choices and item.kind in {"choice", "choices"}:
        names = st.multiselect(
            item.label, item.choices, item.choices[:2], key=key, format_func=controls.choice_text, help=item.help
        )
        return "|".join(names)
    if item.low is None or item.high is None:
        return st.text_input(item.label, item.format(settings[option]), key=key, help=f"{item.help} As A|B|C.")
    stops = [stop for stop in controls.stops(item) if not isinstance(stop, str) and (item.scale != "log" or stop > 0)]
    low, high = st.select_slider(
        item.label, stops, (stops[len(stops) // 4], stops[-1 - len(stops) // 4]), key=key,
        format_func=lambda stop: controls.text_of(item, stop), help=item.help,
    )  # fmt: skip
    log = ":log" if item.scale == "log" or item.kind == "count" else ""
    return f"{item.format(low)}..{item.format(high)}{log}"


def _start(name: str, config: RunConfig, texts: list[str], n_trials: int, n_seeds: int, **about: Any) -> None:
    space = parse_space(texts)
    if config.training.snapshot_every == "auto":  # which is for those who watch one run
        config = config.with_values({"snapshot-every": "epoch"})
    n_combined = n_combinations(space) if about["sampler"] == "grid" else None
    n_trials = n_trials if n_combined is None else min(n_trials, n_combined)
    start_sweep(Sweep(name=name, config=config, space=space, n_trials=n_trials, n_seeds=n_seeds, **about))
    _show(name)
    st.rerun()


def _show(name: str) -> None:
    _close()
    # The key is that of a widget which has been drawn: it is set before it is drawn again.
    st.session_state[state.SWEEP_STARTED] = name


# -- one sweep


def _sweep(name: str) -> None:
    shown = shown_sweep(name)
    is_driven = driver_status(name) is not None
    st.fragment(_progress, run_every=TICK_SECONDS if is_driven else None)(name, is_driven=is_driven)
    if shown.best is not None:
        _best(shown)
    if shown.error:
        st.warning(escaping.markdown(f"The last trial that failed: {shown.error}"), icon=":material/warning:")
    if shown.n_complete > 1 and shown.sweep.space:
        _plots(shown)


def _progress(name: str, *, is_driven: bool) -> None:
    with show_errors():
        shown, status = shown_sweep(name), driver_status(name)
        if (status is not None) != is_driven or st.session_state.get(state.SWEEP_SEEN) != (name, shown.n_ended):
            st.session_state[state.SWEEP_SEEN] = (name, shown.n_ended)
            if is_driven:
                st.rerun()
        n_trials = shown.sweep.n_trials
        words = [f"{shown.n_ended:,} of {n_trials:,} trials"]
        words += [f"{n:,} {what}" for n, what in ((shown.n_pruned, "pruned"), (shown.n_failed, "failed")) if n]
        if status is not None:
            progress = status[1]
            words += [f"{progress.n_running} runs in progress"]
            words += [] if progress.seconds_left is None else [f"{duration(progress.seconds_left)} left"]
            words = [progress.message] if progress.message else words
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.progress(min(1.0, shown.n_ended / n_trials), ", ".join(words))
            if status is not None:
                st.button("Stop", icon=":material/stop:", on_click=stop_sweep, args=(name,))
            elif shown.n_ended < n_trials:
                st.button("Continue", icon=":material/play_arrow:", on_click=_resume, args=(name,))
        problem = None if status is not None else problem_of(name)
        if problem:
            st.error(escaping.markdown(problem), icon=":material/error:")


def _resume(name: str) -> None:
    with show_errors():
        resume_sweep(name)


def _best(shown: Shown) -> None:
    best, sweep = shown.best, shown.sweep
    if best is None:
        return
    seeds = f", the mean of {sweep.n_seeds} seeds" if sweep.n_seeds > 1 else ""
    settings = {each.option: best.config.get(FIELDS[each.option]) for each in sweep.space}
    varied = "; ".join(
        f"{FIELDS[option].label} {controls.text_of(FIELDS[option], value)}" for option, value in settings.items()
    )
    title = (
        f"Best{' so far' if shown.n_ended < sweep.n_trials else ''}: {varied}."
        if varied
        else "All seeds of one setting."
    )
    st.markdown(escaping.markdown(f"{title} {sweep.figure.label.capitalize()} {best.value:.4f}{seeds}."))
    query = urlencode(controls.write_address(controls.settings_of(best.config)))
    with st.container(horizontal=True):
        st.link_button("Open its settings", f"./?{query}", icon=":material/open_in_new:")
        if sweep.space:
            st.button(
                f"Train it with {BEST_SEEDS} seeds", icon=":material/replay:", on_click=_repeat, args=(shown,),
                help="A sweep of its own, of one setting. Look at the test examples once, with its runs.",
            )  # fmt: skip
    st.code(best.command, language="bash", wrap_lines=True)
    if not sweep.space and driver_status(sweep.name) is None:
        st.caption("Look at the test examples once, now that the setting is chosen:")
        runs = shown.study.trials[best.number].user_attrs.get("runs", [])
        st.code("\n".join(f"annscope evaluate {run} --split test" for run in runs), language="bash")


def _repeat(shown: Shown) -> None:
    if shown.best is None:
        return
    sweep = shown.sweep
    name = f"{sweep.name[:32]}-best-{shown.best.number}"
    try:
        start_sweep(
            Sweep(
                name=name, config=shown.best.config, space=(), n_trials=1, n_seeds=BEST_SEEDS, metric=sweep.metric,
                sampler="random",
            )
        )  # fmt: skip
        _show(name)
    except AnnscopeError as error:
        st.toast(escaping.markdown(str(error)), icon=":material/error:")


def _plots(shown: Shown) -> None:
    from annscope.dashboard.figures.sweeps import PLOTS, plots_of, sweep_figure

    name = st.segmented_control(
        "Plot", plots_of(shown.sweep), default="History", key=state.SWEEP_PLOT, label_visibility="collapsed",
        required=True,
    )  # fmt: skip
    about = PLOTS[name][2]
    figure = sweep_figure(name, shown.sweep, shown.study, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, theme=None, config={"displayModeBar": False}, alt=about)
    st.caption(f"{about} By Optuna.")
