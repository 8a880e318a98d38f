"""The browser's arithmetic equals the core's, for every entry of the registries."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annscope.core.config import EXTRA_INPUTS, OUTPUTS, SCALINGS, DataConfig, NetworkConfig, RunConfig, TrainingConfig
from annscope.core.dataset import SPLITS, Dataset
from annscope.core.explain.saliency import input_gradient, occlusion
from annscope.core.explain.what_if import Change, with_changes
from annscope.core.functions.activations import ACTIVATIONS
from annscope.core.images.centering import as_box, as_mnist
from annscope.core.network import Network
from annscope.core.training import Trainer
from annscope.dashboard.queries.functions import layer_functions
from annscope.dashboard.queries.live_runs import encode_frame
from annscope.data.datasets import dataset_from, load_dataset, load_examples
from annscope.data.examples import Examples
from annscope.data.rows import rows_behind
from annscope.data.scaling import fit_scaler
from annscope.runs.encoding import snapshot_line, snapshot_tensors, tensor_bytes
from tests.tables import mixed_config

COMPUTE = Path(__file__).parents[2] / "dashboard" / "frontend" / "test" / "compute.js"
SHAPE, PATCH = (3, 4), 3
CHANGES = ({"layer": 0, "unit": 1}, {"layer": 1, "unit": 2, "input": 0, "value": 1.5})
RAW = np.random.default_rng(1).normal(40, 15, size=(7, 12)).round(3)


def compute(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The results of the browser's modules, run by Node."""
    node = Path(sys.executable).with_name("node")
    done = subprocess.run([node, COMPUTE], input=json.dumps(questions), capture_output=True, text=True, check=True)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_the_same_function_in_the_browser(name: str) -> None:
    """Values and derivative are the core's, from the far left to the far right; one that is missing is named."""
    activation = ACTIVATIONS[name]
    z = np.concatenate([np.linspace(-6, 6, 49), [-40.0, 40.0, 1e-9]])
    values = activation(z)
    slopes = activation.derivative(z, values)
    (found,) = compute([{"kind": "activation", "name": name, "z": z.tolist()}])
    assert "error" not in found, f"{name} has no counterpart in frontend/src/lib/model/math.js: {found['error']}"
    np.testing.assert_allclose(found["values"], values, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found["slopes"], slopes, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("activation", "output", "is_multilabel", "batch_norm", "bias"),
    [
        *((name, output, False, False, True) for name, output in product(ACTIVATIONS, OUTPUTS)),
        ("tanh", "sigmoid", True, False, True),
        ("relu", "softmax", False, True, True),
        ("relu", "softmax", False, False, False),
    ],
)
def test_a_network_predicts_the_same_in_the_browser(
    activation: str, output: str, is_multilabel: bool, batch_norm: bool, bias: bool
) -> None:
    """Every layer's values, sums, probabilities, predictions, gradients, occlusion and what-if are the core's."""
    rng = np.random.default_rng(3)
    n_classes = 2 if output == "binary" else 3
    x = rng.normal(size=(24, SHAPE[0] * SHAPE[1]))
    y = rng.integers(0, 2, (24, n_classes)) if is_multilabel else rng.permutation(np.arange(24) % n_classes)
    dataset = Dataset(
        name="small", x_train=x[:12], y_train=y[:12], x_val=x[12:18], y_val=y[12:18], x_test=x[18:], y_test=y[18:],
        class_names=tuple("abc"[:n_classes]), image_shape=SHAPE, fingerprint="f00d",
    )  # fmt: skip
    network = NetworkConfig(
        hidden_sizes=(6, 5), activation=(activation, activation), output=output, batch_norm=batch_norm, bias=bias
    )
    config = RunConfig(network=network, training=TrainingConfig(dtype="float64", n_epochs=2, batch_size=4))
    trainer = Trainer(dataset, config)
    trainer.advance(5)
    snapshot = trainer.snapshot()
    network_shown = Network(network, x.shape[1], n_classes, snapshot.parameters)
    frame = encode_frame({"line": snapshot_line(0, snapshot)}, tensor_bytes(snapshot_tensors(snapshot)))
    about = {"class_names": dataset.class_names, "is_multilabel": is_multilabel, "image_shape": SHAPE}
    description = {
        "layer_sizes": [x.shape[1], 6, 5, 1 if output == "binary" else n_classes],
        "config": config.to_dict(),
        "dataset": about,
        "layer_functions": layer_functions(network),
    }
    examples = trainer.probe.x  # whose values the snapshot holds, too
    (found,) = compute(
        [
            {
                "kind": "network", "description": description, "frame": base64.b64encode(frame).decode(),
                "x": examples.tolist(), "patch": PATCH, "changes": CHANGES,
            }
        ]
    )  # fmt: skip
    assert "error" not in found, found
    sums, activations = network_shown.forward(examples)
    for i, layer in enumerate(activations):
        np.testing.assert_allclose([row[i] for row in found["activations"]], layer, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found["sums"][i], sums[i][0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["probabilities"], network_shown.predict_proba(examples), rtol=1e-9, atol=1e-12)
    predictions = network_shown.predictions(network_shown.logits(examples), is_multilabel=is_multilabel)
    expected = [np.flatnonzero(row).tolist() for row in predictions] if is_multilabel else predictions[:, None].tolist()
    assert found["predicted"] == expected
    for label in range(n_classes):
        np.testing.assert_allclose(
            found["gradients"][label], input_gradient(network_shown, examples[0], label), atol=1e-12
        )
        drop = occlusion(network_shown, examples[0].reshape(SHAPE), label, PATCH)
        np.testing.assert_allclose(found["occlusions"][label], drop.ravel(), atol=1e-12)
    changed = Network(
        network, x.shape[1], n_classes, with_changes(snapshot.parameters, [Change(**change) for change in CHANGES])
    )
    np.testing.assert_allclose(found["whatIf"], changed.predict_proba(examples)[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_change_of_weights_is_the_difference_of_two_snapshots(batch_norm: bool) -> None:
    """How each weight changed is what NumPy makes of the two snapshots, changes by hand in it, within its scale."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(24, 5)), np.arange(24) % 3
    dataset = Dataset(
        name="small", x_train=x[:12], y_train=y[:12], x_val=x[12:18], y_val=y[12:18], x_test=x[18:], y_test=y[18:],
        class_names=("a", "b", "c"), fingerprint="f00d",
    )  # fmt: skip
    config = RunConfig(
        network=NetworkConfig(hidden_sizes=(6,), batch_norm=batch_norm),
        training=TrainingConfig(n_epochs=4, batch_size=4),
    )
    trainer = Trainer(dataset, config)
    snapshots = [trainer.snapshot()]
    trainer.advance(7)
    snapshots.append(trainer.snapshot())
    frames = [
        encode_frame({"line": snapshot_line(i, each)}, tensor_bytes(snapshot_tensors(each)))
        for i, each in enumerate(snapshots)
    ]
    description = {"layer_sizes": [5, 6, 3], "layer_functions": layer_functions(config.network)}
    changes = [{"layer": 1, "input": 2, "unit": 0, "value": 1.5}]
    (found,) = compute(
        [
            {
                "kind": "change", "description": description, "changes": changes,
                "frames": [base64.b64encode(frame).decode() for frame in frames],
            }
        ]
    )  # fmt: skip
    assert "error" not in found, found
    before, now = (each.parameters for each in snapshots)
    for i, top in enumerate(found["tops"]):
        change = now[i].weight - before[i].weight
        assert change.any()
        np.testing.assert_allclose(found["changes"][i], change.ravel(), rtol=1e-6, atol=1e-9)
        assert np.abs(change).max() <= top <= 1.6 * np.abs(change).max()
    changed = with_changes(now, [Change(**changes[0])])
    edited = changed[1].weight - before[1].weight
    np.testing.assert_allclose(found["edited"][1], edited.ravel(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("is_image", [False, True])
def test_features_are_scaled_the_same_in_the_browser(name: str, is_image: bool) -> None:
    """Raw values become the features that the network was trained on, and these the raw values again."""
    white = float(RAW.max()) if is_image else 1.0
    examples = Examples(
        x=RAW, y=np.arange(7) % 2, class_names=("a", "b"), image_shape=SHAPE if is_image else None,
        pixel_max=white if is_image else None,
    )  # fmt: skip
    scaler = fit_scaler(name, examples, np.arange(len(RAW)))
    about = {
        "white": white,
        "offset": np.asarray(scaler.offset).tolist(),
        "divisor": np.asarray(scaler.divisor).tolist(),
    }
    raw = (RAW[2] / white).tolist()
    (found,) = compute([{"kind": "scaling", "raw": raw, "about": about}])
    np.testing.assert_allclose(found["features"], scaler.apply(RAW, np.array([2]), "float64")[0], rtol=1e-12)
    np.testing.assert_allclose(found["raw"], raw, rtol=1e-12)


@pytest.mark.parametrize("scaling", ["unit", "standard"])
def test_a_row_is_prepared_the_same_in_the_browser(tmp_path: Path, scaling: str) -> None:
    """Every row of every split, with all that is missing or was in no training example, becomes the network's input."""
    config = mixed_config(tmp_path, scaling=scaling, keep=("port",))
    examples = load_examples(config)
    dataset = dataset_from(examples, config, dtype="float64")
    rows = rows_behind(examples, dataset, dataset.table)
    scaler, ones = rows.preparation.scaler, np.ones(dataset.n_features)
    about = {
        "columns": rows.describe(), "white": 1.0,
        "offset": (scaler.offset * ones).tolist(), "divisor": (scaler.divisor * ones).tolist(),
    }  # fmt: skip
    cells = [rows.cells(split, np.arange(len(dataset.split(split)[1]))) for split in SPLITS]
    answers = compute([{"kind": "row", "about": about, "rows": some} for some in cells])
    for split, found in zip(SPLITS, answers, strict=True):
        x = dataset.split(split)[0]
        np.testing.assert_allclose(found["inputs"], x, rtol=1e-12, atol=1e-14)
        assert [text[2:] for text in found["texts"]] == [
            [text or "missing" for text in rows.texts(split, place)[2:]] for place in range(len(x))
        ]


@pytest.mark.parametrize("shape", [(280, 280), (61, 113), (40, 9), (3, 5), (28, 28)])
def test_ink_is_centred_the_same_in_the_browser(shape: tuple[int, int]) -> None:
    """A drawing becomes the same image as in the core, in the form of MNIST and in that of other data."""
    rng = np.random.default_rng(7)
    inks = [np.where(rng.random(shape) > 0.7, rng.random(shape), 0), np.zeros(shape), np.pad([[1.0]], ((1, 1), (0, 3)))]
    questions = [
        {
            "kind": "centering", "height": 8, "width": 6,
            "ink": {"height": ink.shape[0], "width": ink.shape[1], "data": ink.ravel().tolist()},
        }
        for ink in inks
    ]  # fmt: skip
    for ink, found in zip(inks, compute(questions), strict=True):
        np.testing.assert_allclose(found["mnist"], as_mnist(ink).ravel(), atol=1e-12)
        np.testing.assert_allclose(found["box"], as_box(ink, 8, 6).ravel(), atol=1e-12)


ENDS = [[-2.0, 3.0], [-1.0, 4.0]]


def described(config: DataConfig, x: np.ndarray) -> tuple[dict[str, Any], Dataset]:
    """What the browser knows of 2-D data, and the data as the network sees it."""
    dataset = load_dataset(config, dtype="float64")
    about = {
        "inputs": list(config.inputs), "names": list(dataset.feature_names), "ends": ENDS,
        "offset": (dataset.offset * np.ones(dataset.n_features)).tolist(),
        "divisor": (dataset.divisor * np.ones(dataset.n_features)).tolist(),
        "points": {"train": [[*point, 0] for point in x.tolist()]}, "index": {"train": list(range(len(x)))},
        "totals": {"train": len(x)},
    }  # fmt: skip
    return about, dataset


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("inputs", [(), *((name,) for name in EXTRA_INPUTS), EXTRA_INPUTS])
def test_a_point_becomes_the_same_inputs_in_the_browser(inputs: tuple[str, ...], scaling: str) -> None:
    """The coordinates and every extra input, scaled, are those of data loading; and lead back to the point."""
    config = DataConfig(name="moons", inputs=inputs, scaling=scaling)
    points = load_dataset(replace(config, inputs=(), scaling="none"), dtype="float64").x_train[:9]
    about, dataset = described(config, points)
    (found,) = compute([{"kind": "plane", "about": about, "points": points.tolist(), "side": 2}])
    np.testing.assert_allclose(found["inputs"], dataset.x_train[:9], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["points"], points, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["places"], (points - [-2, 4]) / [5, -5], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["back"], points, rtol=1e-12, atol=1e-14)
    grid = np.reshape(found["grid"], (4, dataset.n_features))[:, :2] * about["divisor"][:2] + about["offset"][:2]
    np.testing.assert_allclose(grid, [[-0.75, 2.75], [1.75, 2.75], [-0.75, 0.25], [1.75, 0.25]], atol=1e-12)


@pytest.mark.parametrize("output", OUTPUTS)
def test_regions_are_the_predictions_of_the_core(output: str) -> None:
    """Each layer's activations over a grid, and the probabilities of the classes, are those of a forward pass."""
    data = DataConfig(name="moons", inputs=("x1x2", "sinx2"))
    about, dataset = described(data, np.zeros((1, 2)))
    network = NetworkConfig(hidden_sizes=(5, 4), activation=("tanh", "relu"), output=output)
    config = RunConfig(data=data, network=network, training=TrainingConfig(dtype="float64", n_epochs=2))
    trainer = Trainer(dataset, config)
    trainer.advance(5)
    snapshot = trainer.snapshot()
    answering = Network(network, dataset.n_features, 2, snapshot.parameters)
    frame = encode_frame({"line": snapshot_line(0, snapshot)}, tensor_bytes(snapshot_tensors(snapshot)))
    description = {
        "layer_sizes": [4, 5, 4, 1 if output == "binary" else 2],
        "layer_functions": layer_functions(network),
        "config": config.to_dict(),
        "dataset": {"class_names": dataset.class_names, "image_shape": None},
    }
    side = 7
    encoded = base64.b64encode(frame).decode()
    grid, found = compute(
        [
            {"kind": "plane", "about": about, "points": [], "side": side},
            {"kind": "regions", "description": description, "frame": encoded, "about": about, "side": side},
        ]
    )
    x = np.reshape(grid["grid"], (side * side, 4))
    for mine, theirs in zip(found["layers"], answering.forward(x)[1], strict=True):
        np.testing.assert_allclose(np.reshape(mine, theirs.shape), theirs, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        np.reshape(found["probabilities"], (side * side, 2)), answering.predict_proba(x), rtol=1e-9, atol=1e-12
    )
