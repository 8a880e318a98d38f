"""How the weights of a run changed, as histograms."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from annscope.core.evaluation.metrics import HISTOGRAM_EDGES
from annscope.dashboard.server.routes import routes
from annscope.runs.reader import RunReader
from tests.records import train_run


@pytest.fixture
def client() -> TestClient:
    """The routes without Streamlit around them."""
    return TestClient(Starlette(routes=routes))


def counts_of(content: bytes) -> tuple[dict[str, Any], np.ndarray]:
    """The head of a message, and its counts."""
    (n,) = struct.unpack("<I", content[:4])
    about = json.loads(content[4 : 4 + n])
    return about, np.frombuffer(content[4 + n :], "<i4").reshape(about["shape"])


@pytest.mark.parametrize("since", ["0", "2", "last"])
def test_a_histogram_of_changes_is_that_of_the_difference_of_two_snapshots(client: TestClient, since: str) -> None:
    """Each count is NumPy's on the difference of the recorded weights, and only new snapshots are told when asked."""
    reader = train_run(data="digits", hidden=(8,), epochs=3)
    about, counts = counts_of(client.get(f"/annscope/runs/{reader.run}/histograms?since={since}").content)
    assert about["numbers"] == [0, 1, 2, 3]
    (kind,) = about["kinds"]
    assert kind == ("update" if since == "last" else "weight")
    edges = HISTOGRAM_EDGES[kind].copy()
    edges[[0, -1]] = -np.inf, np.inf
    weights = [[layer.weight for layer in reader.snapshot(number).parameters] for number in range(4)]
    for number in range(4):
        if since == "last" and number == 0:
            assert not counts[0].any()
            continue
        base = number - 1 if since == "last" else int(since)
        for layer in range(2):
            change = weights[number][layer] - weights[base][layer]
            assert counts[number, layer, 0].sum() == change.size
            np.testing.assert_array_equal(np.cumsum(counts[number, layer, 0])[31], (np.minimum(change, 0) < 0).sum())
            place = np.abs(change).max()
            outermost = np.flatnonzero(counts[number, layer, 0])
            assert max(-edges[outermost[0]], edges[outermost[-1] + 1]) >= place
    later, fewer = counts_of(client.get(f"/annscope/runs/{reader.run}/histograms?since={since}&start=3").content)
    assert later["numbers"] == [3]
    np.testing.assert_array_equal(fewer[0], counts[3])


@pytest.mark.parametrize(
    ("since", "status", "sentence"),
    [("first", 400, "since must be a whole number, 0 or more, got 'first'."), ("9", 404, "has no snapshot 9")],
)
def test_a_moment_that_is_not_there_is_a_sentence(
    client: TestClient, record: Callable[..., Any], since: str, status: int, sentence: str
) -> None:
    """A wrong moment is named."""
    response = client.get(f"/annscope/runs/{record(2).run}/histograms?since={since}")
    assert response.status_code == status
    assert sentence in response.json()["error"]


def test_changes_since_a_damaged_snapshot_are_a_sentence(client: TestClient, record: Callable[..., Any]) -> None:
    """Where the snapshot to compare with cannot be read it is named; another one that is damaged is left out."""
    run = record(3)
    (run.directory / "snapshots" / "000001.safetensors").write_bytes(b"not a snapshot")
    url = f"/annscope/runs/{RunReader(run.directory).run}/histograms"
    response = client.get(f"{url}?since=1")
    assert response.status_code == 404
    assert "snapshot 1" in response.json()["error"]
    about, _ = counts_of(client.get(f"{url}?since=0").content)
    assert about["numbers"] == [0, 2]
