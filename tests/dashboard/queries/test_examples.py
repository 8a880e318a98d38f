"""Examples of a run's data, and which of them a network finds alike, as the routes hand them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from annscope.core.explain.neighbors import last_hidden
from annscope.dashboard.queries import examples
from annscope.dashboard.queries.caches import clear_caches
from annscope.dashboard.queries.evaluations import predictions_of
from annscope.dashboard.queries.tables import example_rows
from annscope.dashboard.server.routes import routes
from annscope.data.datasets import load_dataset
from tests.records import train_run
from tests.tables import mixed_config

SMALL: dict[str, Any] = {"epochs": 1, "hidden": (6,)}


@pytest.fixture
def client() -> TestClient:
    """The routes without Streamlit around them."""
    return TestClient(Starlette(routes=routes))


@pytest.mark.parametrize("scaling", ["auto", "none", "unit", "div256", "standard"])
def test_ink_becomes_the_features_that_training_saw(client: TestClient, scaling: str) -> None:
    """However the data was scaled: an image's ink, scaled as the route describes, is the network's input."""
    reader = train_run(**SMALL, data="digits", scaling=scaling)
    about = client.get(f"/annscope/runs/{reader.run}/input").json()
    example = client.get(f"/annscope/runs/{reader.run}/examples/test/5").json()
    raw = load_dataset(reader.config.with_values({"scaling": "none"}).data).x_test[5].astype(np.float64)
    assert about["kind"] == "image"
    ink = raw / 16
    features = (ink * about["white"] - np.asarray(about["offset"])) / np.asarray(about["divisor"])
    np.testing.assert_allclose(features, example["x"], atol=1e-5)
    assert client.get(f"/annscope/runs/{reader.run}/labels").json()["test"][5] == example["label"]


def test_the_data_of_runs_is_read_once_and_tells_how_far_it_is(tmp_path: Path) -> None:
    """Reading a user's data for a page reports its progress in bytes; another run on the same data finds it read."""
    config = mixed_config(tmp_path)
    first, second = (train_run(epochs=1, hidden=(n,), data=config.name, label="survived").run for n in (5, 6))
    clear_caches()
    said: list[tuple[str, int, int]] = []
    assert not examples.is_loaded(first)
    source = examples.source_of(first, lambda *progress: said.append(progress))
    size = (tmp_path / "mixed.csv").stat().st_size
    assert ("Reading mixed.csv", size, size) in said
    assert examples.is_loaded(second)
    assert examples.source_of(second) is source


def test_an_example_of_a_table_is_its_row(client: TestClient, tmp_path: Path) -> None:
    """The page gets the original columns, the example and its neighbours as rows of them, and the preparation."""
    config = mixed_config(tmp_path)
    reader = train_run(**SMALL, data=config.name, label="survived")
    about = client.get(f"/annscope/runs/{reader.run}/input").json()
    assert about["kind"] == "row"
    assert [column["name"] for column in about["columns"]] == ["age", "fare", "port", "alone"]
    example = client.get(f"/annscope/runs/{reader.run}/examples/test/5").json()
    rows = examples.rows_of(reader.run)
    assert example["row"] == rows.cells("test", [5])[0]
    prepared = rows.preparation.apply(rows.of("test", [5]), np.arange(1), "float32")[0]
    np.testing.assert_array_equal(example["x"], prepared)
    found = client.post(f"/annscope/runs/{reader.run}/snapshots/1/nearest", json={"x": example["x"], "k": 3}).json()
    assert [each["row"] for each in found["neighbors"]] == rows.cells(
        "train", [each["index"] for each in found["neighbors"]]
    )
    (saved,) = example_rows(predictions_of(reader.run, 1, "test"), np.array([5]), rows)
    assert list(saved) == ["sample", "source", "true", "predicted", "p no", "p yes", "age", "fare", "port", "alone"]
    assert list(saved.values())[6:] == rows.texts("test", 5)


def test_two_values_of_a_category_are_no_plane(client: TestClient, tmp_path: Path) -> None:
    """One column that became two inputs is shown as the column, not as points."""
    file = tmp_path / "table.csv"
    file.write_text("\n".join(["coat,kind", *(f"{('wool', 'silk')[i % 2]},{'ab'[i % 3 > 0]}" for i in range(60))]))
    reader = train_run(**SMALL, data=str(file), label="kind")
    about = client.get(f"/annscope/runs/{reader.run}/input").json()
    assert (about["kind"], [column["values"] for column in about["columns"]]) == ("row", [["silk", "wool"]])


def test_the_nearest_are_nearest_in_the_last_hidden_layer(client: TestClient) -> None:
    """A training example is its own nearest neighbour, and the distances are those of the hidden layer."""
    reader = train_run(**SMALL, data="digits")
    dataset = load_dataset(reader.config.data)
    url = f"/annscope/runs/{reader.run}/snapshots/1/nearest"
    found = client.post(url, json={"x": dataset.x_train[30].tolist(), "k": 5}).json()["neighbors"]
    assert found[0]["index"] == 30
    assert found[0]["distance"] == pytest.approx(0, abs=1e-6)
    hidden = last_hidden(reader.network(1), dataset.x_train)
    away = np.linalg.norm(hidden - hidden[30], axis=1)
    np.testing.assert_allclose([each["distance"] for each in found], np.sort(away)[:5], atol=1e-5)
    assert [each["label"] for each in found] == dataset.y_train[[each["index"] for each in found]].tolist()


def test_an_invalid_request_gets_one_sentence(client: TestClient) -> None:
    """An invalid request is rejected by name, and never an error of the server.

    What a link may name is an error without an error status, which a browser would report on its console.
    """
    reader = train_run(**SMALL, data="digits")
    base = f"/annscope/runs/{reader.run}"
    response = client.get(f"{base}/examples/test/999")
    assert (response.status_code, response.json()["error"]) == (
        200,
        "There is no example 999 in the test split; it has 0 to 179.",
    )
    assert client.get(f"{base}/examples/tset/1").json()["error"].endswith("(did you mean 'test'?)")
    assert "gone" in client.get("/annscope/runs/gone/input").json()["error"]
    for body, sentence in (
        (b"not json", "The body must be JSON."),
        (b"[" * 100_000, "The body must be JSON."),
        (b'{"x": [NaN]}', "The body must be JSON."),
        (b'{"x": [' + b"1" * 5000 + b"]}", "The body must be JSON."),
        (b"[1]", "The body must be a JSON object."),
        (b'{"y": 1}', "x must be a list of finite numbers."),
        (b'{"x": [1e400]}', "x must be a list of finite numbers."),
        (b'{"x": [1' + b"0" * 400 + b"]}", "x must be a list of finite numbers."),
        (b'{"x": ["1"]}', "x must be a list of finite numbers."),
        (b'{"x": [[1]]}', "x must be a list of finite numbers."),
        (b'{"x": [1, 2]}', "x must be 64 finite numbers."),
        (b'{"x": [1], "k": 1e400}', "k must be a whole number, got Infinity."),
        (b'{"x": [' + b"1," * 2_000_000 + b"1]}", "The body may have 4,000,000 bytes at most."),
    ):
        response = client.post(f"{base}/snapshots/1/nearest", content=body)
        assert (response.status_code, response.json()["error"]) == (400, sentence)
    whole = {"x": [0.0] * 64}
    assert client.post(f"{base}/snapshots/1/nearest", json={**whole, "k": 0}).status_code == 400
    assert client.post(f"{base}/snapshots/99/nearest", json=whole).status_code == 404


def test_a_page_opened_by_its_address_gets_no_error_for_requests_below_itself(client: TestClient) -> None:
    """The client's first guess of the server's address gets a response without content, and without an error."""
    assert client.get("/drawing/_stcore/health").status_code == 304


def test_data_that_changed_since_is_not_passed_off_as_the_same(client: TestClient, tmp_path: Any) -> None:
    """A file that was edited after training is named instead of shown."""
    file = tmp_path / "table.csv"
    rows = [f"{i * 7 % 60},{i % 7},{'ab'[i % 2]}" for i in range(60)]
    file.write_text("\n".join(["height,width,kind", *rows]))
    reader = train_run(**SMALL, data=str(file))
    assert client.get(f"/annscope/runs/{reader.run}/input").json()["kind"] == "plane"
    file.write_text("\n".join(["height,width,kind", *rows[:-1]]))
    clear_caches()
    response = client.get(f"/annscope/runs/{reader.run}/input")
    assert "has changed since" in response.json()["error"]


def test_what_if_is_the_held_out_figure_of_the_changed_network(client: TestClient) -> None:
    """Nothing changed gives the recorded figures; a layer without output gives those of a constant network."""
    reader = train_run(**SMALL, data="digits")
    recorded = reader.snapshot(1)
    url = f"/annscope/runs/{reader.run}/snapshots/1/what-if"
    same = client.post(url, json={"changes": []}).json()
    _, y = load_dataset(reader.config.data).split("validation")
    assert same == {
        "split": "validation", "n_examples": len(y),
        "loss": recorded.heldout.loss, "accuracy": recorded.heldout.accuracy,
    }  # fmt: skip
    n_units = recorded.parameters[0].weight.shape[1]
    silent = client.post(url, json={"changes": [{"layer": 0, "unit": unit} for unit in range(n_units)]}).json()
    assert silent["accuracy"] in {float((y == label).mean()) for label in range(10)}


CHANGES = "changes must be a list of objects with layer and unit, and input and value where a weight is set."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"changes": [{"layer": 9, "unit": 0}]}, "there is no layer number 9; there are 0 to 1"),
        ({"changes": [{"unit": 0}]}, CHANGES),
        ({"changes": [{"layer": True, "unit": 0}]}, CHANGES),
        ({"changes": [{"layer": 0, "unit": 0, "input": 0, "value": 10**400}]}, CHANGES),
        ({"changes": [{"layer": 10**400, "unit": 0}]}, CHANGES),
        ({"changes": [{"layer": 0, "unit": 0}] * 10_001}, "At most 10,000 changes can be made at once."),
        ({"changes": 5}, CHANGES),
        ([], "The body must be a JSON object."),
    ],
)
def test_a_change_that_cannot_be_is_one_sentence(client: TestClient, body: object, sentence: str) -> None:
    """A wrong change is named and nothing fails."""
    reader = train_run(**SMALL, data="digits")
    response = client.post(f"/annscope/runs/{reader.run}/snapshots/1/what-if", json=body)
    assert (response.status_code, response.json()["error"]) == (400, sentence)
