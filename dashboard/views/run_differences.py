"""Better, or luck? The differences to the baseline with their intervals, in sentences, as a figure and by cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.intervals import LEVEL
from annscope.dashboard import address, escaping
from annscope.dashboard.components import parts
from annscope.dashboard.figures.mean_confusion import mean_confusion_figure
from annscope.dashboard.figures.run_curves import differences_figure
from annscope.dashboard.queries.run_differences import (
    MeanConfusion,
    OfExamples,
    example_sentence,
    mean_confusions,
    mean_differences,
    of_examples,
    sentence,
)
from annscope.dashboard.views.choices import is_dark
from annscope.dashboard.views.run_choices import choose, choose_best, open_run, save
from annscope.runs.groups import Group, Grouping
from annscope.runs.means import MeanDifference
from annscope.runs.query import COLUMNS, Best

FEW_SEEDS = 5


def differences(grouping: Grouping, baseline: Group, inspect: st.Page) -> None:
    """A sentence for each group other than the baseline; of single runs by their examples, of groups by their means."""
    others = [group for group in grouping.groups if group is not baseline]
    if not others:
        st.info("Choose another run or group to compare this one with.", icon=":material/info:")
        return
    if all(len(group) == 1 for group in grouping.groups):
        _by_examples(baseline, others, inspect)
    else:
        _by_means(baseline, others)


def _by_examples(baseline: Group, others: Sequence[Group], inspect: st.Page) -> None:
    rows: list[list[object]] = [
        ["group", "run", "baseline", "split", "examples", "both right", "only baseline right", "only this right",
         "both wrong", "difference", "low", "high", "McNemar p"]
    ]  # fmt: skip
    with st.spinner("Comparing example by example …", show_time=False):
        for group in others:
            try:
                found = of_examples(baseline, group)
            except AnnscopeError as error:
                st.warning(f"**{group.letter}**: {escaping.markdown(str(error))}", icon=":material/compare_arrows:")
                continue
            counts = found.counts
            rows.append(
                [group.letter, group.id, baseline.id, found.split, counts.n, counts.both_right, counts.only_first,
                 counts.only_second, counts.both_wrong, counts.difference, *map(float, counts.interval), counts.p_value]
            )  # fmt: skip
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(example_sentence(baseline, group, found), width="content")
                st.page_link(
                    inspect, label="Show the images", icon=":material/arrow_forward:", query_params=_link(found),
                    help="Inspect compares the two example by example.",
                )  # fmt: skip
    st.caption(
        "The best snapshots on their held-out split; McNemar's exact test, and the 95 % interval of the difference "
        "(Bonett and Price). This tells the two networks apart, not their settings: another seed may turn it round. "
        f"For that, train each with several seeds and compare groups. {_many(len(others))}"
    )
    save("examples", lambda: rows)


def _link(found: OfExamples) -> dict[str, str]:
    """The address of what Inspect shows of both."""
    return {
        address.RUN: found.second.run,
        address.SNAPSHOT: str(found.second.number),
        address.SUBSET: found.split,
        address.VIEW: "compare",
        address.AGAINST: found.first.format(found.second.run),
        address.SHOW: "fixed",
    }


def _by_means(baseline: Group, others: Sequence[Group]) -> None:
    figure = choose_best()
    found = [mean_differences(baseline, group, figure) for group in others]
    for group, difference in zip(others, found, strict=True):
        st.markdown(sentence(baseline, group, difference, figure))
    scale = 100 if figure == "best-accuracy" else 1
    unit = "points" if figure == "best-accuracy" else "loss"
    drawn = differences_figure(
        [f"{group.letter} {group.name}" for group in others],
        [scale * float(each.difference) for each in found],
        scale * np.stack([each.interval for each in found]),
        others, x=f"difference to {baseline.letter}, {unit}", dark=is_dark(),
    )  # fmt: skip
    parts.chart(
        "differences", drawn, "runs-differences", open_run, opens="its newest run",
        label=f"Differences of the mean {COLUMNS[figure].title.lower()} to {baseline.letter}",
        title=COLUMNS[figure].title, about=f"difference of the means to {baseline.letter}, with its 95 % interval",
    )  # fmt: skip
    known = [each for each in found if not np.isnan(each.interval).any()]
    kinds = {"Student's, paired by seed" if each.is_paired else "Welch's" for each in known}
    few = min((min(each.n_first, each.n_second) for each in known), default=FEW_SEEDS)
    intervals = f", with 95 % t intervals ({' or '.join(sorted(kinds))})" if kinds else ""
    warning = f" With {few} seeds an interval is wide: more seeds narrow it." if few < FEW_SEEDS else ""
    st.caption(
        f"The mean over the seeds of the best snapshots, less that of {baseline.letter}{intervals}.{warning} "
        f"{_many(len(known))}"
    )
    save("differences", lambda: _rows(baseline, others, found, figure))


def _many(n: int) -> str:
    """How often a difference among several is one by luck."""
    if n < 2:
        return ""
    return f"Of {n} such comparisons at least one shows a difference by luck in up to {1 - LEVEL**n:.0%} of cases."


def _rows(
    baseline: Group, others: Sequence[Group], found: Sequence[MeanDifference], figure: Best
) -> list[list[object]]:
    head = ["group", "name", "baseline", f"difference of {figure}", "low", "high", "seeds", "baseline seeds", "paired"]
    rows: list[list[object]] = [
        [group.letter, group.name, baseline.letter, float(each.difference), *map(float, each.interval),
         each.n_second, each.n_first, "yes" if each.is_paired else "no"]
        for group, each in zip(others, found, strict=True)
    ]  # fmt: skip
    return [list(head), *rows]


def confusions(grouping: Grouping, baseline: Group) -> None:
    """The mean confusion matrix of a group less that of the baseline."""
    others = {group.id: group for group in grouping.groups if group is not baseline}
    if not others:
        st.info("Choose another run or group to compare this one with.", icon=":material/info:")
        return
    names = {run: f"{group.letter} − {baseline.letter}" for run, group in others.items()}
    run = choose(address.OTHER, "Difference", names, fixed=False) if len(names) > 1 else next(iter(names))
    group, letter = others[run], others[run].letter
    with st.spinner("Reading the confusion matrices …", show_time=False):
        found = mean_confusions(baseline, group)
    parts.chart(
        "confusion", mean_confusion_figure(found, baseline.letter, letter, dark=is_dark()),
        f"runs-{group.id}-{baseline.id}", None,
        label=f"Confusion of {letter} less that of {baseline.letter}, in points of the true class",
        title=f"{letter} − {baseline.letter}", about="percent of the true class",
    )  # fmt: skip
    n = len(found.class_names) ** 2
    is_spread = not np.isnan(found.spreads[1]).all()
    spread = f" Below it ± the standard deviation over the seeds of {letter}." if is_spread else ""
    bold = f" Bold: the 95 % interval leaves out 0, which {n * (1 - LEVEL):.0f} of {n} cells may do by luck."
    st.caption(
        f"Points by which {letter} predicts a class more often than {baseline.letter}, at the best snapshots; on the "
        f"diagonal, recall.{spread}{bold if not np.isnan(found.difference.interval).all() else ''}"
    )
    save("confusion", lambda: _cells(found, baseline, group))


def _cells(found: MeanConfusion, baseline: Group, group: Group) -> list[list[object]]:
    a, b = baseline.letter, group.letter
    rows: list[list[object]] = [
        ["true", "predicted", f"{a} mean", f"{a} sd", f"{b} mean", f"{b} sd", "difference", "low", "high"]
    ]
    for i, true in enumerate(found.class_names):
        for j, predicted in enumerate(found.class_names):
            figures = [each[i, j] for k in (0, 1) for each in (found.means[k], found.spreads[k])]
            difference, interval = found.difference.difference[i, j], found.difference.interval[i, j]
            rows.append([true, predicted, *map(float, [*figures, difference, *interval])])
    return rows
