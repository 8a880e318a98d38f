"""The Draw page without a browser: the data for the pad, and the messages when there is no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from annscope.dashboard import state
from annscope.dashboard.components.loading import code
from annscope.dashboard.queries.caches import clear_caches
from annscope.dashboard.queries.examples import is_loaded
from tests.dashboard.conftest import component_data
from tests.records import train_run

SCRIPT = """
from annscope.dashboard.pages import draw, train
import streamlit as st
st.navigation([st.Page(draw.page, url_path="drawing"), st.Page(train.page, url_path="training")]).run()
"""


def open_page(tmp_path: Path, **parameters: str) -> AppTest:
    """The page at an address."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    page = AppTest.from_file(str(script), default_timeout=20)
    page.query_params.update(parameters)
    page.run()
    assert not page.exception
    return page


def test_the_pad_shows_what_the_address_names(tmp_path: Path, record: Callable[..., Any]) -> None:
    """Run, snapshot and sample of a link reach the pad as they stand, and the map of a class over the image."""
    first = record(3).run
    record(1)
    page = open_page(tmp_path, run=first, snapshot="1", sample="train-7", view="occlusion", **{"class": "yes"})
    assert not page.warning
    about = {
        "run": first,
        "newest": 2,
        "at_work": False,
        "snapshot": 1,
        "sample": "train-7",
        "shows": {"map": "occlusion", "label": "yes"},
        "base": "/annscope",
        **code("draw/main.js"),
    }
    assert component_data(page, state.PAD) == about


def test_the_data_is_read_while_the_pad_is_drawn_on(tmp_path: Path) -> None:
    """Opening the page reads the run's data, with its bar below the pad, which need not wait for it."""
    run = train_run(epochs=1, hidden=(6,), data="digits").run
    clear_caches()
    page = open_page(tmp_path, run=run)
    assert component_data(page, state.PAD)["run"] == run
    assert is_loaded(run)


@pytest.mark.parametrize("sample", ["7", "train-", "train-x", "nothing-7", "test-7/../x", "test-9999999999"])
def test_a_sample_that_cannot_be_is_left_out(tmp_path: Path, record: Callable[..., Any], sample: str) -> None:
    """Anything but a split and a number is ignored, with a warning."""
    record(2)
    page = open_page(tmp_path, sample=sample)
    assert component_data(page, state.PAD)["sample"] is None
    warning = page.warning[0].value.replace("\\", "")  # escaped as Markdown
    assert f"sample must be such as test-0, got '{sample}'." in warning


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("view", "gradeint", "gradient or occlusion, got 'gradeint' (did you mean 'gradient'?)."),
        ("class", "eleven", "the name of a class, got 'eleven'."),
    ],
)
def test_a_map_or_a_class_that_is_none_is_named(
    tmp_path: Path, record: Callable[..., Any], name: str, text: str, rule: str
) -> None:
    """It is ignored, with a warning."""
    record(2)
    page = open_page(tmp_path, **{name: text})
    assert component_data(page, state.PAD)["shows"] == {"map": None, "label": None}
    warning = page.warning[0].value.replace("\\", "")  # escaped as Markdown
    assert f"In the address, {name} must be {rule}" in warning


@pytest.mark.parametrize("snapshot", ["1e9", "-3", "last"])
def test_a_snapshot_that_is_no_number_is_named(tmp_path: Path, record: Callable[..., Any], snapshot: str) -> None:
    """The latest is shown, and one warning names the rule."""
    page = open_page(tmp_path, run=record(3).run, snapshot=snapshot)
    assert component_data(page, state.PAD)["snapshot"] is None
    warning = page.warning[0].value.replace("\\", "")  # escaped as Markdown
    assert f"snapshot must be a whole number, 0 or more, got '{snapshot}'." in warning


def test_a_snapshot_that_was_not_recorded_is_named(tmp_path: Path, record: Callable[..., Any]) -> None:
    """A link to a snapshot that does not exist gives a warning with the last one."""
    run = record(3).run
    page = open_page(tmp_path, run=run, snapshot="7")
    assert "snapshot must be a whole number from 0 to 2, got '7'." in page.warning[0].value.replace("\\", "")
    assert not open_page(tmp_path, run=run, snapshot="2").warning


def test_another_run_is_shown_from_its_latest_snapshot(tmp_path: Path, record: Callable[..., Any]) -> None:
    """A chosen run is not shown at a snapshot or with an example of another."""
    first, second = record(3).run, record(2, "stopped").run
    page = open_page(tmp_path, run=first, snapshot="1", sample="test-1")
    page.selectbox(key=state.PICKER).set_value(second).run()
    assert not page.exception
    about = component_data(page, state.PAD)
    assert (about["run"], about["snapshot"], about["sample"]) == (second, None, None)


def test_without_anything_to_try_the_page_invites(tmp_path: Path, record: Callable[..., Any]) -> None:
    """Without a run, or a run with a snapshot, there is no pad, but advice."""
    page = open_page(tmp_path)
    assert "Train one" in page.markdown[0].value
    record(0, "starting", described=False)
    page = open_page(tmp_path)
    assert "has no snapshot yet" in page.markdown[-1].value
    assert not page.get("bidi_component")


def test_a_run_that_is_not_there_is_named(tmp_path: Path, record: Callable[..., Any]) -> None:
    """A link to a deleted run says so, and the newest is shown instead."""
    run = record(1).run
    page = open_page(tmp_path, run="gone")
    assert "There is no run 'gone'" in page.warning[0].value
    assert component_data(page, state.PAD)["run"] == run
