"""Augmented images: by each setting, within the data's range, and the same bits every time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray
from scipy.ndimage import gaussian_filter, map_coordinates

from annscope.core.config import AUGMENTATIONS, RunConfig, TrainingConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import Batches, epoch_order
from annscope.core.errors import ConfigError
from annscope.core.images.augmentation import Augmentation, Canvas, canvas_of, draw_distortions, move, smooth_fields
from annscope.core.training import Trainer
from tests.core.conftest import make_dataset
from tests.core.engines.test_resuming import bits, snapshots_to_the_end, through_a_file

SHAPE = (12, 10)
EVERYTHING: dict[str, Any] = {"shift": 2, "rotate": 20.0, "zoom": 0.2, "shear": 15.0, "elastic": 1.5}


def images(n: int = 40, *, dtype: str = "float32") -> ndarray:
    """A bright block, three pixels from every edge, with a shade of its own in each image."""
    x = np.zeros((n, *SHAPE), dtype)
    x[:, 3:9, 3:7] = np.linspace(0.5, 1, n)[:, None, None]
    x[:, 3:6, 3:5] *= 0.5
    return x.reshape(n, -1)


def distorted(x: ndarray, epoch: int = 0, place: int = 0, canvas: Canvas | None = None, **amounts: Any) -> ndarray:
    """Copies of images as an epoch meets them from a place on."""
    training = TrainingConfig(**amounts, dtype=str(x.dtype))
    made = x.copy()
    Augmentation(training, canvas or Canvas(SHAPE, 0.0, 1.0, 0.0), 100)(made, epoch, place)
    return made


def image_dataset(n_train: int = 23, **more: Any) -> Dataset:
    """A small data set of images with three classes."""
    clouds = make_dataset(n_train=n_train, n_val=9, n_features=SHAPE[0] * SHAPE[1])
    return replace(clouds, image_shape=SHAPE, **more)


def middle_of(x: ndarray) -> ndarray:
    """The centre of mass of each image, [row, column]."""
    pictures = x.reshape(-1, *SHAPE).astype(np.float64)
    mass = pictures.sum(axis=(1, 2))
    return (
        np.stack([pictures.sum(axis=2) @ np.arange(12), pictures.sum(axis=1) @ np.arange(10)], axis=1) / mass[:, None]
    )


# What each setting does


@given(shift=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_a_shift_moves_by_whole_pixels_up_to_what_it_says(shift: int, seed: int) -> None:
    """Every image is the old one moved, no pixel is lost while there is space, and every distance occurs."""
    x = images(100)
    found = distorted(x, shift=shift, seed=seed)
    moved = np.rint(middle_of(found) - middle_of(x)).astype(int)
    assert set(moved.ravel()) == set(range(-shift, shift + 1))
    for before, after, (down, right) in zip(x, found, moved, strict=True):
        np.testing.assert_array_equal(np.roll(before.reshape(SHAPE), (down, right), (0, 1)).ravel(), after)


def test_what_is_moved_over_the_edge_is_gone_and_background_comes_in() -> None:
    """Nothing comes in again on the other side."""
    x = np.arange(1.0, 121.0, dtype=np.float32)[None].repeat(50, axis=0)
    found = distorted(x, canvas=Canvas(SHAPE, 0.0, 120.0, 0.5), shift=2).reshape(-1, *SHAPE)
    whole = np.full((16, 14), 0.5)
    whole[2:-2, 2:-2] = x[0].reshape(SHAPE)
    allowed = {
        whole[2 - down : 14 - down, 2 - right : 12 - right].tobytes() for down in range(-2, 3) for right in range(-2, 3)
    }
    made = {picture.astype(np.float64).tobytes() for picture in found}
    assert made <= allowed
    assert len(made) > 10


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_asked_for_is_nothing_done(dtype: str) -> None:
    """The bending arithmetic with amounts too small to see leaves every pixel as it was, to rounding."""
    x = images(dtype=dtype)
    found = distorted(x, rotate=1e-12, elastic=1e-12)
    np.testing.assert_allclose(found, x, rtol=0, atol=1e-5 if dtype == "float32" else 1e-10)


def test_bending_by_a_whole_shift_is_the_shift() -> None:
    """The two ways to move an image agree bit for bit, so that a shift means the same beside other settings."""
    x = images()
    np.testing.assert_array_equal(distorted(x, shift=3, elastic_smoothing=2.0), distorted(x, shift=3, shear=1e-300))


def test_a_rotation_turns_about_the_middle_by_up_to_its_angle() -> None:
    """A line through the middle keeps its middle, and its direction is spread evenly over the angles allowed."""
    x = np.zeros((100, *SHAPE), np.float32)
    x[:, 2:10, 4:6] = 1
    found = distorted(x.reshape(100, -1), rotate=40.0).reshape(-1, *SHAPE).astype(np.float64)
    rows, columns = np.arange(12) - 5.5, np.arange(10) - 4.5
    np.testing.assert_allclose(middle_of(found.reshape(100, -1)), [[5.5, 4.5]] * 100, atol=1e-5)
    along = np.einsum("kij,i->k", found, rows**2) - np.einsum("kij,j->k", found, columns**2)
    across = 2 * np.einsum("kij,i,j->k", found, rows, columns)
    angles = np.degrees(np.arctan2(across, along)) / 2
    assert np.abs(angles).max() < 41
    assert np.abs(angles).max() > 35
    assert abs(np.mean(angles)) < 8


def test_a_zoom_changes_height_and_width_each_by_up_to_its_share() -> None:
    """The mass of a block grows and shrinks as its two sides do, and the two sides are drawn apart."""
    x = np.zeros((100, *SHAPE), np.float32)
    x[:, 4:8, 3:7] = 1
    found = distorted(x.reshape(100, -1), zoom=0.25).reshape(-1, *SHAPE)
    height, width = found.sum(axis=1).max(axis=1) / 4, found.sum(axis=2).max(axis=1) / 4
    for side in (height, width):
        assert 0.74 < side.min() < 0.82
        assert 1.18 < side.max() < 1.26
    assert abs(np.corrcoef(height, width)[0, 1]) < 0.4


def test_a_shear_slants_and_leaves_rows_where_they_are() -> None:
    """Each row keeps its mass and moves sideways in proportion to its distance from the middle."""
    x = np.zeros((100, *SHAPE), np.float32)
    x[:, 3:9, 3:7] = 1
    found = distorted(x.reshape(100, -1), shear=20.0).reshape(-1, *SHAPE).astype(np.float64)
    np.testing.assert_allclose(found.sum(axis=2)[:, 3:9], 4, atol=1e-5)
    middle = found[:, 3:9] @ np.arange(10) / found[:, 3:9].sum(axis=2) - 4.5
    steps = np.diff(middle, axis=1)
    np.testing.assert_allclose(steps, steps[:, :1].repeat(5, axis=1), atol=1e-4)
    assert 0.3 < np.abs(steps).max() <= np.tan(np.radians(20)) + 1e-4


@pytest.mark.parametrize("sigma", [1.0, 4.0])
def test_elastic_displacements_have_the_size_and_the_smoothness_asked_for(sigma: float) -> None:
    """A deviation of 1, the same at the edge as in the middle, and neighbours as similar as the Gaussian makes them."""
    fields = smooth_fields(4000, (9, 11), sigma, np.random.default_rng(0))
    np.testing.assert_allclose(fields.std(axis=0), 1, atol=0.06)
    np.testing.assert_allclose(fields.mean(axis=0), 0, atol=0.1)
    expected = np.exp(-1 / (4 * sigma**2))  # two Gaussians, one pixel apart
    assert np.mean(fields[:, :, 1:] * fields[:, :, :-1]) == pytest.approx(expected, abs=0.03)


def test_the_fields_are_noise_under_a_gaussian_of_three_deviations() -> None:
    """SciPy's Gaussian filter, cut off after three deviations, gives the same fields up to their scale."""
    (field,) = smooth_fields(1, (9, 11), 2.0, np.random.default_rng(5))
    noise = 2 * np.random.default_rng(5).random((1, 9 + 12, 11 + 12), dtype=np.float32)[0] - 1
    filtered = gaussian_filter(noise.astype(np.float64), 2.0, truncate=3.0, mode="constant")[6:-6, 6:-6]
    np.testing.assert_allclose(field / np.linalg.norm(field), filtered / np.linalg.norm(filtered), atol=1e-6)


def test_simards_alpha_is_as_told() -> None:
    """The strength of Simard's own figures, alpha 34 with sigma 4, is an elastic of 1.4."""
    away = np.arange(-40, 41)
    kernel = np.exp(-0.5 * (away / 4.0) ** 2)
    kernel /= kernel.sum()
    assert 34 * np.sqrt(1 / 3) * np.square(kernel).sum() == pytest.approx(1.4, abs=0.02)


def test_elastic_bends_each_image_in_its_own_way() -> None:
    """Most of two hundred images displace by a pair of fields of their own."""
    drawn = draw_distortions(TrainingConfig(elastic=1.0), SHAPE, 200, np.random.default_rng(0))
    assert len({tuple(pair) for pair in drawn.pair.tolist()}) > 195
    found = distorted(np.repeat(images(1), 20, axis=0), elastic=1.5)
    assert len({image.tobytes() for image in found}) == 20


# What holds for all


@given(seed=st.integers(0, 2**32 - 1), smoothing=st.sampled_from([0.5, 4.0]))
@settings(max_examples=15, deadline=None)
def test_values_stay_in_the_range_of_the_data_and_the_figure_stays_inside(seed: int, smoothing: float) -> None:
    """No pixel is brighter or darker than the data has them, and with space around it a figure keeps its mass."""
    x = images(100)
    found = distorted(x, seed=seed, elastic_smoothing=smoothing, **EVERYTHING)
    assert found.min() >= 0
    assert found.max() <= 1
    gentle = distorted(x, seed=seed, shift=1, rotate=5.0, shear=3.0)
    np.testing.assert_allclose(gentle.sum(axis=1), x.sum(axis=1), rtol=0.02)


@given(place=st.integers(0, 60), n=st.integers(1, 40), epoch=st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_what_becomes_of_an_image_depends_on_its_place_alone(place: int, n: int, epoch: int) -> None:
    """Alone or among others, first or last, it is distorted bit for bit the same."""
    x = images(100)
    every = distorted(x, epoch, **EVERYTHING)
    some = distorted(x[place : place + n], epoch, place, **EVERYTHING)
    assert some.tobytes() == every[place : place + n].tobytes()


def test_every_epoch_and_every_seed_is_another() -> None:
    """Nothing is learned twice, and the same seed gives the same bits."""
    x = images()
    first = distorted(x, **EVERYTHING)
    assert first.tobytes() == distorted(x, **EVERYTHING).tobytes()
    assert not np.allclose(first, distorted(x, epoch=1, **EVERYTHING))
    assert not np.allclose(first, distorted(x, seed=1, **EVERYTHING))


# Background and scaling


def test_the_background_is_that_of_the_images() -> None:
    """White paper stays white: what comes in from beyond the edge is what the edges of the images are."""
    dataset = image_dataset(x_train=1 - images(23))
    canvas = canvas_of(dataset)
    assert (canvas.background, canvas.lowest, canvas.highest) == (1.0, 0.0, 1.0)
    found = distorted(dataset.x_train, canvas=canvas, **EVERYTHING)
    np.testing.assert_allclose(found.reshape(-1, *SHAPE)[:, 0, 0], 1)


def test_the_background_is_what_the_edges_have() -> None:
    """However much of an image is ink."""
    x = np.zeros((23, *SHAPE))
    x[:, 1:-1, 1:-1] = 1
    assert canvas_of(image_dataset(x_train=x.reshape(23, -1))).background == 0
    assert x.mean() > 0.5
    on_the_edge = np.zeros((1, *SHAPE))
    on_the_edge[:, 0] = on_the_edge[:, 1:6, 0] = on_the_edge[:, 1:6, -1] = 1  # 20 of 40
    for inside in (0, 1):
        on_the_edge[:, 1:-1, 1:-1] = inside
        assert canvas_of(image_dataset(x_train=np.repeat(on_the_edge, 23, axis=0).reshape(23, -1))).background == 0.5


def test_standardised_images_are_distorted_as_the_pixels_they_were() -> None:
    """Distort and then standardise, or standardise and then distort: the same numbers, bare paper included."""
    raw = images(60, dtype="float64") * 255
    rng = np.random.default_rng(0)
    raw += rng.integers(0, 3, raw.shape)  # so that no pixel is constant
    mean, deviation = raw.mean(axis=0), raw.std(axis=0)
    scaled = (raw - mean) / deviation
    dataset = image_dataset(60, x_train=scaled, offset=mean, divisor=deviation)
    background = float(np.median(raw.reshape(-1, *SHAPE)[:, 0]))
    for amounts in ({"shift": 2}, EVERYTHING):
        found = distorted(scaled, canvas=canvas_of(dataset), **amounts)
        expected = distorted(raw, canvas=Canvas(SHAPE, raw.min(), raw.max(), background), **amounts)
        expected = np.clip((expected - mean) / deviation, scaled.min(), scaled.max())
        np.testing.assert_allclose(found, expected, atol=1e-8)


# In a run


@pytest.mark.parametrize("batch_size", [1, 4, 23])
@pytest.mark.parametrize("name", [*AUGMENTATIONS, "everything"])
def test_a_run_resumed_with_augmentation_is_the_same_run(name: str, batch_size: int) -> None:
    """Stopped within a block of batches or between, it goes on bit for bit."""
    dataset = image_dataset()
    amounts = EVERYTHING if name == "everything" else {name: EVERYTHING[name]}
    config = RunConfig().with_values(
        {"hidden": (4,), "batch-size": batch_size, "epochs": 3, "dropout": 0.3, "snapshot-every": 2} | amounts
    )
    expected = snapshots_to_the_end(Trainer(dataset, config))
    first = Trainer(dataset, config)
    found = []
    for _ in range(2):
        found.append(first.snapshot())
        first.advance(2)
    second = Trainer(dataset, config, checkpoint=through_a_file(first.checkpoint()))
    found += snapshots_to_the_end(second)
    assert bits(tuple(found)) == bits(tuple(expected))


def test_a_batch_is_the_gathered_examples_distorted() -> None:
    """What a step meets can be made again from the order of the epoch and the augmentation alone."""
    x = images(50)
    training = TrainingConfig(**EVERYTHING)
    augment = Augmentation(training, Canvas(SHAPE, 0.0, 1.0, 0.0), 50)
    batches = Batches(x, x, None, 8, seed=0, augments=[augment])
    slots, untouched = list(batches.slots()), x.copy()
    for step in (3, 4, 6, 7, 12, 1):
        got, targets, _ = slots[batches.fill(step)]
        epoch, batch = divmod(step, batches.per_epoch)
        rows = epoch_order(50, 0, epoch)[8 * batch : 8 * batch + 8]
        expected = x[rows]
        Augmentation(training, Canvas(SHAPE, 0.0, 1.0, 0.0), 50)(expected, epoch, 8 * batch)
        assert got.tobytes() == expected.tobytes()
        np.testing.assert_array_equal(targets, x[rows], "targets are as they were")
    np.testing.assert_array_equal(x, untouched)


def test_a_full_batch_is_distorted_anew_for_every_step() -> None:
    """With one batch an epoch the examples themselves stay as they are, and each step meets other images."""
    x = images(30)
    untouched = x.copy()
    augment = Augmentation(TrainingConfig(shift=2), Canvas(SHAPE, 0.0, 1.0, 0.0), 30)
    batches = Batches(x, x[:, :1], None, 30, seed=0, augments=[augment])
    ((features, _, _),) = batches.slots()
    met = []
    for step in (0, 1, 0):
        assert batches.fill(step) == 0
        met.append(features.tobytes())
    assert met[0] == met[2] != met[1]
    np.testing.assert_array_equal(x, untouched)


def test_every_engine_meets_the_same_images() -> None:
    """Batches of one, one by one and in plain Python: the same augmented run, to rounding."""
    dataset = image_dataset(150)
    one = RunConfig().with_values(
        {"hidden": (4,), "activation": "tanh", "optimizer": "sgd", "learning-rate": 0.01, "batch-size": 1,
         "epochs": 2, "dtype": "float64"} | EVERYTHING
    )  # fmt: skip
    last = {
        name: snapshots_to_the_end(Trainer(dataset, config))[-1]
        for name, config in {
            "one by one": one,
            "pure Python": one.with_values({"engine": "pure_python"}),
            "batches": one.with_values({"clip-norm": 1e6}),
            "plain": one.with_values(dict.fromkeys(AUGMENTATIONS, 0)),
        }.items()
    }
    weights = {name: snapshot.parameters[0].weight for name, snapshot in last.items()}
    for name in ("pure Python", "batches"):
        np.testing.assert_allclose(weights[name], weights["one by one"], rtol=1e-9, atol=1e-12)
    assert not np.allclose(weights["plain"], weights["one by one"], rtol=1e-3)


def test_figures_are_taken_on_the_plain_images() -> None:
    """Before the first step a snapshot is the same with and without augmentation."""
    dataset = image_dataset()
    config = RunConfig().with_values({"hidden": (4,), "train-sample": 0})
    plain, augmented = (Trainer(dataset, made).snapshot() for made in (config, config.with_values(EVERYTHING)))
    assert bits(plain) == bits(augmented)


@pytest.mark.parametrize("settings", [{}, {"batch-size": 1, "optimizer": "sgd"}])
def test_what_is_no_image_is_refused_in_one_sentence(settings: dict[str, Any]) -> None:
    """The sentence names the settings and the data set that do not match."""
    config = RunConfig().with_values({"elastic": 1.0} | settings)
    with pytest.raises(
        ConfigError, match="shift, rotate, zoom, shear and elastic need a data set of images, and clouds"
    ):
        Trainer(make_dataset(), config)


def test_an_image_cannot_be_moved_out_of_sight() -> None:
    """A shift as wide as the image leaves nothing to learn from."""
    with pytest.raises(ConfigError, match="shift must be less than the images' side, 12x10, got 10"):
        Trainer(image_dataset(), RunConfig().with_values({"shift": 10}))


def test_turned_and_slanted_at_once_an_image_keeps_its_area() -> None:
    """The map between old and new pixels is a rotation times a shear, so its determinant is 1."""
    rng = np.random.default_rng(0)
    drawn = draw_distortions(TrainingConfig(rotate=60.0, shear=40.0), SHAPE, 50, rng)
    np.testing.assert_allclose(np.linalg.det(drawn.inverse), 1, rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(drawn.inverse[:, 0], axis=1), 1, rtol=1e-12)
    assert np.abs(np.linalg.norm(drawn.inverse[:, 1], axis=1) - 1).max() > 0.1


@pytest.mark.parametrize("part", ["offset", "divisor"])
def test_images_shifted_or_scaled_pixel_by_pixel_are_distorted_as_the_pixels_they_were(part: str) -> None:
    """Also where only what is taken from each pixel is its own, or only what it is divided by."""
    raw = images(60, dtype="float64") * 255
    of_pixels = np.random.default_rng(0).uniform(1, 9, raw.shape[1])
    offset, divisor = (of_pixels, 4.0) if part == "offset" else (2.0, of_pixels)
    dataset = image_dataset(60, x_train=(raw - offset) / divisor, offset=offset, divisor=divisor)
    canvas = canvas_of(dataset)
    assert canvas.background == pytest.approx(0, abs=1e-9)
    for amounts in ({"shift": 2}, EVERYTHING):
        found = distorted(dataset.x_train, canvas=canvas, **amounts)
        expected = distorted(raw, canvas=Canvas(SHAPE, raw.min(), raw.max(), 0.0), **amounts)
        expected = np.clip((expected - offset) / divisor, dataset.x_train.min(), dataset.x_train.max())
        np.testing.assert_allclose(found, expected, atol=1e-8)


def test_the_distortions_of_an_epoch_are_drawn_by_number_4() -> None:
    """From the seed and the epoch, so that a run can be repeated by any version."""
    training = TrainingConfig(seed=7, shift=2)
    x = images(20)
    found = x.copy()
    Augmentation(training, Canvas(SHAPE, 0.0, 1.0, 0.0), 20)(found, 3, 0)
    shifts = np.random.default_rng([7, 4, 3]).integers(-2, 2, (20, 2), endpoint=True)
    expected = x.reshape(-1, *SHAPE).copy()
    move(expected, shifts, 0.0)
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)


def test_a_distortion_undoes_scaling_slanting_and_turning_about_the_middle() -> None:
    """Its map is the inverse of the matrices multiplied, whose amounts are drawn evenly within the settings."""
    training = TrainingConfig(shift=2, zoom=0.3, shear=25.0, rotate=40.0)
    n, rng = 30, np.random.default_rng(1)
    found = draw_distortions(training, SHAPE, n, np.random.default_rng(1))
    shift = rng.integers(-2, 2, (n, 2), endpoint=True)
    size = rng.uniform(0.7, 1.3, (n, 2))
    slant, angle = np.tan(np.radians(rng.uniform(-25, 25, n))), np.radians(rng.uniform(-40, 40, n))
    np.testing.assert_array_equal(found.shift, shift)
    for i in range(n):
        turn = np.array([[np.cos(angle[i]), np.sin(angle[i])], [-np.sin(angle[i]), np.cos(angle[i])]])
        forward = turn @ np.array([[1, 0], [slant[i], 1]]) @ np.diag(size[i])
        np.testing.assert_allclose(found.inverse[i], np.linalg.inv(forward), atol=1e-12)
        middle = np.array([5.5, 4.5])
        np.testing.assert_allclose(found.inverse[i] @ (middle + shift[i]) + found.origin[i], middle, atol=1e-12)


def test_pixels_are_interpolated_as_scipy_does() -> None:
    """At the places that the drawn maps and displacements give, with the background beyond the edge."""
    training, n = TrainingConfig(**EVERYTHING, dtype="float64", seed=3), 25
    x = np.random.default_rng(0).random((n, *SHAPE))
    found = distorted(x.reshape(n, -1), canvas=Canvas(SHAPE, 0.0, 1.0, 0.25), seed=3, **EVERYTHING)
    drawn = draw_distortions(training, SHAPE, 100, np.random.default_rng([3, 4, 0]))
    p = np.indices(SHAPE).reshape(2, -1)
    for i, image in enumerate(found.reshape(-1, *SHAPE)):
        bent = np.stack([drawn.fields[drawn.pair[i, axis]].ravel() for axis in (0, 1)])
        places = drawn.inverse[i] @ p + drawn.origin[i][:, None] + bent
        expected = map_coordinates(x[i], places, order=1, mode="grid-constant", cval=0.25)
        np.testing.assert_allclose(image.ravel(), expected, atol=1e-9)
