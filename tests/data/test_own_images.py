"""Images as people really have them: folders of splits, junk, broken files, every format and depth, archives."""

from __future__ import annotations

import io
import os
import sys
import time
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import ndarray
from PIL import Image

from annscope.core.config import DataConfig
from annscope.data.datasets import check_name, holds_images, load_dataset
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.user_file import load_user_file


def shades(seed: int, height: int = 6, width: int = 5) -> ndarray:
    """A random picture of grey."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def fill(folder: Path, n: int, *, seed: int = 0, suffix: str = "png") -> Path:
    """A folder with `n` random pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        Image.fromarray(shades(seed + i)).save(folder / f"{i}.{suffix}")
    return folder


def pets(folder: Path, n: int = 3, *, seed: int = 0) -> Path:
    """Two classes of `n` pictures each."""
    fill(folder / "cat", n, seed=seed)
    fill(folder / "dog", n, seed=seed + 500)
    return folder


def load(path: Path, **settings: Any) -> Examples:
    return load_user_file(path, DataConfig(**settings))


def error_of(path: Path, **settings: Any) -> str:
    with pytest.raises(DataError) as caught:
        load(path, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(path), "PATH")


# ---- splits


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Train", "Validation", "Test"),
        ("TRAINING", "VALID", "TESTING"),
        ("training_set", "dev", "test_set"),
        ("train_images", "val-images", "testset"),
        ("train", "val", None),
        ("train", None, "test"),
    ],
)
def test_folders_of_splits_are_the_splits(tmp_path: Path, train: str, validation: str | None, test: str | None) -> None:
    """The classes lie in them, a validation folder is the held-out split, a test folder the test split: it is said."""
    pets(tmp_path / train, 20)
    for name, n in ((validation, 4), (test, 7)):
        if name:
            pets(tmp_path / name, n, seed=1000 * n)
    dataset = load_dataset(DataConfig(name=str(tmp_path), split=0.2))
    assert dataset.class_names == ("cat", "dog")
    n_test = 14 if test else 4
    n_validation = 8 if validation else round(0.2 * (40 if test else 36))
    assert (len(dataset.y_val), len(dataset.y_test)) == (n_validation, n_test)
    assert len(dataset.y_train) == 40 - (0 if test else n_test) - (0 if validation else n_validation)
    given = {name: where for name, where in ((validation, "validation (8"), (test, "testing (14")) if name}
    for name, where in given.items():
        assert f"{name} for {where} images)" in dataset.notes[0]


def test_a_validation_folder_is_held_out_whatever_share_is_set(tmp_path: Path) -> None:
    """Also with 0."""
    pets(tmp_path / "train", 10)
    pets(tmp_path / "val", 3, seed=50)
    dataset = load_dataset(DataConfig(name=str(tmp_path), split=0))
    assert (dataset.heldout, len(dataset.y_val)) == ("validation", 6)


def test_splits_may_lie_in_the_folder_of_an_archive(tmp_path: Path) -> None:
    """A single folder inside, as archives have, is entered, and it is said."""
    pets(tmp_path / "my data" / "train")
    pets(tmp_path / "my data" / "test", seed=100)
    examples = load(tmp_path)
    assert examples.class_names == ("cat", "dog")
    assert examples.notes[0] == "The classes are the folders in my data."


def test_two_folders_of_one_split_are_named(tmp_path: Path) -> None:
    """Which of them is meant cannot be guessed."""
    for name in ("train", "val", "valid"):
        pets(tmp_path / name)
    assert error_of(tmp_path) == "PATH has val and valid, which both mean validation: leave one"


def test_splits_without_training_are_named(tmp_path: Path) -> None:
    """With what is missing."""
    pets(tmp_path / "val")
    pets(tmp_path / "test")
    assert error_of(tmp_path).startswith("PATH has test and val, but no train folder")


# ---- junk and broken files


def test_what_systems_leave_behind_is_not_seen(tmp_path: Path) -> None:
    """Files and folders of macOS and Windows are neither classes nor images, and no word is said of them."""
    folder = pets(tmp_path / "pets")
    plain = load(folder).fingerprint()
    for where in (folder, folder / "cat"):
        for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._0.png"):
            (where / name).write_bytes(b"\0\5\x16\7")
    for name in ("__MACOSX", ".ipynb_checkpoints"):
        fill(folder / name / "cat", 2, seed=90)
    examples = load(folder)
    assert (examples.fingerprint(), examples.notes, examples.left_out) == (plain, (), ())


def test_broken_files_are_left_out_counted_and_named(tmp_path: Path) -> None:
    """The first names in a sentence, all of them in the list."""
    folder = pets(tmp_path / "pets", 8)
    whole = (folder / "cat" / "0.png").read_bytes()
    for i in range(5):
        (folder / "cat" / f"bad{i}.jpg").write_bytes(b"")
    (folder / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "dog" / "notes.txt").write_text("a dog")
    dataset = load_dataset(DataConfig(name=str(folder)))
    assert sum(len(dataset.split(name)[1]) for name in ("train", "validation", "test")) == 16
    assert dataset.notes == (
        "Left out of pets: files that are not images (cat/bad0.jpg, cat/bad1.jpg, cat/bad2.jpg and 3 more); "
        "damaged images (dog/cut.png).",
    )
    assert len(dataset.left_out) == 7
    assert "cat/bad4.jpg: files that are not images" in dataset.left_out


# ---- formats


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "gif", "bmp", "ppm", "tga", "jp2", "ico", "pcx", "dds"])
@pytest.mark.parametrize("named", [True, False], ids=["by its name", "as .jpg"])
def test_every_format_is_read_by_its_content(tmp_path: Path, suffix: str, named: bool) -> None:
    """Whatever a file is called; only the few formats without a signature need their name."""
    if suffix == "tga" and not named:
        suffix = "png"
    folder = pets(tmp_path / "pets", 1)
    picture = np.kron(np.array([[0, 255], [255, 0]], np.uint8), np.ones((8, 8), np.uint8))
    for path in folder.glob("*/*.png"):
        Image.fromarray(np.full((16, 16), 7, np.uint8)).save(path)
    options = {"lossless": True} if suffix == "webp" else {"sizes": [(16, 16)]} if suffix == "ico" else {}
    image = Image.fromarray(picture).convert("RGB" if suffix in {"ico", "dds", "webp"} else "L")
    image.save(tmp_path / f"x.{suffix}", **options)
    (tmp_path / f"x.{suffix}").rename(folder / "dog" / (f"z.{suffix}" if named else "z.jpg"))
    np.testing.assert_array_equal(load(folder).x[-1].reshape(16, 16), picture)


def test_an_animation_is_its_first_image(tmp_path: Path) -> None:
    """And it is said."""
    folder = pets(tmp_path / "pets", 2)
    frames = [Image.fromarray(shades(i)) for i in range(3)]
    frames[0].save(folder / "dog" / "z.gif", save_all=True, append_images=frames[1:])
    examples = load(folder)
    np.testing.assert_array_equal(examples.x[-1], shades(0).ravel())
    assert examples.notes == ("Of animations and files with several pages the first image was read.",)


# ---- depths, transparency and colour


@pytest.mark.parametrize("white", [256, 1024, 4096, 65536])
def test_deep_images_are_scaled_by_the_bits_that_the_set_uses(tmp_path: Path, white: int) -> None:
    """A scanner's 12 bits in 16 use the whole range of grey, by one scale for all images, and it is said."""
    greatest = white - 16
    for label, factor in (("neg", 0.5), ("pos", 1.0)):
        (tmp_path / "scans" / label).mkdir(parents=True)
        for i in range(3):
            values = np.linspace(0, greatest * factor, 36).reshape(6, 6).round() // (i + 1)
            Image.fromarray(values.astype(np.uint16)).save(tmp_path / "scans" / label / f"{i}.png")
    examples = load(tmp_path / "scans")
    assert examples.x[3, -1] == greatest * 256 // white
    assert examples.x[0, -1] == pytest.approx(examples.x[3, -1] / 2, abs=1)
    assert examples.notes == (
        f"Images of more than 8 bits hold values from 0 to {greatest}: 0 became black and {white} white.",
    )


def test_fractions_are_scaled_from_the_least_to_the_greatest(tmp_path: Path) -> None:
    """As in TIFF files of microscopes."""
    for label in "ab":
        (tmp_path / "tiff" / label).mkdir(parents=True)
        for i in range(2):
            values = np.linspace(-0.5, 1.5 if label == "b" else 0.5, 36, dtype=np.float32).reshape(6, 6) / (i + 1)
            Image.fromarray(values).save(tmp_path / "tiff" / label / f"{i}.tif")
    examples = load(tmp_path / "tiff")
    assert (examples.x[0, 0], examples.x[2, -1]) == (0, 255)
    assert "-0.5 became black" in examples.notes[0]


@pytest.mark.parametrize(("ink", "background", "where"), [(255, 0, "black"), (0, 255, "white")])
def test_strokes_on_transparency_are_seen(tmp_path: Path, ink: int, background: int, where: str) -> None:
    """White ones on black, black ones on white, and it is said."""
    for c, label in enumerate("ab"):
        (tmp_path / "icons" / label).mkdir(parents=True)
        for i in range(3):
            pixels = np.zeros((8, 8, 4), np.uint8)
            pixels[2 + c, 1 : 4 + i] = (ink, ink, ink, 255)
            Image.fromarray(pixels).save(tmp_path / "icons" / label / f"{i}.png")
    examples = load(tmp_path / "icons")
    picture = examples.x[0].reshape(8, 8)
    assert (picture[2, 1], picture[0, 0]) == (ink, background)
    assert examples.notes[0].startswith(f"Transparent images were put on {where}, ")


def test_images_that_are_all_alike_are_rejected(tmp_path: Path) -> None:
    """There is nothing to tell them apart by."""
    for label in "ab":
        (tmp_path / "blank" / label).mkdir(parents=True)
        for i in range(3):
            Image.new("RGBA", (5, 6), (9, 9, 9, 0)).save(tmp_path / "blank" / label / f"{i}.png")
    assert error_of(tmp_path / "blank") == "the 6 images of PATH are all alike: there is nothing to tell them apart by"


def test_colours_become_grey_and_it_is_said(tmp_path: Path) -> None:
    """Of grey pictures stored as colours nothing is said; CMYK and palettes are colours."""
    folder = pets(tmp_path / "pets", 2)
    Image.fromarray(shades(3)).convert("RGB").save(folder / "dog" / "grey.png")
    assert load(folder).notes == ()
    Image.new("CMYK", (5, 6), (0, 255, 255, 0)).save(folder / "dog" / "red.jpg")
    Image.new("RGB", (5, 6), (255, 0, 0)).quantize(4).save(folder / "dog" / "palette.png")
    examples = load(folder)
    assert examples.notes == ("Colours became shades of grey.",)
    assert np.abs(examples.x[-2:].astype(int) - 76).max() <= 3


# ---- classes from names


@pytest.mark.parametrize(
    "names",
    [
        ("cat.0.png", "cat.11.png", "dog.0.png", "dog.1.png"),
        ("cat_1.png", "cat_2.png", "dog_1.png", "dog_12.png"),
        ("cat (1).png", "cat (2).png", "dog (1).png", "dog (2).png"),
        ("cat1.png", "cat2.png", "dog1.png", "dog2.png"),
        ("cat-ab3f.png", "cat-77aa.png", "dog-0c0c.png", "dog-dd.png"),
    ],
)
def test_classes_are_taken_from_names_if_asked(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Without folders of classes the error says which classes the names give, and the setting takes them."""
    for i, name in enumerate(names):
        Image.fromarray(shades(i)).save(tmp_path / name)
    assert error_of(tmp_path) == (
        "PATH has images, but no subfolders: each class needs a subfolder with its images, "
        "or set classes_from to names, which gives the classes cat, dog"
    )
    examples = load(tmp_path, classes_from="names")
    assert (examples.class_names, examples.y.tolist()) == (("cat", "dog"), [0, 0, 1, 1])


def test_names_give_the_classes_of_splits_too(tmp_path: Path) -> None:
    """As in the cats and dogs of Kaggle, whose test images have no class."""
    (tmp_path / "train").mkdir()
    (tmp_path / "test").mkdir()
    for i in range(6):
        Image.fromarray(shades(i)).save(tmp_path / "train" / f"{'cat' if i % 2 else 'dog'}.{i}.png")
        Image.fromarray(shades(100 + i)).save(tmp_path / "test" / f"{i}.png")
    examples = load(tmp_path, classes_from="names")
    assert (examples.class_names, len(examples.y), examples.test) == (("cat", "dog"), 6, None)
    assert "files without a class in their names (test/0.png" in examples.notes[0]


def test_names_without_classes_are_rejected(tmp_path: Path) -> None:
    """With what is expected."""
    fill(tmp_path, 4)
    assert "or set classes_from" not in error_of(tmp_path)
    assert error_of(tmp_path, classes_from="names").startswith(
        "PATH has no classes in the names of its files, as cat.0"
    )


# ---- archives


def packed(tmp_path: Path, folder: Path, inside: str = "") -> Path:
    """The folder as a ZIP file."""
    path = tmp_path / f"{folder.name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(inside) / file.relative_to(folder))
    return path


@pytest.mark.parametrize("inside", ["", "pets"])
def test_an_archive_of_a_folder_is_read_as_the_folder(tmp_path: Path, inside: str) -> None:
    """Without a trace on the disk; what macOS packs beside it is not seen."""
    folder = tmp_path / "pets"
    pets(folder / "train", 12)
    pets(folder / "val", 3, seed=60)
    (folder / "train" / "cat" / "bad.png").write_bytes(b"bad")
    path = packed(tmp_path, folder, inside)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"__MACOSX/{inside}/train/._cat", b"\0\5\x16\7")
        archive.writestr("/".join(filter(None, (inside, ".DS_Store"))), b"\0")
    before = sorted(tmp_path.rglob("*"))
    check_name(str(path))
    assert holds_images(str(path))
    examples, plain = load(path), load(folder)
    assert examples.fingerprint() == plain.fingerprint()
    assert "train/cat/bad.png" in examples.left_out[0]
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_cannot_reach_outside(tmp_path: Path) -> None:
    """Names with two dots and absolute ones are taken as inside."""
    path = tmp_path / "odd.zip"
    picture = io.BytesIO()
    with zipfile.ZipFile(path, "w") as archive:
        for i, name in enumerate(("../../cat/0.png", "/cat/1.png", "dog\\0.png", "dog/1.png")):
            picture = io.BytesIO()
            Image.fromarray(shades(i)).save(picture, "png")
            archive.writestr(name, picture.getvalue())
    examples = load(path)
    assert (examples.class_names, examples.y.tolist()) == (("cat", "dog"), [0, 0, 1, 1])


def test_bombs_are_rejected_by_their_table_of_contents(tmp_path: Path) -> None:
    """A small archive that unpacks to many gigabytes, encrypted content, and one that is no archive."""
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for label in "ab":
            archive.writestr(f"{label}/0.png", bytes(1 << 20))
    content = bomb.read_bytes()
    size = (1 << 20).to_bytes(4, "little")
    bomb.write_bytes(content.replace(size, (0xF0000000).to_bytes(4, "little")))
    began = time.monotonic()
    assert "more than the" in error_of(bomb) or "cannot be read" in error_of(bomb)
    assert time.monotonic() - began < 20
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("a/0.png", b"x")
    content = bytearray(bomb.read_bytes())
    content[content.rfind(b"PK\1\2") + 8] |= 1
    bomb.write_bytes(content)
    assert error_of(bomb) == "PATH is encrypted: unpack it, or pack it without a password"
    bomb.write_bytes(b"PK\3\4" + bytes(100))
    assert error_of(bomb) == "PATH is not a ZIP file, or a damaged one"


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    """Wherever a byte is wrong: the image is left out, or the archive rejected."""
    path = packed(tmp_path, pets(tmp_path / "pets", 2))
    whole = bytearray(path.read_bytes())
    for at in range(0, len(whole), 11):
        damaged = whole.copy()
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        try:
            load(path)
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017


# ---- odd names, many files

posix = pytest.mark.skipif(sys.platform == "win32", reason="names are text there")


@posix
def test_a_name_that_is_not_utf_8_is_shown_in_ascii(tmp_path: Path) -> None:
    """Of a class and of a file; the path of the data itself has to be text, as it is written into the record."""
    folder = pets(tmp_path / "pets")
    fill(folder / os.fsdecode(b"\xe9t\xe9"), 3, seed=77)
    (folder / "cat" / os.fsdecode(b"\xff.png")).write_bytes(b"")
    examples = load(folder)
    assert examples.class_names == ("cat", "dog", "\\xe9t\\xe9")
    assert examples.notes == ("Left out of pets: files that are not images (cat/\\xff.png).",)
    renamed = folder.rename(tmp_path / os.fsdecode(b"caf\xe9"))
    with pytest.raises(DataError, match=r"/caf\\xe9 is not text in UTF-8, which the record of a run needs: rename it"):
        load_dataset(DataConfig(name=str(renamed)))


def test_many_small_files_are_read_in_bounded_time(tmp_path: Path) -> None:
    """Thousands of files, with a warning for none of them."""
    for label in "ab":
        (tmp_path / "many" / label).mkdir(parents=True)
        for i in range(1500):
            Image.fromarray(shades(i + (label == "b"))).save(tmp_path / "many" / label / f"{i}.png", compress_level=0)
    began = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(load(tmp_path / "many").y) == 3000
    assert time.monotonic() - began < 60
