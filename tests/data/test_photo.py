"""Photographs of digits: what is read from them, and what is rejected."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from annscope.core.config import DataConfig
from annscope.data.datasets import load_dataset
from annscope.data.errors import DataError
from annscope.data.image_file import fitted
from annscope.data.labelled import has_bare_edges
from annscope.data.photo import ink_of, open_photo
from scripts.photos import photographs, trained_judge


def test_forty_of_forty_photographs_are_read() -> None:
    """Digits in pen and pencil, on plain, ruled and squared paper, in four lights and with shadows, are all read."""
    judge = trained_judge()
    missed = [photo.about for photo in photographs(judge, 40, seed=1) if not judge.reads(photo)]
    assert missed == []


def seven(*, paper: int = 230, ink: int = 30, lines: bool = False) -> Image.Image:
    """A 7 in one thick stroke, perhaps on ruled paper."""
    image = Image.new("L", (300, 400), paper)
    draw = ImageDraw.Draw(image)
    for y in range(30, 400, 40) if lines else ():
        draw.line([(0, y), (300, y)], 190, 2)
    draw.line([(90, 110), (210, 110), (130, 310)], ink, 16, joint="curve")
    return image


def test_light_on_dark_is_read_as_dark_on_light_is() -> None:
    """Chalk on a board and pen on paper give the same figure; which it was is found out, or taken as it is asked."""
    pen, chalk = (ink_of(np.asarray(seven(paper=paper, ink=ink))) for paper, ink in ((230, 30), (30, 230)))
    assert (pen.dark_on_light, chalk.dark_on_light) == (True, False)
    assert pen.image.shape == chalk.image.shape
    assert np.abs(pen.image - chalk.image).mean() < 0.02
    assert ink_of(np.asarray(seven()), dark_on_light=False).dark_on_light is False


def test_ruling_is_removed_and_the_stroke_that_it_crosses_stays_whole() -> None:
    """On ruled paper the same figure is found as on plain paper, although a line runs along its bar."""
    plain, ruled = (ink_of(np.asarray(seven(lines=lines))).image for lines in (False, True))
    assert np.abs(np.array(plain.shape) - ruled.shape).max() <= 6
    common = tuple(min(sizes) for sizes in zip(plain.shape, ruled.shape, strict=True))
    assert np.abs(plain[: common[0], : common[1]] - ruled[: common[0], : common[1]]).mean() < 0.06


def test_what_touches_the_edge_is_no_part_of_the_figure() -> None:
    """A desk beside the sheet and a word that runs out of the frame are left out, the figure alone is found."""
    image = seven()
    alone = ink_of(np.asarray(image)).image
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, 18, 400], 60)
    draw.line([(240, 20), (300, 20)], 30, 9)
    found = ink_of(np.asarray(image)).image
    assert found.shape == alone.shape
    assert np.abs(found - alone).mean() < 0.02


@pytest.mark.parametrize("value", [0, 128, 255])
def test_bare_paper_has_no_ink(value: int) -> None:
    """An even page, with or without noise, has no figure."""
    page = np.full((200, 150), value, np.uint8)
    assert ink_of(page).image.size == 0
    noisy = np.clip(page + np.random.default_rng(0).normal(0, 4, page.shape), 0, 255).astype(np.uint8)
    assert ink_of(noisy).image.size == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (3, 5), (2000, 2)])
def test_an_image_of_any_size_is_read(shape: tuple[int, int]) -> None:
    """A line of pixels, or a single one, is no error."""
    ink_of(np.random.default_rng(0).integers(0, 256, shape, np.uint8))


def test_a_file_is_upright_in_shades_of_grey_with_its_colours_beside() -> None:
    """The orientation in the EXIF data is followed, and the preview keeps colours that the grey values lack."""
    image = Image.new("RGB", (40, 20), (200, 30, 30))
    exif = image.getexif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    photo = open_photo(file.getvalue(), "red.jpg")
    assert photo.gray.shape == (40, 20)
    assert photo.is_coloured
    preview = Image.open(io.BytesIO(photo.preview))
    assert preview.size == (20, 40)
    red, green, _ = np.asarray(preview, int)[20, 10]
    assert red > green + 100
    assert photo.cropped(0.5, 0.25, 1, 0.75).shape == (20, 10)


def test_what_is_no_image_is_rejected_in_one_sentence() -> None:
    """The message names the file and what is wrong: no image, or a damaged one."""
    with pytest.raises(DataError, match=r"notes\.txt is no image that can be read, such as a PNG"):
        open_photo(b"one", "notes.txt")
    file = io.BytesIO()
    seven().save(file, "PNG")
    with pytest.raises(DataError, match=r"^half\.png is a damaged image$"):
        open_photo(file.getvalue()[:200], "half.png")


def test_an_image_of_a_folder_is_read_as_the_folder_was(tmp_path: Path) -> None:
    """A file of the data set, given as a photograph, has the pixels that the network learned from."""
    rng = np.random.default_rng(3)
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for i in range(12):
            Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).save(tmp_path / name / f"{i:02}.png")
    dataset = load_dataset(DataConfig(name=str(tmp_path), image_size=16, scaling="unit"))
    assert dataset.is_photo
    gray = fitted(open_photo((tmp_path / "cats" / "00.png").read_bytes(), "00.png").gray, (16, 16)) / 255
    every = np.concatenate([dataset.x_train, dataset.x_val, dataset.x_test])
    assert np.abs(every - gray.ravel()).max(axis=1).min() < 1e-6


def test_images_with_bare_edges_count_as_ink_and_others_as_photographs() -> None:
    """Digits of either built-in set are ink on paper; arrays that are bright up to their edges are photographs."""
    for name, shape in (("mnist-5k", (28, 28)), ("digits", (8, 8))):
        digits = load_dataset(DataConfig(name=name))
        assert has_bare_edges(digits.x_train, shape)
        assert not has_bare_edges(1 - digits.x_train, shape)
