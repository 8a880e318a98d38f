"""What was before a page was opened, as the live views draw it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score
from starlette.applications import Starlette
from starlette.testclient import TestClient

from annscope.dashboard.queries import series
from annscope.dashboard.queries.snapshots import Snapshots
from annscope.dashboard.server.routes import routes
from annscope.runs.reader import RunReader


@pytest.fixture
def client() -> TestClient:
    """The routes without Streamlit around them."""
    return TestClient(Starlette(routes=routes))


def test_the_past_has_its_ends_and_leaves_out_what_was_thinned_out() -> None:
    """Of a long run some hundred snapshots are enough, including the first and the newest, and all have arrays."""
    lines = [{"number": number, "epoch": number, "step": 10 * number} for number in range(10_001)]
    assert Snapshots([]).spread(series.MAX_SNAPSHOTS) == []
    assert Snapshots(lines[:3]).spread(series.MAX_SNAPSHOTS) == [0, 1, 2]
    many = Snapshots(lines).spread(series.MAX_SNAPSHOTS)
    assert series.MAX_SNAPSHOTS / 2 <= len(many) <= series.MAX_SNAPSHOTS
    assert (many[0], many[-1]) == (0, 10_000)
    thinned = set(range(1, 9_999))
    assert Snapshots(lines, thinned).spread(series.MAX_SNAPSHOTS) == [0, 9_999, 10_000]
    assert Snapshots(lines, thinned).at(5_000) == 5_000


def test_a_snapshot_at_the_end_of_an_epoch_has_its_name() -> None:
    """Those within an epoch are named by their step, even where there are several an epoch."""
    lines = [{"number": i, "epoch": step // 64, "step": step} for i, step in enumerate([0, 1, 2, 64, 96, 1280])]
    snapshots = Snapshots(lines, steps_per_epoch=64)
    names = [snapshots.name(number) for number in snapshots.numbers]
    assert names == ["epoch 0", "step 1", "step 2", "epoch 1", "step 96", "epoch 20"]


def test_f1_of_each_class_is_that_of_the_recorded_confusion(client: TestClient, record: Callable[..., Any]) -> None:
    """Each figure is scikit-learn's on the confusion matrix of its snapshot; undefined is null."""
    run = record(3)
    told = client.get(f"/annscope/runs/{run.run}/classes").json()
    assert told["numbers"] == [0, 1, 2]
    reader = RunReader(run.directory)
    for number, f1 in zip(told["numbers"], told["f1"], strict=True):
        counts = reader.snapshot(number).confusion
        true, predicted = np.indices(counts.shape).reshape(2, -1)
        expected = f1_score(true, predicted, sample_weight=counts.ravel(), average=None, zero_division=np.nan)
        found = np.array([np.nan if each is None else each for each in f1])
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_neuron_has_its_recorded_activations(client: TestClient, record: Callable[..., Any]) -> None:
    """What it put out for each probe example, snapshot by snapshot."""
    run = record(3)
    told = client.get(f"/annscope/runs/{run.run}/neurons/0/1").json()
    reader = RunReader(run.directory)
    assert told["steps"] == [line["step"] for line in reader.snapshot_lines()]
    for number, values in zip(told["numbers"], told["activations"], strict=True):
        np.testing.assert_array_equal(np.float32(values), reader.snapshot(number).probe_activations[0][:, 1])


@pytest.mark.parametrize(
    ("neuron", "sentence"),
    [
        ("7/0", "layer must be at least 0 and at most 1, got 7."),
        ("0/3", "unit must be at least 0 and at most 2, got 3."),
    ],
)
def test_a_neuron_that_is_not_there_is_a_sentence(
    client: TestClient, record: Callable[..., Any], neuron: str, sentence: str
) -> None:
    """A wrong layer or unit is named, with what there is."""
    response = client.get(f"/annscope/runs/{record(1).run}/neurons/{neuron}")
    assert (response.status_code, response.json()["error"]) == (404, sentence)


def test_a_weight_over_time_is_the_recorded_one(client: TestClient, record: Callable[..., Any]) -> None:
    """Each number is the weight in the snapshot of its step; a connection that is not there is a sentence."""
    run = record(3)
    url = f"/annscope/runs/{run.run}/weights"
    told = client.get(f"{url}/0/2/1").json()
    reader = RunReader(run.directory)
    assert told["steps"] == [line["step"] for line in reader.snapshot_lines()]
    expected = [reader.snapshot(number).parameters[0].weight[2, 1] for number in told["numbers"]]
    assert told["weights"] == pytest.approx(expected, rel=1e-12)
    n_in = reader.layer_sizes[0]
    response = client.get(f"{url}/0/{n_in}/0")
    sentence = f"input must be at least 0 and at most {n_in - 1}, got {n_in}."
    assert (response.status_code, response.json()["error"]) == (404, sentence)


def test_a_damaged_snapshot_is_left_out(client: TestClient, record: Callable[..., Any]) -> None:
    """The line has a gap there, and goes on."""
    run = record(3)
    (run.directory / "snapshots" / "000001.safetensors").write_bytes(b"not a snapshot")
    assert client.get(f"/annscope/runs/{run.run}/classes").json()["numbers"] == [0, 2]
    assert client.get(f"/annscope/runs/{run.run}/neurons/1/0").json()["steps"] == [0, 20]
