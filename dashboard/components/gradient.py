"""The panel that checks a run's gradient: what it computes, what is exact, and what can be measured."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.core.explain.gradient_check import GradientCheck
from annscope.dashboard import escaping, state
from annscope.dashboard.figures.gradient_check import gradient_check_figure
from annscope.dashboard.queries.live_runs import follow
from annscope.runs.catalogue import run_directory
from annscope.runs.gradient import MISTAKES, RunCheck, about, check_run
from annscope.runs.reader import RunReader

INTRODUCTION = (
    "Backpropagation is calculus, and a slip in it often goes unnoticed: the network still learns, only worse. "
    "So measure instead: move one weight a tiny bit up and down, see by how much the loss moves, and compare. "
    "Each mark below is one weight or bias; **on the dotted line both say the same**."
)


def gradient_panel(run: str) -> None:
    """Draw the check of the snapshot that is looked at, or of the newest."""
    try:
        newest = follow(run).newest
        if newest < 0:
            st.info("There is nothing to check before the first snapshot.")
            return
        asked = state.shown_number(state.SNAPSHOT)
        checked = _checked(run_directory(run), newest if asked is None else min(asked, newest))
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
            st.caption("This run computes it exactly: nothing is left out.")
    if not checked.is_exact:
        with columns[1]:
            _verdict("The exact gradient of the same network", checked.exact)
            st.caption("The same weights, examples and loss, with nothing left out.")
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


@st.cache_data(max_entries=32, show_spinner="Moving each weight up and down")
def _checked(directory: Path, number: int) -> RunCheck:
    return check_run(RunReader(directory), number)


def _verdict(what: str, check: GradientCheck) -> None:
    words = f"**{what}** is {_outcome(check)}: relative error **{check.error:.2g}**"
    if check.is_right is None:
        st.warning(f"{words}. Look at an earlier snapshot.", icon=":material/question_mark:")
    elif check.is_right:
        st.success(f"{words}, below {check.tolerance:.2g}.", icon=":material/check_circle:")
    else:
        st.error(f"{words}, where {check.tolerance:.2g} would be right.", icon=":material/cancel:")


def _outcome(check: GradientCheck) -> str:
    return {True: "right", False: "wrong", None: "too small to be told from rounding"}[check.is_right]


def _in_words(checked: RunCheck) -> str:
    return (
        f"The gradient as the run computes it is {_outcome(checked.own)}, "
        f"the exact gradient is {_outcome(checked.exact)}."
    )
