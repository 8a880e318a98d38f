"""The pictures beside the augmentation settings are what a run learns from, and they appear where there are images."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annscope.core.config import AUGMENTATIONS, RunConfig
from annscope.core.engines.batches import epoch_order
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.errors import ConfigError
from annscope.dashboard import state
from annscope.dashboard.augmented import N_EPOCHS, augmented
from annscope.dashboard.components import controls
from annscope.data.datasets import load_dataset
from tests.dashboard.test_controls import open_page, settings

EVERYTHING = {"shift": 1, "rotate": 15.0, "zoom": 0.1, "shear": 5.0, "elastic": 0.8}


@pytest.mark.parametrize("batch_size", [100, "full"])
@pytest.mark.parametrize("scaling", ["auto", "standard"])
def test_the_pictures_are_what_a_run_learns_from(batch_size: int | str, scaling: str) -> None:
    """Every pixel shown is one that the batches of that epoch hold."""
    config = RunConfig().with_values({"data": "digits", "batch-size": batch_size, "scaling": scaling} | EVERYTHING)
    dataset = load_dataset(config.data, dtype="float32")
    batches = NumpyEngine(dataset, config, dataset.x_train).strategy.context.batches()
    slots, found = list(batches.slots()), augmented(config)
    raw = dataset.x_train * dataset.divisor + dataset.offset if scaling == "standard" else dataset.x_train
    chosen = [int(np.argmin(np.abs(raw / raw.max() - picture.ravel()).sum(axis=1))) for picture in found.originals]
    assert dataset.y_train[chosen].tolist() == [0, 4, 9]
    for epoch in range(N_EPOCHS):
        order = epoch_order(len(raw), 0, epoch, shuffle=batch_size != "full")
        for i, index in enumerate(chosen):
            batch, row = divmod(int(np.flatnonzero(order == index)[0]), batches.batch_size)
            x = slots[batches.fill(epoch * batches.per_epoch + batch)][0][row]
            if scaling == "standard":
                x = x * dataset.divisor + dataset.offset
            expected = np.clip(x / raw.max(), 0, 1)
            np.testing.assert_allclose(found.augmented[i, epoch].ravel(), expected, atol=1e-5)


def test_there_are_none_of_what_is_no_image() -> None:
    """A set of points raises the error of the run itself."""
    with pytest.raises(ConfigError, match="need a data set of images"):
        augmented(RunConfig().with_values({"data": "moons", "shift": 1}))


def test_the_controls_appear_for_images_alone(tmp_path: Path) -> None:
    """Points and tables have no such controls, images have, and so has a file of images."""
    table, pixels, arrays = tmp_path / "table.csv", tmp_path / "pixels.csv", tmp_path / "images.npz"
    table.write_text("a,b,label\n1,2,x\n3,4,y\n")
    pixels.write_text("\n".join(",".join([*map(str, range(k, k + 64)), label]) for k, label in enumerate("xyxy")))
    np.savez(arrays, x=np.zeros((4, 5, 6)), y=np.array([0, 1, 0, 1]))
    for name, has in (("digits", True), ("mnist", True), ("moons", False), (str(table), False), (str(pixels), True),
                      (str(arrays), True)):  # fmt: skip
        page = open_page({"data": name})
        shown = {option for option in AUGMENTATIONS if page.session_state[state.SETTINGS] and _has(page, option)}
        assert shown == (set(AUGMENTATIONS) if has else set()), name
    moons = open_page({"data": "digits", "shift": "2"})
    moons.selectbox(key=state.control("data")).set_value("moons").run()
    assert controls.config_of(settings(moons)).training.shift == 0, "what has no control does nothing"


def test_a_folder_of_images_is_a_choice_like_any_other(tmp_path: Path) -> None:
    """Its path in the address brings the controls that images have, the size that all are brought to among them."""
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(6):
            Image.fromarray(np.full((5, 5), 40 * i, np.uint8)).save(tmp_path / label / f"{i}.png")
    page = open_page({"data": str(tmp_path), "image-size": "8", "shift": "1"})
    assert not page.warning
    assert not page.error
    assert _has(page, "image-size")
    assert not _has(page, "train-examples")
    assert controls.config_of(settings(page)).data.image_size == 8
    assert "Your own images, a subfolder for each class." in [caption.value for caption in page.sidebar.caption]
    assert augmented(controls.config_of(settings(page))).originals.shape == (2, 8, 8)
    assert not _has(open_page({"data": "digits"}), "image-size")


def _has(page: object, option: str) -> bool:
    return any(slider.key == state.control(option) for slider in page.select_slider)  # type: ignore[attr-defined]


def test_the_pictures_are_shown_once_something_is_done() -> None:
    """A link that augments opens the pictures: each image the original and five epochs, with a text for each."""
    page = open_page({"data": "digits", "rotate": "20.0"})
    (strip,) = [
        element.proto.body for element in page.sidebar.get("html") if "annscope-augmented" in element.proto.body
    ]
    assert len(re.findall("<img", strip)) == 3 * (1 + N_EPOCHS)
    assert len(set(re.findall('src="([^"]+)"', strip))) == 3 * (1 + N_EPOCHS)
    assert 'alt="augmented in epoch 5"' in strip
    closed = open_page({"data": "digits"})
    closed.session_state[state.AUGMENTATION] = False
    closed.run()
    assert not [element for element in closed.sidebar.get("html") if "annscope-augmented" in element.proto.body]
