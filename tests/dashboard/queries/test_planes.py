"""2-D data for the decision map, and points painted on it, as the routes hand them out and take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from annscope.core.config import RunConfig
from annscope.dashboard.queries.planes import MAX_POINTS, ends
from annscope.dashboard.server.access import Access
from annscope.dashboard.server.parsing import MAX_BYTES
from annscope.dashboard.server.routes import routes
from annscope.dashboard.server.security import Guard
from annscope.data.datasets import load_dataset
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader
from annscope.runs.worker import work
from annscope.runs.writer import create_run

Train = Callable[..., RunReader]
CIRCLE = [[float(np.cos(k)), float(np.sin(k)), k % 2] for k in range(30)]


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser on this machine, which has the token."""
    access = Access(8501, token="of this dashboard")
    app = Starlette(routes=routes, middleware=[Middleware(Guard, access=access)])
    cookies = {access.cookie: access.ticket}
    with TestClient(
        app, base_url="http://127.0.0.1:8501", headers={"host": "127.0.0.1:8501"}, cookies=cookies
    ) as client:
        yield client


@pytest.fixture
def train() -> Train:
    """A function that trains a small network for real."""

    def train(**settings: Any) -> RunReader:
        run = create_run(RunConfig().with_values({"epochs": 1, "hidden": (6,), **settings}))
        for _ in work(run_directory(run)):
            pass
        return RunReader(run_directory(run))

    return train


def plane_of(client: TestClient, reader: RunReader) -> dict[str, Any]:
    """What the route says of a run's data."""
    about: dict[str, Any] = client.get(f"/annscope/runs/{reader.run}/plane").json()
    return about


def test_every_point_comes_as_it_is_in_the_source(client: TestClient, train: Train) -> None:
    """All splits, unscaled, with their classes; scaled as described they are the network's inputs."""
    reader = train(data="spirals", **{"extra-inputs": ("x1^2",), "data-seed": 3})
    about, config = plane_of(client, reader), reader.config
    dataset = load_dataset(config.data, dtype="float64")
    assert about["inputs"] == ["x1^2"]
    assert about["names"] == ["x", "y", "x²"]
    assert about["totals"] == {"train": 486, "validation": 54, "test": 60}
    for name in about["points"]:
        x1, x2, labels = np.array(about["points"][name]).T
        inputs = (np.stack([x1, x2, x1 * x1], axis=1) - about["offset"]) / about["divisor"]
        expected, classes = dataset.split(name)
        np.testing.assert_allclose(inputs, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(labels, classes)


def test_of_many_points_a_fixed_sample_comes(client: TestClient, train: Train) -> None:
    """At most 2,000 in all, the same each time, in proportion, with their places and how many there are."""
    reader = train(data="moons", samples=5000)
    about, again = plane_of(client, reader), plane_of(client, reader)
    assert about == again
    counts = {name: len(points) for name, points in about["points"].items()}
    assert sum(about["totals"].values()) == 5000
    assert counts == {"train": 1620, "validation": 180, "test": 200}
    assert sum(counts.values()) == MAX_POINTS
    assert about["index"]["test"][-1] == about["totals"]["test"] - 1


def test_the_window_holds_every_point_with_room_around() -> None:
    """Both axes have one scale, so that a circle is round; only very different ranges have scales of their own."""
    (left, right), (bottom, top) = ends(np.array([[0.0, 1.0], [4.0, 2.0]]))
    assert right - left == pytest.approx(top - bottom)
    assert left < 0
    assert right > 4
    assert (left + right) / 2 == pytest.approx(2)
    (left, right), (bottom, top) = ends(np.array([[0.0, 0.0], [1.0, 1000.0]]))
    assert right - left == pytest.approx((top - bottom) / 1000)
    assert ends(np.array([[2.0, 3.0]]))[0][0] < 2


def test_images_and_tables_are_no_plane(client: TestClient, train: Train) -> None:
    """The route says so, without an error on the console of the browser."""
    answer = client.get(f"/annscope/runs/{train(data='digits').run}/plane")
    assert answer.status_code == 200
    assert "not two-dimensional" in answer.json()["error"]


def test_painted_points_are_the_data_of_the_next_run(client: TestClient, train: Train) -> None:
    """They are saved under the names of the run's classes, and a network learns from the file."""
    first = train(data="moons")
    points = [*CIRCLE, [0.0, 0.0, 5], [0.1, 0.0, 5], [0.0, 0.1, 5]]
    answer = client.post(f"/annscope/runs/{first.run}/points", json={"points": points})
    assert answer.status_code == 200
    path = answer.json()["data"]
    assert Path(path).is_file()
    second = train(data=path)
    assert second.description["dataset"]["class_names"] == ["0", "1", "5"]
    shown = plane_of(client, second)["points"]
    assert sum(map(len, shown.values())) == len(points)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"points": CIRCLE[:5]}, "needs from 10"),
        ({"points": [[0, 0]]}, "points must be a list"),
        ({"points": [[0, "a", 1]]}, "points must be a list"),
        ({"points": [[0, 0, 1.5]]}, "points must be a list"),
        ({"points": [[0, 0, -1]]}, "points must be a list"),
        ({"points": [[0, 0, 10_000]]}, "points must be a list"),
        ({"points": [[0, 0, True]]}, "points must be a list"),
        ({"points": [[1e300, 0, 1]] * 20}, "A coordinate must be"),
        ({"points": None}, "points must be a list"),
        ({}, "points must be a list"),
        ([], "The body must be a JSON object."),
    ],
)
def test_invalid_points_are_rejected(client: TestClient, train: Train, home: Path, body: Any, sentence: str) -> None:
    """The response says in one sentence what is wrong, and nothing is saved."""
    answer = client.post(f"/annscope/runs/{train(data='xor').run}/points", json=body)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert not (home / "data").exists()


def test_too_long_a_body_is_not_read(client: TestClient, train: Train) -> None:
    """A body has a limit."""
    content = b'{"points": [' + b" " * MAX_BYTES + b"]}"
    answer = client.post(f"/annscope/runs/{train(data='xor').run}/points", content=content)
    assert answer.status_code == 400
    assert "bytes at most" in answer.json()["error"]


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"host": "evil.example:8501"}])
def test_other_sites_cannot_save_points(client: TestClient, train: Train, home: Path, headers: dict[str, str]) -> None:
    """A page from elsewhere writes nothing on this machine."""
    run = train(data="xor").run
    assert client.post(f"/annscope/runs/{run}/points", json={"points": CIRCLE}, headers=headers).status_code == 403
    assert not (home / "data").exists()


def test_points_of_an_unknown_run_are_not_saved(client: TestClient) -> None:
    """Without the run there is no map."""
    assert client.post("/annscope/runs/nope/points", json={"points": CIRCLE}).status_code == 404
