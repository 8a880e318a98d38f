"""The live view: one component with all live charts, drawn in the browser by `frontend/src/train/main.js`.

It receives the run's data itself (`dashboard.server`); Python passes the run, optionally an example that is not
among the recorded ones, whether the run was started here, so that its beginning is shown, and the run to show beside
it. It receives the snapshot and the example that the user chose, since when changes of weights are shown, how runs are
to be seen, by what the moments of two runs are the same, and that the one beside is closed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from annscope.core.errors import AnnscopeError, did_you_mean
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components import controls, way
from annscope.dashboard.components.header import start_beside
from annscope.dashboard.components.loading import code, in_browser
from annscope.dashboard.queries.evaluations import splits_of
from annscope.dashboard.queries.examples import is_plane
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.server.assets import BASE
from annscope.runs.catalogue import run_ids
from annscope.runs.groups import one_by_one
from annscope.runs.index import summaries
from annscope.runs.painted import is_painted

_NUMBER = r"[+-]?\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,2})?"
_POINT = re.compile(f"{_NUMBER},{_NUMBER}")
"""A point of the plane that is none of the data, as the browser writes it."""
SAMES = ("epoch", "step", "time")
ENTRY = "train/main.js"
_component = in_browser("annscope_stage", "The live view")


def stage(run: str) -> None:
    """The live views of a run, at the snapshot and the example that the address names.

    The user's choices go back into the address.
    """
    (sample, about_sample), (since, about_since) = _sample(run, st.query_params.get(address.SAMPLE)), _since()
    (beside, about_beside), (same, about_same) = _beside(run), _same()
    for warning in (about_sample, about_since, about_beside, about_same):
        if warning is not None:
            st.warning(escaping.markdown(warning), icon=":material/link_off:")
    _component(
        key=state.STAGE,
        data={
            "run": run,
            "snapshot": address.get_number(address.SNAPSHOT),
            "probe": address.get_number(address.PROBE),
            "sample": sample,
            "since": since,
            "beside": beside,
            "same": same,
            "names": None if beside is None else _names(run, beside),
            "way": way.of(run),
            "status": _status(run),
            "base": BASE,
            **code(ENTRY),
        },
        on_snapshot_change=lambda: _keep(address.SNAPSHOT),
        on_probe_change=lambda: _keep(address.PROBE),
        on_sample_change=lambda: _keep_sample(run),
        on_since_change=_keep_since,
        on_beside_change=_keep_beside,
        on_same_change=_keep_same,
        on_remedy_change=lambda: _try(run),
        on_painted_change=_use_painted,
        on_status_change=_redraw,
        on_way_change=way.keep,
    )


def _keep(name: str) -> None:
    address.put_number(name, st.session_state[state.STAGE].get(name))


def _keep_sample(run: str) -> None:
    text = st.session_state[state.STAGE].get("sample")
    address.put(address.SAMPLE, _sample(run, text)[0] if isinstance(text, str) else None)


def _keep_since() -> None:
    text = st.session_state[state.STAGE].get("since")
    address.put(address.SINCE, text if isinstance(text, str) and _is_moment(text) else None)


def _since() -> tuple[str | None, str | None]:
    """Since when the address wants changes of weights to be shown, or a warning about an invalid moment."""
    text = st.query_params.get(address.SINCE)
    if text is None or _is_moment(text):
        return text, None
    return None, address.warning(address.SINCE, "start, last or the number of a snapshot", text)


def _is_moment(text: str) -> bool:
    return text in {"start", "last"} or address.whole_number(text) is not None


def _try(run: str) -> None:
    """Start a run with the settings of a health finding's remedy, beside the one shown."""
    changes = st.session_state[state.STAGE].get("remedy")
    if isinstance(changes, Mapping):
        start_beside(run, changes)
        _redraw()


def _status(run: str) -> str | None:
    """The status of the run as the page shows it; when the browser hears of another, it asks for the page again."""
    try:
        return get_live_run(run).status["status"]
    except AnnscopeError:
        return None


def _redraw() -> None:
    st.session_state[state.REDRAW] = True


def _beside(run: str) -> tuple[str | None, str | None]:
    """The run that the address names to be drawn beside this one, or a warning about one that cannot be."""
    other = st.query_params.get(address.BESIDE)
    if other is None:
        return None, None
    ids = run_ids()
    if other in ids and other != run:
        return other, None
    rule = "another run than the one shown"
    return None, address.warning(
        address.BESIDE, rule, other, did_you_mean(other, [each for each in ids if each != run])
    )


def _keep_beside() -> None:
    """The run beside is closed in the browser; it is chosen elsewhere."""
    if st.session_state[state.STAGE].get("beside") is None:
        address.put(address.BESIDE, None)
        address.put(address.SAME, None)


def _same() -> tuple[str | None, str | None]:
    """By what the address wants the moments of two runs to be the same, None for epochs, or a warning about another."""
    text = st.query_params.get(address.SAME)
    if text is None or text in SAMES:
        return text, None
    return None, address.warning(address.SAME, f"one of {', '.join(SAMES)}", text, did_you_mean(text, SAMES))


def _keep_same() -> None:
    text = st.session_state[state.STAGE].get("same")
    address.put(address.SAME, text if text in SAMES else None)


def _names(run: str, beside: str) -> dict[str, tuple[str, str]]:
    """What each of two runs is called, and the settings in which it differs from the other."""
    found = summaries([run, beside])
    pair = one_by_one([found[run], found[beside]])
    return {
        group.id: (group.given_name or group.id, group.differs if pair.settings else "the same settings")
        for group in pair.groups
    }


def _use_painted() -> None:
    """Take the file of painted points as the data set of the next run."""
    path = st.session_state[state.STAGE].get("painted")
    if isinstance(path, str) and is_painted(path):
        controls.choose_data(path)
        _redraw()


def _sample(run: str, text: str | None) -> tuple[str | None, str | None]:
    """The example that a text of the address names, or a warning about an invalid name.

    It is such as test-17; a number alone is an index into the held-out split. Of 2-D data it may also be a point of
    the plane, such as 0.5,-1.
    """
    if text is None:
        return None, None
    try:
        splits = splits_of(run)
        has_points = is_plane(run)
    except AnnscopeError:
        return None, None  # the component shows what is wrong with the run
    if has_points and _POINT.fullmatch(text):
        return text, None
    if not splits:
        return None, None
    first = next(iter(splits))
    split, _, place = text.rpartition("-")
    number = address.whole_number(place)
    if number is not None and number < splits.get(split or first, 0):
        return f"{split or first}-{number}", None
    rule = f"such as {first}-0, up to {first}-{splits[first] - 1}" + ", or a point such as 0.5,-1" * has_points
    return None, address.warning(address.SAMPLE, rule, text)
