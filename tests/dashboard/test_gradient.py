"""Gradient check: the figure and the panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from annscope.core.explain.gradient_check import GradientCheck
from annscope.dashboard.components import gradient
from annscope.dashboard.figures.gradient_check import gradient_check_figure
from annscope.runs.gradient import RunCheck
from tests.records import train_run

EXACT = GradientCheck(np.array([0.5, -1.0, 2.0]), np.array([0.5, -1.0, 2.0]), 1e-9)
OWN = GradientCheck(np.array([0.4, 1.0, 0.0]), EXACT.numeric, 1e-9)
CHECK = RunCheck(
    run="one", step=1200, epoch=3, own=OWN, exact=EXACT, names=("a", "b", "c"), layers=(1, 1, 2), n_parameters=99,
    n_examples=10, range=(0, 255), epsilon=4e-8, mistakes=("softmax-derivative",),
)  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
def test_both_gradients_stand_side_by_side(dark: bool) -> None:
    """Measured on x, computed on y; wrong and right differ in symbol and colour, and the axes are the same."""
    figure = gradient_check_figure(CHECK, dark=dark)
    traces = {trace.name: trace for trace in figure.data}
    own, exact = traces["As this run computes it"], traces["Exact backpropagation"]
    assert list(own.x) == list(exact.x) == [0.5, -1.0, 2.0]
    assert list(own.y) == [0.4, 1.0, 0.0]
    assert list(exact.y) == [0.5, -1.0, 2.0]
    assert list(own.text) == ["a", "b", "c"]
    assert own.marker.color != exact.marker.color
    assert own.marker.symbol != exact.marker.symbol
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range == figure.layout.yaxis.range
    assert figure.layout.xaxis.range[0] < -1 < 2 < figure.layout.xaxis.range[1]


def test_an_exact_run_has_one_panel() -> None:
    """They are the same gradient, so they are drawn once; so they can be where all are 0."""
    figure = gradient_check_figure(replace(CHECK, own=EXACT, mistakes=()))
    assert [trace.name for trace in figure.data] == ["both agree", "As this run computes it"]
    broken = gradient_check_figure(replace(CHECK, mistakes=()))
    assert "Exact backpropagation" in [trace.name for trace in broken.data], "an engine that is wrong is not exact"
    nothing = GradientCheck(np.zeros(3), np.zeros(3), 1e-9)
    low, high = gradient_check_figure(replace(CHECK, own=nothing, mistakes=())).layout.xaxis.range
    assert low < 0 < high


def panel(run: str) -> AppTest:
    """The panel alone."""

    def script(run: str) -> None:
        from annscope.dashboard.components.gradient import gradient_panel

        gradient_panel(run)

    page = AppTest.from_function(script, args=(run,), default_timeout=20).run()
    assert not page.exception
    return page


def test_the_panel_says_what_is_wrong_and_what_is_right(
    record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red with the reason, green beside it, and on what it was measured."""
    run = record(3).run
    asked: list[tuple[str, int]] = []

    def check(reader: Any, number: int) -> RunCheck:
        asked.append((reader.run, number))
        return CHECK

    monkeypatch.setattr(gradient, "check_run", check)
    page = panel(run)
    assert asked == [(run, 2)]
    assert [error.value for error in page.error] == [
        f"**The gradient as this run computes it** is wrong: relative error **{OWN.error:.2g}**, "
        "above the tolerance of 0.0001."
    ]
    assert [success.value for success in page.success] == [
        "**The exact gradient of the same network** is right: relative error **0**, below 0.0001."
    ]
    captions = " ".join(caption.value for caption in page.caption)
    assert "leaves out how each class depends on the other logits" in captions
    assert "Checked at step 1,200: the run's own engine took its step on 10 training examples" in captions
    assert "from 0 to 255" in captions
    page.query_params["snapshot"] = "1"
    page.run()
    assert asked[1:] == [(run, 1)]


def test_a_run_is_checked_in_earnest() -> None:
    """The panel finds the gradient of a real run right, and shows one verdict."""
    page = panel(train_run(data="xor", hidden=(3,), activation="tanh", epochs=1).run)
    assert len(page.success) == 1
    assert not page.error
    assert "without approximation" in " ".join(caption.value for caption in page.caption)


def test_before_the_first_snapshot_there_is_nothing_to_check(record: Callable[..., Any]) -> None:
    """The panel has a message instead of a check."""
    assert "before the first snapshot" in panel(record(0, "running").run).info[0].value
