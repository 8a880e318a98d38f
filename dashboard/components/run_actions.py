"""What the Runs page does with several runs at once, and with a sweep; a deletion can be undone until the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping, state
from annscope.runs.catalogue import discard_run, purge_discarded, restore_run
from annscope.runs.sweeps.catalogue import discard_sweep, purge_discarded_sweeps, restore_sweep


def with_each(names: Sequence[str], act: Callable[[str], None]) -> list[str]:
    """Do something with each run or sweep; returns those with which it could be done, and notes why not with others."""
    done, problems = [], []
    for name in names:
        try:
            act(name)
            done.append(name)
        except AnnscopeError as error:
            problems.append(str(error))
    st.session_state[state.RUNS_PROBLEMS] = [*st.session_state.get(state.RUNS_PROBLEMS, []), *problems]
    return done


def discard(runs: Sequence[str], sweep: str | None = None) -> None:
    """Delete these runs, and first the sweep that they belong to; if that cannot be deleted, they stay."""
    purge_discarded()
    purge_discarded_sweeps()
    sweeps = with_each([sweep] if sweep else [], discard_sweep)
    if sweep and not sweeps:
        return
    st.session_state[state.RUNS_DISCARDED] = with_each(runs, discard_run)
    st.session_state[state.SWEEPS_DISCARDED] = sweeps


def undo() -> None:
    """What was deleted, and the button that brings it back; what could not be done, and why."""
    for problem in st.session_state.pop(state.RUNS_PROBLEMS, []):
        st.error(escaping.markdown(problem), icon=":material/error:")
    runs = st.session_state.get(state.RUNS_DISCARDED, [])
    sweeps = st.session_state.get(state.SWEEPS_DISCARDED, [])
    words = [f"The sweep {escaping.markdown(name)}" for name in sweeps]
    words += [f"{len(runs):,} run{'' if len(runs) == 1 else 's'}"] if runs else []
    if words:
        with st.container(horizontal=True, vertical_alignment="center"):
            is_one = len(sweeps) + len(runs) == 1
            st.markdown(f"{' with '.join(words)} {'is' if is_one or sweeps else 'are'} deleted.")
            st.button("Undo", icon=":material/undo:", on_click=_restore, args=(runs, sweeps))


def _restore(runs: Sequence[str], sweeps: Sequence[str]) -> None:
    with_each(sweeps, restore_sweep)
    with_each(runs, restore_run)
    st.session_state[state.RUNS_DISCARDED] = st.session_state[state.SWEEPS_DISCARDED] = []
