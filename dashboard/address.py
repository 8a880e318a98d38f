"""The address of the page: its query parameters, read, checked and written.

It holds what is shown (`run`, `snapshot`, `probe`, and on Inspect also the split, class, selection and sample) and the
settings of the next run (one parameter a setting, named as on the command line; see `components.controls`). A link
opens the page as it was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

import streamlit as st

from annscope.core.config import FIELDS
from annscope.core.errors import did_you_mean, shortened
from annscope.dashboard import state
from annscope.dashboard.queries.matrices import MODES, Mode
from annscope.dashboard.queries.selections import ONLY as ONLIES
from annscope.dashboard.queries.selections import ORDERS, Only, Order, Selection, parse_selection

RUN = "run"
SNAPSHOT = "snapshot"
PROBE = "probe"
BESIDE = "beside"
"""The run that is drawn beside the one shown, for comparison."""
SAME = "same"
"""By what a snapshot of the run beside belongs to the one shown: the same epoch, step or time."""
SINCE = "since"
"""Since when changes of weights are shown: start, last (the snapshot before), or the number of the pinned snapshot."""
SUBSET = "subset"
"""The split that Inspect evaluates; "split" is a setting of a run."""
VIEW = "view"
CLASS = "class"
MATRIX = "matrix"
AGAINST = "against"
"""The network that the one shown is compared with: 12, a snapshot of this run, or another run: RUN:12, or RUN."""
FIGURE = "figure"
"""The metric that is shown over the epochs."""
THRESHOLD = "threshold"
SHOW = "show"
ORDER = "order"
ONLY = "only"
"""Whether all, the mistakes or what is right of what `SHOW` names is in the gallery."""
SHEET = "sheet"
SAMPLE = "sample"
"""The example that is open, as split and index: `test-17`; on Train also a point of the plane: `0.5,-1`."""
FILTER = "filter"
"""The conditions that the runs of the Runs page meet."""
CHOSEN = "chosen"
"""The runs that are chosen in its table, with commas between them; or all of them."""
EACH = "each"
"""What is compared there: run or group."""
BASELINE = "baseline"
"""The run or group that the others are compared with, by a run of it."""
OTHER = "other"
"""The group whose confusion is compared with that of the baseline, by its newest run."""
AXIS = "axis"
BEST = "best"
"""The best figure by which runs are compared: accuracy or loss."""
BAND = "band"
"""What the band about the mean of a group shows."""
TESTED = "tested"
"""Whether the comparison of runs shows their test accuracy: yes or no."""
LINES = "lines"
"""Whether the curves of the runs of a group are shown: mean or all."""
PLOT = "plot"
"""How settings and figures are plotted."""
X, COLOR = "x", "color"
"""The settings along the axis and the colour of a scatter plot."""
OF_ONE_RUN = (RUN, SNAPSHOT, PROBE, BESIDE, SAME, AGAINST, SHOW, ONLY, SHEET, SAMPLE)
"""The parameters that a choice of another run removes."""
OF_RUNS = (FILTER, CHOSEN, EACH, BASELINE, OTHER, AXIS, BEST, BAND, LINES, PLOT, X, COLOR, TESTED)
"""The parameters of the Runs page alone."""
VIEW_PARAMETERS = (*OF_ONE_RUN, SINCE, SUBSET, VIEW, CLASS, MATRIX, FIGURE, THRESHOLD, ORDER, *OF_RUNS)
"""Every parameter for what is shown, on any page; the others are settings."""
OF_A_PAGE = frozenset(VIEW_PARAMETERS) - {RUN, SNAPSHOT}
SETTING_PAGES = (state.DATA, state.TRAIN)
"""The pages whose address holds the settings of the next run."""
LATE_SECONDS = 10.0
"""How long the browser may take to learn a new address."""

View = Literal["matrix", "classes", "pairs", "thresholds", "calibration", "epochs", "importance", "compare"]
VIEWS: dict[View, str] = {
    "matrix": "Confusion matrix",
    "classes": "Classes",
    "pairs": "Confused pairs",
    "thresholds": "Thresholds",
    "calibration": "Calibration",
    "epochs": "Over the epochs",
    "importance": "Importance",
    "compare": "Compare",
}
Metric = Literal["precision", "recall", "f1", "specificity"]
METRICS: dict[Metric, str] = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "specificity": "Specificity",
}


def views_of(*, is_multilabel: bool, has_columns: bool) -> dict[View, str]:
    """The views that apply.

    In multi-label data no label is confused with another, so there are no pairs; images have no columns.
    """
    named = dict(VIEWS)
    if is_multilabel:
        named |= {"matrix": "Confusion by label", "classes": "Labels"}
        del named["pairs"]
    if not has_columns:
        del named["importance"]
    return named


@dataclass(frozen=True)
class Query:
    """What a link to Inspect asks for: every value is valid, and `warnings` name the parameters that were not.

    `against` names the network that this one is compared with (`queries.comparisons`); `sample` is an index into the
    split.
    """

    run: str
    number: int
    split: str
    view: View = "matrix"
    matrix: Mode = "counts"
    against: str | None = None
    label: int = 0
    metric: Metric = "f1"
    threshold: float = 0.5
    selection: Selection = field(default_factory=Selection)
    only: Only = "wrong"
    order: Order = "sure"
    sheet: int = 0
    sample: int | None = None
    warnings: list[str] = field(default_factory=list)


def parse_query(
    parameters: Mapping[str, str],
    run: str,
    *,
    n_snapshots: int,
    splits: Mapping[str, int],
    class_names: tuple[str, ...],
    is_multilabel: bool = False,
    has_columns: bool = False,
) -> Query:
    """The query in these parameters. A missing one takes its default; so does an invalid one, with a warning.

    `splits` are those that hold examples, with how many, the default first.
    """
    warnings: list[str] = []

    def one(name: str, known: Mapping[str, object] | tuple[str, ...], default: str) -> str:
        text = parameters.get(name)
        if text is None or text in known:
            return text or default
        warnings.append(warning(name, f"one of {', '.join(known)}", text, did_you_mean(text, known)))
        return default

    def number(name: str, end: int, default: int) -> int:
        text = parameters.get(name)
        if text is None:
            return default
        found = whole_number(text)
        if found is not None and found < end:
            return found
        warnings.append(warning(name, f"a whole number from 0 to {end - 1}", text))
        return default

    of_sample = parameters.get(SAMPLE, "").partition("-")[0]  # a link with a sample alone means its split
    split = one(SUBSET, splits, of_sample if of_sample in splits else next(iter(splits)))
    n_classes = len(class_names)
    label = class_names.index(name) if (name := parameters.get(CLASS)) in class_names else 0
    if name is not None and name not in class_names:
        warnings.append(warning(CLASS, "the name of a class", name, did_you_mean(name, class_names)))
    shown = parameters.get(SHOW, "all")
    selection = parse_selection(shown, n_classes, is_multilabel=is_multilabel)
    if selection is None:
        such = "tp-1, fn-1, true-1" if is_multilabel else "3-5, true-3, predicted-5"
        warnings.append(warning(SHOW, f"such as {such} or all", shown))
    threshold = _probability(parameters.get(THRESHOLD, "0.5"))
    if threshold is None:
        warnings.append(warning(THRESHOLD, "a number from 0 to 1", parameters[THRESHOLD]))
    sample = _index_in(split, splits[split], parameters.get(SAMPLE))
    if sample is None and SAMPLE in parameters:
        rule = f"such as {split}-0, up to {split}-{splits[split] - 1}"
        warnings.append(warning(SAMPLE, rule, parameters[SAMPLE]))
    warnings += [*number_warnings(parameters, (SHEET,)), *name_warnings(parameters)]
    return Query(
        run=run,
        number=number(SNAPSHOT, n_snapshots, n_snapshots - 1),
        split=split,
        view=cast(View, one(VIEW, tuple(views_of(is_multilabel=is_multilabel, has_columns=has_columns)), "matrix")),
        matrix=cast(Mode, one(MATRIX, MODES, "counts")),
        against=parameters.get(AGAINST),
        label=label,
        metric=cast(Metric, one(FIGURE, get_args(Metric), "f1")),
        threshold=0.5 if threshold is None else threshold,
        selection=selection or Selection(),
        only=cast(Only, one(ONLY, tuple(ONLIES), "wrong" if selection is None or SHOW not in parameters else "all")),
        order=cast(Order, one(ORDER, tuple(ORDERS), "sure")),
        sheet=whole_number(parameters.get(SHEET, "0")) or 0,
        sample=sample,
        warnings=warnings,
    )


def _index_in(split: str, n: int, text: str | None) -> int | None:
    """The index that a text such as test-17 names in this split of `n` examples; None when it names none."""
    named, _, index = (text or "").partition("-")
    found = whole_number(index)
    return found if named == split and found is not None and found < n else None


def _probability(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= 1 else None


def whole_number(text: str) -> int | None:
    """The whole number, 0 or more and of at most nine digits, that a text spells; None when it spells none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


# Warnings about invalid parameters


def warning(name: str, rule: str, text: str, advice: str = "") -> str:
    """The warning about an invalid query parameter; `advice` may name what was meant."""
    return f"In the address, {name} must be {rule}, got {shortened(text)!r}{advice}."


def number_warnings(parameters: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """A warning for each of these query parameters that is present and not a whole number."""
    return [
        warning(name, "a whole number, 0 or more", parameters[name])
        for name in names
        if name in parameters and whole_number(parameters[name]) is None
    ]


def name_warnings(parameters: Mapping[str, str]) -> list[str]:
    """A warning for each query parameter that no page has; settings are those of the next run, on Train."""
    known = [*VIEW_PARAMETERS, *FIELDS]
    return [
        f"In the address, there is no {shortened(name)!r}{did_you_mean(name, known)}; it is ignored."
        for name in parameters
        if name not in known
    ]


def snapshot_warnings(parameters: Mapping[str, str], newest: int) -> list[str]:
    """A warning if these query parameters name a snapshot after the `newest`."""
    text = parameters.get(SNAPSHOT, "")
    number = whole_number(text)
    if newest < 0 or number is None or number <= newest:
        return []
    return [warning(SNAPSHOT, f"a whole number from 0 to {newest}", text)]


# The address of the page that is drawn


def get_run() -> str | None:
    """The run that the address names."""
    return st.query_params.get(RUN)


def restore_run(run: str) -> None:
    """Restore the address of this run where a part of the page that draws it is run with one of a moment ago."""
    if get_run() != run:
        discard_stale()


def remember_run() -> None:
    """Remember the run that the address names, for pages whose address names none."""
    run = get_run()
    if run is not None:
        st.session_state[state.LAST_RUN] = run


def put_run(run: str | None, *, beside: str | None = None) -> None:
    """Show a run from its latest snapshot on, perhaps beside another; None leaves the choice to the page."""
    st.session_state[state.REPLACED] = [*_recently_replaced(), (time.monotonic(), st.query_params.to_dict())]
    for name in OF_ONE_RUN:
        st.query_params.pop(name, None)
    if get_number(SINCE) is not None:  # the other run's snapshot
        del st.query_params[SINCE]
    if run is not None:
        st.query_params[RUN] = run
    if beside is not None:
        st.query_params[BESIDE] = beside
    remember()


def get_number(name: str) -> int | None:
    """The whole number, 0 or more, of a query parameter; None when it is absent or not a whole number."""
    return whole_number(st.query_params.get(name, ""))


def put_number(name: str, value: Any) -> None:
    """Put a whole number into the address; anything else removes the parameter."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value):
        put(name, str(int(value)))
    else:
        put(name, None)


def put(name: str, text: str | None) -> None:
    """Put a query parameter into the address, or remove it."""
    discard_stale()
    before = st.query_params.to_dict()
    after = {known: value for known, value in before.items() if known != name}
    if text is not None:
        after[name] = text
    replaced = _recently_replaced()
    if after != before:
        st.session_state[state.REPLACED] = [*replaced, (time.monotonic(), before)]
    if after != before or replaced:  # the browser may still show the address of a moment ago
        st.query_params.from_dict(after)
    remember()


def enter_page(page: str) -> None:
    """Note which page is drawn, and restore the address that it had before another page was opened.

    Going from page to page empties the address; the run and the snapshot are the same on every page, the settings of
    the next run on those that have any (`SETTING_PAGES`).
    """
    addresses = st.session_state.setdefault(state.ADDRESSES, {})
    before = st.session_state.get(state.PAGE)
    st.session_state[state.PAGE] = page
    if before not in {None, page} and not st.query_params.to_dict():
        shared = {name: text for name, text in addresses.get(before, {}).items() if name in {RUN, SNAPSHOT}}
        own = {name: text for name, text in addresses.get(page, {}).items() if name in OF_A_PAGE}
        settings = st.session_state.get(state.WRITTEN, {}) if page in SETTING_PAGES else {}
        st.query_params.from_dict(settings | own | shared)


def remember() -> None:
    """Remember the address of the page that is drawn, for `enter_page` and `discard_stale`."""
    if state.PAGE in st.session_state:
        st.session_state[state.ADDRESSES][st.session_state[state.PAGE]] = st.query_params.to_dict()


def discard_stale() -> None:
    """Restore the remembered address where the browser sent one that was replaced a moment ago.

    The browser sends its address with each click. Of two clicks in quick succession the second comes
    with the address from before the first, and would undo it.
    """
    remembered = _remembered()
    address = st.query_params.to_dict()
    if remembered not in (None, address) and any(before == address for _, before in _recently_replaced()):
        st.query_params.from_dict(remembered)


def accept_new() -> None:
    """Accept the address of a run of the whole page, which no click causes: the user went back or forward."""
    if _remembered() not in (None, st.query_params.to_dict()):
        st.session_state[state.REPLACED] = []


def _remembered() -> Any:
    return st.session_state.get(state.ADDRESSES, {}).get(st.session_state.get(state.PAGE))


def _recently_replaced() -> list[tuple[float, dict[str, str]]]:
    now = time.monotonic()
    return [(at, before) for at, before in st.session_state.get(state.REPLACED, []) if now - at < LATE_SECONDS]
