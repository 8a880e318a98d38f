"""Extra inputs of 2-D data: functions of the coordinates beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annscope.core.config import EXTRA_INPUTS, DataConfig
from annscope.data.datasets import holds_points, load_dataset
from annscope.data.errors import DataError
from annscope.data.inputs import EXTRA

SPIRALS = DataConfig(name="spirals", scaling="none")


def test_every_extra_input_is_its_function_of_the_coordinates() -> None:
    """Squares, the product and sines stand beside the coordinates as they are in the source, with their names."""
    dataset = load_dataset(replace(SPIRALS, inputs=EXTRA_INPUTS), dtype="float64")
    x1, x2, *extra = dataset.x_train.T
    np.testing.assert_array_equal(extra, [x1**2, x2**2, x1 * x2, np.sin(np.pi * x1), np.sin(np.pi * x2)])
    assert dataset.feature_names == ("x", "y", "x²", "y²", "x·y", "sin πx", "sin πy")
    assert tuple(EXTRA) == EXTRA_INPUTS


def test_extra_inputs_change_neither_points_nor_splits() -> None:
    """The coordinates, the labels and the fingerprint are those without them, bit for bit; each input is scaled."""
    plain, wide = (load_dataset(replace(SPIRALS, scaling="auto", inputs=names)) for names in ((), ("x1x2", "sinx1")))
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(plain.split(name)[0], wide.split(name)[0][:, :2])
        np.testing.assert_array_equal(plain.split(name)[1], wide.split(name)[1])
    assert plain.fingerprint == wide.fingerprint
    np.testing.assert_allclose(wide.x_train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(wide.x_train.std(axis=0), 1, atol=1e-6)


def test_extra_inputs_need_a_plane() -> None:
    """Images have no coordinates: the error says what is needed."""
    with pytest.raises(DataError, match="extra inputs need data with two features, and digits has 64"):
        load_dataset(DataConfig(name="digits", inputs=("x1^2",)))


def test_the_points_have_a_seed_of_their_own() -> None:
    """With a data seed the points stay the same whatever the seed of the run; without, they follow it as ever."""
    own = replace(SPIRALS, seed=7)
    first, second = (load_dataset(own, seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.x_train, load_dataset(SPIRALS, seed=7).x_train)
    assert first.fingerprint != load_dataset(SPIRALS, seed=0).fingerprint


@pytest.mark.parametrize(("header", "is_plane"), [("a,b,label", True), ("a,b,c,label", False), ("a,label", False)])
def test_a_table_with_two_features_is_a_plane(tmp_path: Path, header: str, is_plane: bool) -> None:
    """What a file holds is seen by its first lines; a damaged or missing one is no plane."""
    path = tmp_path / "mine.csv"
    n_columns = header.count(",") + 1
    path.write_text("\n".join([header, *(",".join(str(i * k % 5) for k in range(1, n_columns + 1)) for i in range(9))]))
    assert holds_points(str(path)) is is_plane
    assert not holds_points(str(tmp_path / "none.csv"))
    assert holds_points("moons")
    assert not holds_points("digits")


def test_an_array_with_two_features_is_a_plane(tmp_path: Path) -> None:
    """An NPZ is seen by the header of its array."""
    for width in (2, 3):
        path = tmp_path / f"{width}.npz"
        np.savez(path, x=np.zeros((5, width)), y=np.arange(5))
        assert holds_points(str(path)) is (width == 2)
