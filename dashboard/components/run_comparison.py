"""The comparison of the runs that are chosen on the Runs page: a table with a baseline, and a view below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from annscope.core.config import FIELDS
from annscope.core.evaluation.intervals import wilson
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components import parts
from annscope.dashboard.components.errors import show_errors
from annscope.dashboard.queries.tested import has_test, tested
from annscope.dashboard.views.run_choices import choose
from annscope.dashboard.views.run_curves import curves
from annscope.dashboard.views.run_differences import confusions, differences
from annscope.dashboard.views.run_settings import settings
from annscope.runs.groups import MAX_GROUPS, Group, Grouping, by_settings, one_by_one
from annscope.runs.interval_words import percent_range, points
from annscope.runs.means import deviation, mean, t_interval
from annscope.runs.quantities import seconds_apart, seconds_words
from annscope.runs.query import COLUMNS
from annscope.runs.summary import RunSummary

SUBJECT = "runs"
"""Begins the names of saved files."""
EACHES = {"run": "Runs", "group": "Groups over seeds"}
VIEWS: dict[str, str] = {
    "curves": "Curves",
    "differences": "Better, or luck?",
    "confusion": "Confusion",
    "settings": "Settings",
}
TESTED = {"no": "Hidden", "yes": "Shown"}
FIGURES = ("best-accuracy", "best-loss", "accuracy", "seconds")
"""The figures of the table."""


@st.fragment
@show_errors()
def run_comparison(chosen: Sequence[RunSummary], runs: Sequence[RunSummary], train: st.Page, inspect: st.Page) -> None:
    """Compare the chosen runs, or the groups among `runs` that they belong to; choices open Train or Inspect."""
    address.discard_stale()
    opened = st.session_state.pop(state.RUNS_OPENED, None)
    if opened is not None:  # a callback cannot change the page
        address.put_run(opened)
        st.switch_page(train)
    views: dict[str, Callable[[Grouping, Group], None]] = {
        "curves": curves,
        "differences": partial(differences, inspect=inspect),
        "confusion": confusions,
        "settings": settings,
    }
    with st.container(key="run-comparison"):
        st.subheader("Comparison")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            each = choose(address.EACH, "Compare", EACHES)
            view = choose(address.VIEW, "View", VIEWS)
            can_test = any(has_test(about.run) for about in chosen[:MAX_GROUPS])
            shows_test = can_test and choose(address.TESTED, "Test accuracy", TESTED) == "yes"
            beside = st.container()
        grouping = by_settings(chosen, runs) if each == "group" else one_by_one(chosen)
        for words in grouping.notes:
            st.caption(words)
        if not grouping.groups:
            st.info("None of these runs ended by itself: a group has no repeats yet.", icon=":material/info:")
            return
        baseline = _baseline(grouping)
        with beside:
            _side_by_side(grouping, baseline, train)
        _table(grouping, baseline, shows_test=shows_test)
        views[view](grouping, baseline)


def _side_by_side(grouping: Grouping, baseline: Group, train: st.Page) -> None:
    """The way to the networks of two runs on one timeline, the baseline beside the other."""
    if len(grouping.groups) != 2 or any(len(group) > 1 for group in grouping.groups):
        return
    (other,) = (group for group in grouping.groups if group is not baseline)
    st.page_link(
        train,
        label="Watch side by side",
        icon=":material/splitscreen_right:",
        query_params={address.RUN: other.id, address.BESIDE: baseline.id},
        help="Both networks with the same image, on one timeline.",
    )


def _baseline(grouping: Grouping) -> Group:
    """The group that the address names by a run of it, else the last, which is the oldest."""
    named = st.query_params.get(address.BASELINE)
    groups = grouping.groups
    return next((group for group in groups if named in {about.run for about in group.runs}), groups[-1])


def _table(grouping: Grouping, baseline: Group, *, shows_test: bool) -> None:
    is_grouped = any(len(group) > 1 for group in grouping.groups)
    columns: list[dict[str, Any]] = [{"title": "Group" if is_grouped else "Run", "kind": "text"}]
    columns += [{"title": "Seeds", "kind": "count"}] if is_grouped else []
    columns += [{"title": FIELDS[option].label, "kind": "plain"} for option in grouping.settings]
    spread = "; mean ± standard deviation over the seeds" if is_grouped else ""
    columns += [
        {"title": COLUMNS[figure].title, "kind": "plain", "about": f"Below it the difference to the baseline{spread}"}
        for figure in FIGURES
    ]
    n_before = len(columns) - len(FIGURES)
    of_test = {group.id: _of_test(group) for group in grouping.groups} if shows_test else {}
    if of_test:
        intervals = "Student's t interval of the mean over the seeds" if is_grouped else "Wilson's interval"
        about = f"Of the test examples, which nothing on this page is chosen by; below it the 95 % {intervals}"
        columns.append({"title": "Test accuracy", "kind": "plain", "about": about})
    parts.table(
        "comparison",
        f"{'Groups' if is_grouped else 'Runs'} and their figures, with the differences to {baseline.letter}",
        columns,
        [
            {
                "id": group.id,
                "label": f"Make {group.letter} the baseline",
                "title": f"Make {group.letter} the baseline",
                "cells": [
                    f"{group.letter}  {group.given_name or ('' if is_grouped else group.id)}".rstrip(),
                    *([len(group)] if is_grouped else []),
                    *(FIELDS[option].format(group.runs[0].settings[option]) for option in grouping.settings),
                    *(_words(figure, _values(group, figure)) for figure in FIGURES),
                    *([of_test[group.id].words] if of_test else []),
                ],
                "notes": ["baseline" if group is baseline else None, *[None] * (n_before - 1)]
                + [None if group is baseline else _apart(figure, group, baseline) for figure in FIGURES]
                + ([of_test[group.id].interval] if of_test else []),
            }
            for group in grouping.groups
        ],
        SUBJECT,
        lambda choice: address.put(address.BASELINE, str(choice["row"])),
        selected=baseline.id,
    )
    alike = (
        "These runs have the same settings at their start. "
        if len(grouping.groups) > 1 and not grouping.settings
        else ""
    )
    st.caption(
        f"{alike}A click on a row makes it the baseline. Figures are of held-out examples, the best ones of the "
        "snapshot with the lowest loss."
        + (" Test accuracy is that of the same snapshot: look at it last, and choose nothing by it." if of_test else "")
    )


class _OfTest(NamedTuple):
    """The test accuracy of a group, and its interval, as they are written."""

    words: str
    interval: str | None


def _of_test(group: Group) -> _OfTest:
    with st.spinner("Looking at the test examples …", show_time=False):
        found, problem = tested(group)
    if problem is not None:
        st.warning(f"**{group.letter}**: {escaping.markdown(problem)}", icon=":material/warning:")
    accuracies = np.array([each.accuracy for each in found])
    if not found:
        return _OfTest("n/a", None)
    interval = wilson(found[0].n_right, found[0].n) if len(found) == 1 else t_interval(accuracies)
    return _OfTest(_words("test-accuracy", accuracies), percent_range(np.clip(interval, 0, 1)) or None)


def _values(group: Group, figure: str) -> np.ndarray:
    values = group.figures(COLUMNS[figure].value)
    known: np.ndarray = values[~np.isnan(values)]
    return known


def _words(figure: str, values: np.ndarray) -> str:
    """The mean of a figure and its spread, on one line."""
    return _in_words(figure, values).replace(" ", "\N{NO-BREAK SPACE}")


def _in_words(figure: str, values: np.ndarray) -> str:
    if not len(values):
        return "n/a"
    middle, spread = float(mean(values)), float(deviation(values))
    if figure == "seconds":
        return seconds_words(middle, spread)
    if "accuracy" in figure:
        return f"{100 * middle:.2f}" + ("" if np.isnan(spread) else f" ± {100 * spread:.2f}") + " %"
    about = "" if np.isnan(spread) else f" ± {spread:.2g}"
    return f"{middle:.4f}{about}"


def _apart(figure: str, group: Group, baseline: Group) -> str | None:
    ours, theirs = _values(group, figure), _values(baseline, figure)
    if not len(ours) or not len(theirs):
        return None
    apart = float(mean(ours) - mean(theirs))
    if "accuracy" in figure:
        return points(apart)
    if figure == "seconds":
        return seconds_apart(apart)
    return f"{apart:+.4f}".replace("-", "−") if abs(apart) >= 5e-5 else "0.0000"
