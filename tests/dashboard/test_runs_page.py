"""The Runs page: what a link restores, and what it says of what it cannot."""

from __future__ import annotations

from urllib.parse import parse_qs

from streamlit.testing.v1 import AppTest

from annscope.dashboard.components.picker import labels_of
from annscope.dashboard.queries.evaluations import predictions_of
from annscope.runs.annotations import Annotations
from tests.dashboard.conftest import component_data
from tests.records import train_run
from tests.summaries import summary

PAGE = """
import streamlit as st
from annscope.dashboard.pages import runs
runs.page()
"""


def test_a_link_restores_the_comparison() -> None:
    """The chosen runs, their groups and the baseline; a value that is none gives a warning, and the first is taken.

    Of two runs there is a way to watch them side by side, the baseline beside the other.
    """
    old = [train_run(data="moons", hidden=(4,), epochs=2, optimizer="sgd", seed=seed).run for seed in (0, 1)]
    new = [train_run(data="moons", hidden=(4,), epochs=2, seed=seed).run for seed in (0, 1)]
    page = AppTest.from_string(PAGE, default_timeout=60)
    for name, value in {
        "chosen": f"{old[0]},{new[0]},nothing",
        "each": "group",
        "baseline": new[1],
        "view": "differences",
        "best": "los",
    }.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    table = component_data(page, "comparison")
    assert [row["cells"][:3] for row in table["rows"]] == [["A", 2, "adam"], ["B", 2, "sgd"]]
    assert table["selected"] == new[1]
    assert any("better" in each.value or "told apart" in each.value for each in page.markdown)
    assert "no run 'nothing'" in page.warning[0].value
    assert "did you mean 'loss'" in page.warning[1].value
    page.query_params["tested"] = "yes"
    page.run()
    table = component_data(page, "comparison")
    assert table["columns"][-1]["title"] == "Test accuracy"
    for row in table["rows"]:
        rights = [predictions_of(run, 2, "test") for run in (new if row["cells"][0] == "A" else old)]
        assert row["cells"][-1].startswith(f"{50 * sum(each.accuracy for each in rights):.2f}")
        assert row["notes"][-1].endswith(" %")
    assert any("choose nothing by it" in each.value for each in page.caption)
    assert not page.get("page_link")
    page.query_params["each"] = "run"
    page.query_params["baseline"] = old[0]
    page.run()
    links = {each.proto.label: parse_qs(each.proto.query_string) for each in page.get("page_link")}
    assert links["Watch side by side"] == {"run": [new[0]], "beside": [old[0]]}
    for view in ("curves", "confusion", "settings"):
        page.query_params["view"] = view
        page.run()
        assert not page.exception
        assert component_data(page, view)["figure"]["data"]


def test_the_list_of_runs_finds_by_anything() -> None:
    """A name, a tag, a note, the data and the settings that most of the other runs do not have."""
    usual = [summary(f"run-{k}") for k in range(3)]
    said = Annotations("Mine", "Better than\nbefore", ("good",))
    odd = summary("odd", annotations=said, optimizer="sgd", learning_rate=0.5, hidden=(8,), data="moons")
    labels = labels_of({about.run: about for about in (*usual, odd)})
    for words in ("Mine", "#good", "Better than before", "moons", "optimizer=sgd", "learning-rate=0.5"):
        assert words in labels["odd"]
    assert "optimizer" not in labels["run-0"]
