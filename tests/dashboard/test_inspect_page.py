"""The Inspect page without a browser: what it shows of a run that was really trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from streamlit.testing.v1 import AppTest

from annscope.core.config import RunConfig
from annscope.core.evaluation.intervals import wilson
from annscope.dashboard import address, state
from annscope.dashboard.address import views_of
from annscope.dashboard.queries.caches import clear_caches
from annscope.dashboard.queries.evaluations import predictions_of
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from annscope.runs.status import write_status
from annscope.runs.writer import create_run
from tests.dashboard.conftest import component_data
from tests.records import train_run

SCRIPT = """
from annscope.dashboard.pages import inspect
inspect.page()
"""


def open_page(**parameters: str) -> AppTest:
    """The page at an address."""
    page = AppTest.from_string(SCRIPT, default_timeout=20)
    page.query_params.update(parameters)
    page.run()
    assert not page.exception
    return page


def part(page: AppTest, name: str) -> dict[str, Any]:
    """The data of an interactive part."""
    return component_data(page, state.part(name))


def texts(page: AppTest) -> str:
    """All running text of the page."""
    return "\n".join(block.value for block in page.markdown)


def places(block: Any) -> list[Any]:
    """What stands where in a part of the page."""
    return [(k, child.type, places(child)) for k, child in getattr(block, "children", {}).items()]


def test_everything_keeps_its_place_once_the_data_is_read() -> None:
    """Nothing moves when the bar of the reading is gone: what moves is made anew, and loses focus, zoom and clicks."""
    run = train_run(epochs=1, hidden=(6,), data="digits").run
    clear_caches()
    page = open_page(run=run)
    first = places(page.main)
    page.run()
    assert places(page.main) == first


def test_without_a_run_it_says_what_to_do() -> None:
    """There is nothing to inspect before the first training."""
    assert "train a network first" in open_page().info[0].value


@pytest.mark.parametrize("split", ["validation", "test", "train"])
def test_the_matrix_and_the_gallery_are_the_networks_predictions(run: str, split: str) -> None:
    """The cells are scikit-learn's confusion matrix of the split, and the gallery holds every mistake."""
    page = open_page(run=run, subset=split, snapshot="1")
    predictions = predictions_of(run, 1, split)
    matrix, gallery = part(page, "matrix"), part(page, state.GALLERY)
    assert matrix["counts"] == predictions.confusion.tolist()
    assert gallery["count"] == int((~predictions.right).sum())
    assert all(item["label"] != item["predicted"] for item in gallery["items"])
    assert "split" in texts(page)
    assert f"{predictions.accuracy:.2%}" in texts(page)


@pytest.mark.parametrize("view", views_of(is_multilabel=False, has_columns=False))
def test_every_view_draws(run: str, view: str) -> None:
    """Each view of each link is drawn without a warning."""
    page = open_page(run=run, view=view, snapshot="1", **{"class": "3"}, show="true-3", sample="validation-4")
    assert [box.value for box in page.warning] == []
    assert part(page, state.GALLERY)["opened"] == 4


def test_a_class_that_was_never_predicted_has_no_precision(run: str) -> None:
    """Undefined reaches the table as nothing, which it shows as n/a, never as 0."""
    predictions = predictions_of(run, 0, "validation")
    never = [c for c in range(10) if not predictions.confusion[:, c].any()]
    assert never, "an untrained network leaves classes out"
    rows = part(open_page(run=run, view="classes", snapshot="0"), "classes")["rows"]
    assert [(row["cells"][1] is None) for row in rows] == [int(row["id"]) in never for row in rows]
    recalls = [row["cells"][2] for row in rows]
    assert recalls == sorted(recalls), "the weakest class is the first"


def test_the_mistakes_of_the_weakest_class_are_one_click_away(run: str) -> None:
    """The headline names the class with the lowest recall, with its interval, and its button shows its mistakes."""
    page = open_page(run=run, subset="test")
    predictions = predictions_of(run, 2, "test")
    c = int(predictions.classes.recall.argmin())
    n_missed = int(predictions.confusion[c].sum() - predictions.confusion[c, c])
    low, high = 100 * wilson(int(predictions.confusion[c, c]), int(predictions.classes.support[c]))
    words = f"Weakest: **{c}**, recall {100 * predictions.classes.recall[c]:.1f} % ({low:.0f} to {high:.0f} %), mostly"
    assert words in texts(page)
    button = page.button(key=state.WEAKEST)
    assert button.label == f"Show its {n_missed} mistakes"
    gallery = part(button.click().run(), state.GALLERY)
    assert gallery["count"] == n_missed
    assert {item["label"] for item in gallery["items"]} == {c}
    assert not any(item["predicted"] == c for item in gallery["items"])


def test_two_networks_are_compared_example_by_example(run: str) -> None:
    """Each outcome is a count and exactly its examples, with both predictions; the test is McNemar's."""
    train_run(data="digits", hidden=(8,), epochs=1, split=0.3)  # the newest, whose validation split is another one
    other = train_run(data="digits", hidden=(8,), epochs=1, seed=4).run
    train_run(data="moons", hidden=(3,), epochs=1)
    one, two = predictions_of(run, 2, "validation"), predictions_of(other, 1, "validation")
    page = open_page(run=run, view="compare")
    assert page.selectbox(key=state.choice(address.AGAINST)).options == ["this run", other]
    fixed = one.right & ~two.right
    button = page.button(key=state.outcome("fixed"))
    assert button.label == f"Fixed: {fixed.sum()}"
    p = binomtest(int(fixed.sum()), int((one.right != two.right).sum())).pvalue
    assert ("p < 0.001" if p < 0.001 else f"p {p:.2g}") in texts(page)
    gallery = part(button.click().run(), state.GALLERY)
    assert gallery["count"] == fixed.sum()
    assert all(item["label"] == item["predicted"] != item["other"] for item in gallery["items"])
    assert [item["other"] for item in gallery["items"]] == [int(two.predicted[i["sample"]]) for i in gallery["items"]]
    rows = {row["id"]: row["cells"][1:5] for row in part(page, "compared")["rows"]}
    of_three = one.labels == 3
    right, other_right = one.right[of_three], two.right[of_three]
    counts = [(right & ~other_right).sum(), (~right & other_right).sum(), (~right & ~other_right).sum()]
    assert rows["3"] == [of_three.sum(), *counts]
    matrix = part(page, "matrix")
    assert matrix["difference"]
    assert matrix["values"] == (one.confusion - two.confusion).tolist()
    at_start = open_page(run=run, view="matrix", against="0", show="ab-3-5")
    found = part(at_start, state.GALLERY)["items"]
    before = predictions_of(run, 0, "validation")
    assert {i["sample"] for i in found} == set(
        np.flatnonzero((one.labels == 3) & ((one.predicted == 5) | (before.predicted == 5))).tolist()
    )


def test_unlike_data_is_not_compared(run: str) -> None:
    """A run that judges other examples is declined with one sentence that says how the data differ."""
    moons = train_run(data="moons", hidden=(3,), epochs=1).run
    thirds = train_run(data="digits", hidden=(8,), epochs=1, split=0.3).run
    for other, said in ((moons, "moons, here 162 examples of digits"), (thirds, "485 examples of digits, here 162")):
        page = open_page(run=run, view="compare", against=f"{other}:1")
        assert [said in box.value.replace("\\", "") for box in page.warning] == [True]
    assert "no run or snapshot" in open_page(run=run, against="nobody").warning[0].value


def test_an_invalid_link_is_explained(run: str) -> None:
    """Each invalid parameter is one warning; the valid ones are used."""
    page = open_page(run=run, snapshot="99", show="5-55", sheet="abc")
    assert len(page.warning) == 3
    assert part(page, "matrix")["names"] == [str(c) for c in range(10)]


def test_unknown_names_and_a_diverged_run_are_said(run: str) -> None:
    """What the address names in vain is told with the nearest name; a run that diverged is no result."""
    directory = run_directory(run)
    status = RunReader(directory).status()
    message = "Training diverged at step 31: loss not finite. Try a smaller learning rate."
    write_status(directory, {**status, "status": "diverged", "message": message})
    page = open_page(run=run, claas="3", hidden="8")
    diverged, unknown = sorted((box.value for box in page.warning), key=lambda text: "claas" in text)
    assert unknown == r"In the address, there is no 'claas' \(did you mean 'class'?\); it is ignored."
    assert diverged.replace("\\", "") == f"{message} What is shown is its network at epoch 2, before that."


def test_another_split_goes_into_the_address(run: str) -> None:
    """A choice is in the link, and a sample of another split is not taken along."""
    page = open_page(run=run, sample="validation-3")
    page.segmented_control(key=state.choice(address.SUBSET)).set_value("test").run()
    assert not page.exception
    assert page.query_params[address.SUBSET] == "test"
    assert address.SAMPLE not in page.query_params
    assert part(page, state.GALLERY)["split"] == "test"


def test_only_without_a_fixed_snapshot_the_newest_is_followed(run: str) -> None:
    """A link with a snapshot shows that one; without, the page follows the last."""
    fixed, latest = (part(open_page(**{"run": run} | at), state.PLACE) for at in ({"snapshot": "1"}, {}))
    assert (fixed["number"], fixed["following"]) == (1, False)
    assert (latest["number"], latest["following"]) == (2, True)
    assert latest["names"] == ["epoch 0", "epoch 1", "epoch 2"]
    assert not latest["live"], "a run that has ended does not go on"


def test_data_that_changed_is_one_sentence(run: str) -> None:
    """Nothing is computed on data that is not the run's."""
    path = Path(run_directory(run)) / "config.json"
    about = json.loads(path.read_text())
    about["dataset"]["fingerprint"] = "0"
    path.write_text(json.dumps(about))
    page = open_page(run=run)
    assert "has changed since run" in page.error[0].value
    assert len(page.error) == 1


def test_a_damaged_snapshot_is_one_sentence_and_the_others_are_shown(run: str) -> None:
    """Of a record that a disk has damaged everything is shown that can be read."""
    path = Path(run_directory(run)) / "snapshots" / "000001.safetensors"
    path.write_bytes(path.read_bytes()[:2000])
    page = open_page(run=run, snapshot="1")
    assert [box.value.startswith("The arrays of snapshot 1") for box in page.error] == [True]
    page = open_page(run=run, view="epochs")
    assert [box.value.startswith("The arrays of snapshot 1") for box in page.warning] == [True]
    assert [row["id"] for row in part(page, "snapshots")["rows"]] == ["0", "2"]
    assert part(page, state.GALLERY)["count"] > 0
    path.unlink()
    assert len(open_page(run=run, view="compare", against="1").warning) == 1


def test_a_run_without_snapshots_is_waited_for() -> None:
    """A run that has only been created is no error."""
    page = open_page(run=create_run(RunConfig()))
    assert "no snapshot yet" in page.info[0].value


def test_a_click_with_a_late_address_undoes_nothing(run: str) -> None:
    """Of two quick clicks the second comes with the address from before the first; both count."""
    page = open_page(run=run, snapshot="2")
    page.segmented_control(key=state.choice(address.ONLY)).set_value("right").run()
    assert page.query_params[address.ONLY] == "right"
    del page.query_params[address.ONLY]  # what the browser, not having heard yet, sends along
    page.segmented_control(key=state.choice(address.SUBSET)).set_value("test").run()
    assert not page.exception
    assert (page.query_params[address.ONLY], page.query_params[address.SUBSET]) == ("right", "test")


@pytest.fixture
def run_of_labels() -> str:
    """Two epochs on digits with several labels."""
    settings = {"data": "mnist-5k-traits", "output": "sigmoid", "hidden": (6,), "epochs": 2, "split": 0.8}
    return train_run(**settings).run


def test_labels_have_a_matrix_each_and_figures_of_their_own(run_of_labels: str) -> None:
    """Every view is drawn; the matrices count the predictions, the gallery holds the examples of a cell."""
    predictions = predictions_of(run_of_labels, 2, "validation")
    page = open_page(run=run_of_labels, show="fn-1")
    matrices, gallery = part(page, "labels"), part(page, state.GALLERY)
    assert matrices["counts"] == predictions.confusion.tolist()
    assert gallery["count"] == predictions.confusion[1, 1, 0]
    assert all(item["label"][1] == 1 and item["predicted"][1] == 0 for item in gallery["items"])
    assert f"subset accuracy **{predictions.accuracy:.2%}**" in texts(page)
    assert f"Hamming loss **{predictions.hamming_loss:.4f}**" in texts(page)
    for view in views_of(is_multilabel=True, has_columns=False):
        drawn = open_page(run=run_of_labels, view=view, show="pbin-1-0", **{"class": "prime", "against": "1"})
        assert [box.value for box in drawn.warning] == []
        assert not drawn.error
    classes = part(open_page(run=run_of_labels, view="classes"), "classes")
    assert [row["cells"][0] for row in classes["footer"]] == [
        "macro average", "micro average", "weighted average", "samples average"
    ]  # fmt: skip
    carried = int(predictions.classes.support.sum())
    assert [row["cells"][-1] for row in classes["footer"]] == [carried] * 4
    areas = part(open_page(run=run_of_labels, view="thresholds"), "areas")
    assert [row["cells"][-1] for row in areas["footer"]] == [carried] * 3
    assert classes["footer"][3]["cells"][1:4] == list(predictions.sample_averages.values())
    bins = part(open_page(run=run_of_labels, view="calibration", **{"class": "loop"}), "bins")["rows"]
    assert [row["cells"][1] for row in bins] == predictions.calibration_of(3).count.tolist()
