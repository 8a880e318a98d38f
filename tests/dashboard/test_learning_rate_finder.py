"""Learning rate finder: the figure and the dialog."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from annscope.core.config import RunConfig
from annscope.core.explain.range_test import RangePoint, Suggestion
from annscope.dashboard import state
from annscope.dashboard.components import learning_rate_finder
from annscope.dashboard.figures.learning_rate import learning_rate_figure
from annscope.runs.learning_rate import SearchError
from tests.dashboard.test_controls import address, open_page, settings, without_its_data

POINTS = [
    RangePoint(1e-4, 2.5, 2.5),
    RangePoint(1e-3, 2.0, 2.2),
    RangePoint(1e-2, 1.0, 1.5),
    RangePoint(1e-1, 0.9, 1.2),
    RangePoint(1.0, math.nan, math.nan),
]
FOUND = Suggestion(1e-2, 1e-1)


@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_shows_the_points_and_marks_what_was_found(dark: bool) -> None:
    """Loss and running mean over a logarithmic axis, gaps where not finite, and a mark on each find."""
    figure = learning_rate_figure(POINTS, FOUND, dark=dark)
    traces = {trace.name: trace for trace in figure.data}
    assert figure.layout.xaxis.type == "log"
    assert list(traces["Loss"].x) == [point.learning_rate for point in POINTS]
    assert list(traces["Loss"].y) == [2.5, 2.0, 1.0, 0.9, None]
    assert list(traces["Smoothed"].y) == [2.5, 2.2, 1.5, 1.2, None]
    assert (traces["suggested"].x, traces["suggested"].y) == ((1e-2,), (1.5,))
    assert (traces["lowest"].x, traces["lowest"].y) == ((1e-1,), (1.2,))
    assert traces["suggested"].marker.symbol != traces["lowest"].marker.symbol


def test_a_loss_that_explodes_does_not_hide_the_fall() -> None:
    """The axis ends a little above where the loss began."""
    points = [*POINTS[:-1], RangePoint(1.0, 1e6, 1e6)]
    low, high = learning_rate_figure(points, FOUND).layout.yaxis.range
    assert low < 1.2
    assert 2.5 < high < 4


def test_nothing_suggested_is_nothing_marked() -> None:
    """A loss that never falls has its lowest point alone, also where all are the same."""
    figure = learning_rate_figure([RangePoint(0.1, 1.0, 1.0), RangePoint(0.2, 1.0, 1.0)], Suggestion(None, 0.1))
    assert [trace.name for trace in figure.data] == ["Loss", "Smoothed", "lowest"]
    low, high = figure.layout.yaxis.range
    assert low < 1 < high


def searching(monkeypatch: pytest.MonkeyPatch, outcome: Suggestion | Exception) -> list[RunConfig]:
    """Replace the search of the dialog; returns the configs that it was called with."""
    asked: list[RunConfig] = []

    def search(config: RunConfig) -> Iterator[Any]:
        asked.append(config)
        yield None
        yield from POINTS
        if isinstance(outcome, Exception):
            raise outcome
        yield outcome

    monkeypatch.setattr(learning_rate_finder, "search_elsewhere", search)
    return asked


def open_window(parameters: dict[str, str]) -> AppTest:
    """The page with the window open."""
    page = open_page(parameters)
    page.button(key=state.FIND_RATE).click().run()
    assert not page.exception
    return page


def test_the_suggestion_sets_the_slider(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search has the settings on the left; Use puts the suggestion among them and closes the window."""
    asked = searching(monkeypatch, FOUND)
    page = open_window({"data": "digits", "optimizer": "sgd", "learning-rate": "0.5"})
    assert [config.training.learning_rate for config in asked] == [0.5]
    assert asked[0].data.name == "digits"
    assert "start with that" in " ".join(text.value for text in page.markdown)
    use = page.button(key=state.USE_RATE)
    assert use.label == "Use 0.01"
    use.click().run()
    assert not page.exception
    assert settings(page)["learning-rate"] == 0.01
    assert page.select_slider(key=state.control("learning-rate")).value == 0.01
    assert address(page) == {"data": "digits", "optimizer": "sgd", "learning-rate": "0.01"}
    assert not any(button.key == state.USE_RATE for button in page.button)
    assert len(asked) == 1


def test_the_dialog_stays_while_the_page_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends meanwhile redraws the page: nothing is searched again; opening it again does."""
    asked = searching(monkeypatch, FOUND)
    page = open_window({})
    page.run()
    assert page.button(key=state.USE_RATE).label == "Use 0.01"
    assert len(asked) == 1
    page.button(key=state.FIND_RATE).click().run()
    assert len(asked) == 2


def test_a_search_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, and no button."""
    searching(monkeypatch, SearchError("The loss was not finite at any learning rate: scale the features."))
    page = open_window({})
    assert [error.value.replace("\\", "") for error in page.error] == [
        "The loss was not finite at any learning rate: scale the features."
    ]
    assert not any(button.key == state.USE_RATE for button in page.button)


def test_settings_in_error_cannot_be_searched(tmp_path: Path) -> None:
    """The button is off while the sidebar shows an error."""
    page = without_its_data(tmp_path / "mine.csv", state.FIND_RATE)
    assert page.error
    assert page.button(key=state.FIND_RATE).disabled
