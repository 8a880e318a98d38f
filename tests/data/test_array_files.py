"""NPZ files as people really have them: any usual names, layouts and ranges; what was assumed is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annscope.core.config import DataConfig, RunConfig
from annscope.core.dataset import Dataset
from annscope.data.datasets import holds_images, load_dataset, load_run_dataset
from annscope.data.errors import DataError
from annscope.data.user_file import load_user_file

RNG = np.random.default_rng(3)
N = 60
Y = np.arange(N) % 5
IMAGES = RNG.integers(0, 256, (N, 8, 8), np.uint8)
IMAGES[:, 0, 0] = 255


def smooth(n: int = N, side: int = 12) -> np.ndarray:
    """Soft discs, from 0 to 1, as fractions [n, side, side]."""
    at = np.arange(side)
    centers = RNG.uniform(side / 4, side * 3 / 4, (n, 2))
    distance = np.hypot(at[None, :, None] - centers[:, 0, None, None], at[None, None, :] - centers[:, 1, None, None])
    return np.clip(1.5 - distance / 3, 0, 1)


def npz(tmp_path: Path, **arrays: Any) -> Path:
    path = tmp_path / "arrays.npz"
    np.savez(path, **arrays)
    return path


def load(path: Path, **settings: Any) -> Dataset:
    return load_dataset(DataConfig(name=str(path), **settings))


# ---- names


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("X", "Y"),
        ("X", "y"),
        ("images", "labels"),
        ("Image", "Label"),
        ("data", "target"),
        ("features", "targets"),
        ("inputs", "classes"),
        ("X_train", "y_train"),
        ("Xtrain", "Ytrain"),
        ("trainX", "trainY"),
        ("train_x", "train_y"),
        ("TRAIN_IMAGES", "TRAIN_LABELS"),
        ("training_images", "training_labels"),
        ("train_set_x_orig", "train_set_y"),
    ],
)
def test_every_usual_spelling_is_read(tmp_path: Path, x: str, y: str) -> None:
    """Examples and labels are found by what people call them, in upper or lower case, without a word needed."""
    path = npz(tmp_path, **{x: IMAGES, y: Y})
    examples = load_user_file(path)
    np.testing.assert_array_equal(examples.x, IMAGES.reshape(N, -1))
    np.testing.assert_array_equal(examples.y, Y)
    assert (examples.image_shape, examples.notes) == ((8, 8), ())
    assert holds_images(str(path))


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        (("train_images", "train_labels"), ("val_images", "val_labels"), ("test_images", "test_labels")),
        (("X_train", "y_train"), ("X_valid", "y_valid"), ("X_test", "y_test")),
        (("x", "y"), ("x_dev", "y_dev"), ("x_testing", "y_testing")),
    ],
)
def test_the_splits_of_a_file_are_kept(
    tmp_path: Path, train: tuple[str, str], validation: tuple[str, str], test: tuple[str, str]
) -> None:
    """Validation arrays are the held-out split, test arrays the test split, whatever share is set, and it is said."""
    arrays = {train[0]: IMAGES[:30], train[1]: Y[:30, None]}
    arrays |= {validation[0]: IMAGES[30:40], validation[1]: Y[30:40, None]}
    arrays |= {test[0]: IMAGES[40:], test[1]: Y[40:, None]}
    dataset = load(npz(tmp_path, **arrays), split=0.3, scaling="none")
    for split, rows in (("train", slice(0, 30)), ("validation", slice(30, 40)), ("test", slice(40, None))):
        x, y = dataset.split(split)
        np.testing.assert_array_equal(x, IMAGES[rows].reshape(-1, 64))
        np.testing.assert_array_equal(y, Y[rows])
    assert dataset.heldout == "validation"
    assert dataset.notes == (
        f"The splits are those of the file: {validation[0]} for validation (10), {test[0]} for testing (20).",
    )


def test_every_example_has_its_place_in_its_array(tmp_path: Path) -> None:
    """The source of an example is its array and its index there, also of a split that is drawn from another."""
    arrays = {"X_train": IMAGES[:40], "y_train": Y[:40], "X_test": IMAGES[40:], "y_test": Y[40:]}
    dataset = load(npz(tmp_path, **arrays), split=0.25, scaling="none")
    for split, array in (("train", "X_train"), ("validation", "X_train"), ("test", "X_test")):
        for i, x in enumerate(dataset.split(split)[0]):
            name, index = dataset.source(split, i).removesuffix("]").split("[")
            assert name == array
            np.testing.assert_array_equal(arrays[name][int(index)].ravel(), x)


def test_a_validation_split_is_another_data_set_than_a_test_split(tmp_path: Path) -> None:
    """The fingerprint tells which split was given."""
    both = {"x_train": IMAGES[:40], "y_train": Y[:40]}
    first = load_user_file(npz(tmp_path, **both, x_val=IMAGES[40:], y_val=Y[40:])).fingerprint()
    assert first != load_user_file(npz(tmp_path, **both, x_test=IMAGES[40:], y_test=Y[40:])).fingerprint()


@pytest.mark.parametrize("order", [("x", "y"), ("y", "x")])
def test_two_arrays_without_names_are_told_apart_by_their_shapes(tmp_path: Path, order: tuple[str, str]) -> None:
    """As numpy.savez(path, x, y) writes them, in either order, and which is which is said."""
    path = tmp_path / "arrays.npz"
    np.savez(path, *({"x": IMAGES, "y": Y}[name] for name in order))
    examples = load_user_file(path)
    np.testing.assert_array_equal(examples.y, Y)
    x, y = ("arr_0", "arr_1") if order == ("x", "y") else ("arr_1", "arr_0")
    assert examples.notes == (f"The arrays have no names: {x} is taken as the examples, {y} as labels.",)


@pytest.mark.parametrize("grouped", [True, False], ids=["x y x y", "x x y y"])
def test_four_arrays_without_names_are_training_and_test(tmp_path: Path, grouped: bool) -> None:
    """In pairs, or as scikit-learn's train_test_split returns them."""
    path = tmp_path / "arrays.npz"
    parts = [IMAGES[:40], Y[:40], IMAGES[40:], Y[40:]]
    np.savez(path, *(parts if grouped else [parts[0], parts[2], parts[1], parts[3]]))
    examples = load_user_file(path)
    assert examples.test is not None
    np.testing.assert_array_equal(examples.y, Y[:40])
    np.testing.assert_array_equal(examples.test[1], Y[40:])
    assert "no names" in examples.notes[0]


def test_a_choice_among_arrays_is_said(tmp_path: Path) -> None:
    """As in scikit-learn's digits, which hold the images twice."""
    examples = load_user_file(npz(tmp_path, data=IMAGES.reshape(N, 64), images=IMAGES, target=Y))
    assert examples.notes == ("Read images as the examples and target as their labels, and not data.",)


def test_a_split_without_its_labels_is_named(tmp_path: Path) -> None:
    """In the spelling of the others."""
    path = npz(tmp_path, X_train=IMAGES, y_train=Y, X_val=IMAGES)
    with pytest.raises(DataError, match="has X_val without y_val"):
        load_user_file(path)


def test_an_array_alone_is_rejected_with_what_to_do(tmp_path: Path) -> None:
    """A .npy file has no labels."""
    np.save(tmp_path / "x.npy", IMAGES)
    with pytest.raises(
        DataError, match=r"x.npy is not an NPZ file: it holds one array .* numpy.savez\('data.npz', x=x, y=y\)"
    ):
        load_user_file(tmp_path / "x.npy")


def test_pickled_labels_are_rejected_with_what_to_do(tmp_path: Path) -> None:
    """Objects are never loaded."""
    path = npz(tmp_path, X=IMAGES, y=Y.astype(str).astype(object))
    with pytest.raises(DataError, match="the array y holds Python objects, which are never loaded; save it as"):
        load_user_file(path)


# ---- labels


@pytest.mark.parametrize("dtype", ["float32", "bool", "int64"])
def test_one_hot_rows_are_classes(tmp_path: Path, dtype: str) -> None:
    """A single 1 in every row names the class, which is said; for an output of labels they stay labels."""
    rows = np.eye(5, dtype=dtype)[Y]
    path = npz(tmp_path, x_train=IMAGES[:40], y_train=rows[:40], x_test=IMAGES[40:], y_test=rows[40:])
    dataset = load(path)
    assert (dataset.class_names, dataset.is_multilabel) == (("0", "1", "2", "3", "4"), False)
    np.testing.assert_array_equal(dataset.y_test, Y[40:])
    assert dataset.notes[0] == (
        "Each row of y_train has exactly one 1, whose column is the class; with the output sigmoid they are labels."
    )
    labels = load_dataset(DataConfig(name=str(path)), takes_labels=True)
    assert (labels.is_multilabel, len(labels.class_names)) == (True, 5)
    np.testing.assert_array_equal(labels.y_test, rows[40:])


@pytest.mark.parametrize(("output", "is_multilabel"), [("softmax", False), ("sigmoid", True)])
def test_the_output_of_a_run_decides_what_one_hot_rows_are(tmp_path: Path, output: str, is_multilabel: bool) -> None:
    """Everywhere that a run's data is loaded."""
    path = npz(tmp_path, x=IMAGES, y=np.eye(5)[Y])
    config = RunConfig().with_values({"data": str(path), "output": output})
    assert load_run_dataset(config).is_multilabel == is_multilabel


def test_one_hot_classes_keep_their_names(tmp_path: Path) -> None:
    """Of the columns that are used."""
    path = npz(tmp_path, x=IMAGES, y=np.eye(5)[Y % 3], class_names=["e", "d", "c", "b", "a"])
    assert load_user_file(path).class_names == ("e", "d", "c")


def test_rows_of_several_labels_stay_labels(tmp_path: Path) -> None:
    """One row with two 1 is enough."""
    rows = np.eye(5)[Y]
    rows[7] = 1
    assert load_user_file(npz(tmp_path, x=IMAGES, y=rows)).y.ndim == 2


# ---- layouts and ranges


@pytest.mark.parametrize(
    "layout", [(slice(None), None), (slice(None), slice(None), slice(None), None), (slice(None),)],
    ids=["channels first", "channels last", "none"],
)  # fmt: skip
def test_one_channel_may_come_anywhere(tmp_path: Path, layout: Any) -> None:
    """[n, 1, h, w], [n, h, w, 1] and [n, h, w] are the same images."""
    dataset = load(npz(tmp_path, x=smooth().astype(np.float32)[layout], y=Y))
    assert (dataset.image_shape, dataset.notes) == ((12, 12), ())
    assert (dataset.x_train.min(), dataset.x_train.max()) == (0, 1)


@pytest.mark.parametrize("first", [True, False], ids=["channels first", "channels last"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_colours_become_grey_and_it_is_said(tmp_path: Path, first: bool, dtype: str) -> None:
    """By the weights of ITU-R 601-2, in bytes or fractions."""
    colours = np.zeros((N, 6, 7, 3), dtype)
    white = 255 if dtype == "uint8" else 1
    for channel in range(3):
        colours[channel, ..., channel] = white
    examples = load_user_file(npz(tmp_path, x=np.moveaxis(colours, -1, 1) if first else colours, y=Y))
    assert (examples.image_shape, examples.x.dtype) == ((6, 7), np.uint8 if dtype == "uint8" else np.float64)
    np.testing.assert_allclose(examples.x[:3, 0] / white, (0.299, 0.587, 0.114), atol=0.002)
    shown = "3x6x7, channels first" if first else "6x7x3, channels last"
    assert examples.notes == (f"The images of x have 3 channels ({shown}): they became shades of grey.",)


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    """Four channels are colours and opacity."""
    images = np.zeros((N, 6, 7, 4), np.uint8)
    images[1, ..., 3] = 255
    examples = load_user_file(npz(tmp_path, x=images, y=Y))
    assert (examples.x[0].min(), examples.x[1].max()) == (255, 0)
    assert "on white where they are transparent" in examples.notes[0]


def test_flat_fractions_that_look_like_images_are_images(tmp_path: Path) -> None:
    """Rows of 0 to 1 in a square in which neighbours are alike are drawn and scaled as images, which is said."""
    path = npz(tmp_path, x=smooth().reshape(N, -1).astype(np.float32), y=Y)
    dataset = load(path)
    assert dataset.image_shape == (12, 12)
    assert (dataset.x_train.min(), dataset.x_train.max()) == (0, 1)
    assert dataset.notes == ("The 144 values of each example are taken as an image of 12x12.",)


@pytest.mark.parametrize("x", [RNG.uniform(0, 1, (N, 144)), RNG.normal(size=(N, 144)), smooth(side=4).reshape(N, 16)])
def test_other_fractions_are_features(tmp_path: Path, x: np.ndarray) -> None:
    """Unrelated neighbours, other ranges and a few columns are a table."""
    examples = load_user_file(npz(tmp_path, x=x, y=Y))
    assert (examples.image_shape, examples.notes) == (None, ())


@pytest.mark.parametrize("flat", [True, False])
def test_pixels_from_minus_one_become_zero_to_one(tmp_path: Path, flat: bool) -> None:
    """Black is 0 in every view, and it is said."""
    images = smooth() * 2 - 1
    dataset = load(npz(tmp_path, x=images.reshape(N, -1) if flat else images, y=Y))
    assert dataset.image_shape == (12, 12)
    assert (dataset.x_train.min(), dataset.x_train.max()) == (0, 1)
    assert dataset.notes[-1] == "The pixels of x lie between -1 and 1: -1 became black, 0, and 1 white, 1."


def test_standardised_pixels_become_zero_to_one(tmp_path: Path) -> None:
    """By the least and the greatest of the training array, in every split alike."""
    images = (smooth() - 0.13) / 0.31
    dataset = load(npz(tmp_path, x_train=images[:40], y_train=Y[:40], x_test=images[40:], y_test=Y[40:]))
    assert (dataset.x_train.min(), dataset.x_train.max(), dataset.x_test.min()) == (0, 1, 0)


def test_images_with_other_channels_are_rows_of_features(tmp_path: Path) -> None:
    """Of which a word is said."""
    examples = load_user_file(npz(tmp_path, x=RNG.normal(size=(N, 5, 6, 7)), y=Y))
    assert (examples.image_shape, examples.x.shape) == (None, (N, 210))
    assert examples.notes == ("Each example of x, 5x6x7 values, is taken as a row of 210.",)


def test_images_may_be_transposed(tmp_path: Path) -> None:
    """The setting swaps rows and columns, in every split; data without images has none."""
    images = RNG.integers(0, 256, (N, 6, 9), np.uint8)
    path = npz(tmp_path, x_train=images[:40], y_train=Y[:40], x_test=images[40:], y_test=Y[40:])
    dataset = load(path, transpose=True, scaling="none", split=0)
    assert dataset.image_shape == (9, 6)
    np.testing.assert_array_equal(dataset.x_train[0].reshape(9, 6), images[0].T)
    np.testing.assert_array_equal(dataset.x_test[0].reshape(9, 6), images[40].T)
    with pytest.raises(DataError, match="holds no images to transpose"):
        load(npz(tmp_path, x=RNG.normal(size=(N, 5)), y=Y), transpose=True)
