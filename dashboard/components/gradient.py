"""Gradient check of a run: its own gradient and the exact one against finite differences."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.core.explain.gradient_check import GradientCheck
from annscope.dashboard import address, escaping, state
from annscope.dashboard.figures.gradient_check import gradient_check_figure
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.runs.catalogue import run_directory
from annscope.runs.gradient import MISTAKES, RunCheck, about, check_run
from annscope.runs.reader import RunReader

INTRODUCTION = (
    "An error in backpropagation often goes unnoticed: the network still learns, only worse. "
    "A gradient check finds it: change one weight slightly up and down, measure the change of the loss, and compare. "
    "Each mark below is one weight or bias; **on the dotted line both agree**."
)


def gradient_panel(run: str) -> None:
    """Draw the check of the selected snapshot, or of the newest."""
    try:
        newest = get_live_run(run).newest
        if newest < 0:
            st.info("There is nothing to check before the first snapshot.")
            return
        selected = address.get_number(address.SNAPSHOT)
        checked = _checked(run_directory(run), newest if selected is None else min(selected, newest))
    except AnnscopeError as error:
        st.error(escaping.markdown(str(error)), icon=":material/error:")
        return
    st.markdown(INTRODUCTION)
    columns = st.columns(1 if checked.is_exact else 2, gap="medium")
    with columns[0]:
        _verdict("The gradient as this run computes it", checked.own)
        for option in checked.mistakes:
            st.caption(MISTAKES[option])
        if checked.is_exact:
            st.caption("This run computes it exactly, without approximation.")
    if not checked.is_exact:
        with columns[1]:
            _verdict("The exact gradient of the same network", checked.exact)
            st.caption("The same weights, examples and loss, without approximation.")
    figure = gradient_check_figure(checked, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key=state.GRADIENT_CHART, config={"displayModeBar": False}, alt=_in_words(checked))
    st.caption(about(checked))
    with st.popover("Numbers", icon=":material/table:"):
        rows = [
            {"Parameter": name, "This run": f"{own:.6e}", "Exact": f"{exact:.6e}", "Measured": f"{numeric:.6e}"}
            for name, own, exact, numeric in zip(
                checked.names, checked.own.analytic, checked.exact.analytic, checked.own.numeric, strict=True
            )
        ]
        st.dataframe(rows, hide_index=True, height=280)


@st.cache_data(max_entries=32, show_spinner="Changing each weight slightly")
def _checked(directory: Path, number: int) -> RunCheck:
    return check_run(RunReader(directory), number)


def _verdict(what: str, check: GradientCheck) -> None:
    words = f"**{what}** is {_outcome(check)}: relative error **{check.error:.2g}**"
    if check.is_right is None:
        st.warning(f"{words}. Choose an earlier snapshot.", icon=":material/question_mark:")
    elif check.is_right:
        st.success(f"{words}, below {check.tolerance:.2g}.", icon=":material/check_circle:")
    else:
        st.error(f"{words}, above the tolerance of {check.tolerance:.2g}.", icon=":material/cancel:")


def _outcome(check: GradientCheck) -> str:
    return {True: "right", False: "wrong", None: "too small to distinguish from rounding errors"}[check.is_right]


def _in_words(checked: RunCheck) -> str:
    return (
        f"The gradient as the run computes it is {_outcome(checked.own)}, "
        f"the exact gradient is {_outcome(checked.exact)}."
    )
