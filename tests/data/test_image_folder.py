"""Image folders: what is read is what is in the files, and any fault is a one-sentence error."""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy import ndarray
from PIL import Image

import annscope.data.image_folder
from annscope.core.config import DataConfig
from annscope.data.datasets import check_name, holds_images, load_dataset
from annscope.data.errors import DataError
from annscope.data.user_file import load_user_file

Make = Callable[..., Path]


def shades(seed: int, height: int = 6, width: int = 5) -> ndarray:
    """A random picture of grey."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A function that makes a folder of random PNG images, with a number for each class."""

    def make(counts: dict[str, int], *, name: str = "pets", height: int = 6, width: int = 5) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for c, (label, count) in enumerate(counts.items()):
            (folder / label).mkdir(parents=True)
            for i in range(count):
                Image.fromarray(shades(1000 * c + i, height, width)).save(folder / label / f"{i}.png")
        return folder

    return make


# What is read


def test_every_pixel_is_that_of_the_file(make: Make) -> None:
    """Rows of bytes in the order of classes and names, with the subfolders' names as classes."""
    examples = load_user_file(make({"dogs": 3, "cats": 2}))
    assert examples.class_names == ("cats", "dogs")
    assert examples.y.tolist() == [0, 0, 1, 1, 1]
    assert (examples.image_shape, examples.pixel_max, examples.test) == ((6, 5), 255.0, None)
    assert examples.x.dtype == np.uint8
    expected = [shades(1000), shades(1001), shades(0), shades(1), shades(2)]
    np.testing.assert_array_equal(examples.x, np.stack(expected).reshape(5, 30))


def test_numbers_as_names_are_in_their_order(make: Make) -> None:
    """Class 10 comes after class 9."""
    assert load_user_file(make({"10": 1, "9": 1, "1": 1})).class_names == ("1", "9", "10")


def test_what_is_no_image_is_left_alone(make: Make) -> None:
    """Notes, hidden files and folders do no harm, and images may lie deeper."""
    folder = make({"cats": 2, "dogs": 2})
    (folder / "README.md").write_text("mine")
    (folder / "cats" / "notes.txt").write_text("two cats")
    (folder / "cats" / ".hidden.png").write_bytes(b"\0")
    (folder / ".thumbnails").mkdir()
    (folder / "dogs" / "old").mkdir()
    Image.fromarray(shades(7)).save(folder / "dogs" / "old" / "z.bmp")
    examples = load_user_file(folder)
    assert (examples.class_names, examples.y.tolist()) == (("cats", "dogs"), [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(examples.x[-1], shades(7).ravel())


def test_train_and_test_folders_are_the_official_split(make: Make) -> None:
    """Two folders with the same classes are two splits, not two classes."""
    folder = make({"train/cats": 6, "train/dogs": 6, "test/dogs": 2, "test/cats": 1})
    examples = load_user_file(folder)
    assert examples.class_names == ("cats", "dogs")
    assert len(examples.y) == 12
    assert examples.test is not None
    x, y = examples.test
    assert y.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(x[0], shades(3000).ravel())
    dataset = load_dataset(DataConfig(name=str(folder), split=0.25))
    assert (len(dataset.y_train), len(dataset.y_val), len(dataset.y_test)) == (9, 3, 3)


def test_train_and_test_without_classes_in_them_are_classes(make: Make) -> None:
    """Classes may be named train and test."""
    assert load_user_file(make({"train": 2, "test": 2})).class_names == ("test", "train")


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".bmp", ".jpg", ".jpeg"])
def test_every_format_is_read(make: Make, suffix: str) -> None:
    """PNG and BMP to the last bit, JPEG as nearly as it keeps it."""
    folder = make({"a": 1, "b": 1})
    smooth = np.add.outer(np.arange(6) * 20, np.arange(5) * 10).astype(np.uint8)
    Image.fromarray(smooth).save(folder / "a" / f"z{suffix}", quality=95)
    found = load_user_file(folder).x[1].reshape(6, 5).astype(int)
    assert np.abs(found - smooth).max() <= (8 if "j" in suffix else 0)


def test_colours_depths_and_transparency_become_grey(make: Make) -> None:
    """Red is darker than green, clear is white, and sixteen bits, palettes and two shades keep their meaning."""
    folder, sample = make({"a": 1, "b": 1}), (5, 6)
    images = {
        "red": (Image.new("RGB", sample, (255, 0, 0)), 76),
        "green": (Image.new("RGB", sample, (0, 255, 0)), 149),
        "clear": (Image.new("RGBA", sample, (0, 0, 0, 0)), 255),
        "half": (Image.new("LA", sample, (0, 128)), 127),
        "palette": (Image.new("RGB", sample, (0, 0, 255)).quantize(4), 29),
        "one bit": (Image.new("1", sample, 1), 255),
        "sixteen bits": (Image.fromarray(np.full((6, 5), 32768, np.uint16)), 128),
    }
    for name, (image, _) in images.items():
        image.save(folder / "b" / f"z {name}.png")
    found = dict(zip(sorted(images), load_user_file(folder).x[2:], strict=True))
    for name, (_, expected) in images.items():
        assert np.abs(found[name].astype(int) - expected).max() <= 1, name


def test_a_photograph_is_rotated_by_its_exif_data(make: Make) -> None:
    """The EXIF orientation is applied."""
    folder = make({"a": 1, "b": 1}, height=5, width=6)
    lying = Image.fromarray(np.kron(np.array([[0], [255]], np.uint8), np.ones((3, 5), np.uint8)))
    exif = lying.getexif()
    exif[0x0112] = 6  # turned by a quarter
    lying.save(folder / "b" / "z.jpg", exif=exif, quality=95)
    upright = load_user_file(folder).x[-1].reshape(5, 6).astype(int)
    assert upright[:, :3].mean() > 240
    assert upright[:, 3:].mean() < 15


@pytest.mark.parametrize(("height", "width"), [(12, 12), (40, 20), (9, 30), (4, 4)])
def test_images_of_all_sizes_become_squares(make: Make, height: int, width: int) -> None:
    """Scaled without being stretched, in the middle, on the colour of its own edge."""
    folder = make({"a": 1, "b": 1})
    paper = np.full((height, width), 200, np.uint8)
    paper[height // 4 : height - height // 4, width // 4 : width - width // 4] = 40
    Image.fromarray(paper).save(folder / "b" / "z.png")
    examples = load_user_file(folder, DataConfig(image_size=12))
    assert examples.image_shape == (12, 12)
    picture = examples.x[-1].reshape(12, 12).astype(int)
    assert (picture[0, 0], picture[-1, -1]) == (200, 200)
    rows, columns = np.flatnonzero((picture < 120).any(axis=1)), np.flatnonzero((picture < 120).any(axis=0))
    scale = 12 / max(height, width)
    assert len(rows) == pytest.approx(height * scale / 2, abs=1.01)
    assert len(columns) == pytest.approx(width * scale / 2, abs=1.01)
    assert rows.mean() == pytest.approx(5.5, abs=0.5)
    assert columns.mean() == pytest.approx(5.5, abs=0.5)


# As a data set


def test_a_folder_is_a_data_set(make: Make) -> None:
    """By its path, split and scaled as any other, and known for images."""
    folder = make({"cats": 20, "dogs": 30})
    check_name(str(folder))
    assert holds_images(str(folder))
    dataset = load_dataset(DataConfig(name=str(folder), split=0.2))
    assert dataset.name == "pets"
    assert dataset.image_shape == (6, 5)
    assert (len(dataset.y_train), len(dataset.y_val), len(dataset.y_test)) == (36, 9, 5)
    assert 0.95 < dataset.x_train.max() <= 1.0
    assert load_dataset(DataConfig(name=str(folder), image_size=8)).image_shape == (8, 8)


def test_every_example_has_its_file(make: Make) -> None:
    """The file that an example names holds its pixels, in every split; damaged files shift nothing."""
    folder = make({"cats": 12, "dogs": 12})
    (folder / "cats" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    dataset = load_dataset(DataConfig(name=str(folder), split=0.2))
    for split in ("train", "validation", "test"):
        x, labels = dataset.split(split)
        for i, (row, label) in enumerate(zip(x, labels, strict=True)):
            name = dataset.source(split, i)
            assert name.startswith(dataset.class_names[label])
            pixels = np.asarray(Image.open(folder / name))
            np.testing.assert_allclose(row * dataset.divisor + dataset.offset, pixels.ravel(), atol=1e-3)


def test_the_fingerprint_is_of_the_content(make: Make) -> None:
    """The same pixels under other file names and in another format are the same data; one pixel makes another."""
    first = make({"a": 3, "b": 3})
    second = make({"a": 0, "b": 0}, name="again")
    for path in sorted(first.glob("*/*.png")):
        Image.open(path).save(second / path.parent.name / f"x{path.stem}.bmp")
    fingerprint = load_user_file(first).fingerprint()
    assert load_user_file(second).fingerprint() == fingerprint
    picture = shades(0)
    picture[0, 0] ^= 1
    Image.fromarray(picture).save(first / "a" / "0.png")
    assert load_user_file(first).fingerprint() != fingerprint


def test_progress_is_reported_in_bytes(make: Make) -> None:
    """After every image, up to all."""
    folder, told = make({"a": 4, "b": 3}), []
    load_user_file(folder, progress=lambda *news: told.append(news))
    total = sum(path.stat().st_size for path in folder.glob("*/*.png"))
    assert {(what, whole) for what, _, whole in told} == {("7 images of pets", total)}
    done = [amount for _, amount, _ in told]
    assert done == sorted(set(done))
    assert (len(done), done[-1]) == (7, total)


# What is wrong


def error_of(folder: Path, side: int = 0) -> str:
    """The error for a folder that cannot be used, without its path."""
    with pytest.raises(DataError) as caught:
        load_user_file(folder, DataConfig(image_size=side))
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(f"{folder}", "FOLDER")


def test_a_folder_needs_classes(make: Make) -> None:
    """No subfolders, one subfolder, an empty one and a stray image are each named."""
    empty = make({}, name="empty")
    assert error_of(empty) == "FOLDER has no subfolders: each class needs a subfolder with its images"
    Image.fromarray(shades(0)).save(empty / "1.png")
    assert error_of(empty) == "FOLDER has images, but no subfolders: each class needs a subfolder with its images"
    assert error_of(make({"a": 2}, name="one")).startswith("FOLDER has one class only, a: at least two are needed")
    hollow = make({"a": 2, "b": 0}, name="hollow")
    assert error_of(hollow) == "FOLDER/b has no images: it needs files such as PNG, JPEG or WebP"
    stray = make({"a": 2, "b": 2}, name="stray")
    Image.fromarray(shades(0)).save(stray / "lost.png")
    assert error_of(stray) == "FOLDER/lost.png is not in the subfolder of a class: move it into one"


def test_splits_have_to_fit_each_other(make: Make) -> None:
    """A test class that is never trained is named."""
    odd = make({"train/a": 1, "train/b": 1, "test/a": 1, "test/c": 1}, name="odd")
    assert error_of(odd) == "FOLDER/test has the class c, which is missing in FOLDER/train"


@pytest.mark.parametrize("content", [b"", b"not an image", b"GIF89a" + bytes(50)])
def test_a_file_that_is_no_image_is_left_out(make: Make, content: bytes) -> None:
    """Whatever its extension; a class of nothing else is an error."""
    folder = make({"a": 2, "b": 2})
    (folder / "b" / "odd.png").write_bytes(content)
    examples = load_user_file(folder)
    assert len(examples.y) == 4
    (note,) = examples.notes
    assert re.fullmatch(r"Left out of pets: (files that are not images|damaged images) \(b/odd.png\)\.", note)
    assert examples.left_out == (f"b/odd.png: {note.split(': ')[1].split(' (')[0]}",)
    for path in (folder / "b").glob("[01].png"):
        path.unlink()
    assert error_of(folder).startswith("the class b of FOLDER has no image that can be read: FOLDER/b/odd.png is ")


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_a_damaged_image_is_left_out(make: Make, suffix: str) -> None:
    """A truncated file is named and not read."""
    folder = make({"a": 2, "b": 2}, height=40, width=40)
    path = folder / "b" / f"z.{suffix}"
    Image.fromarray(shades(0, 40, 40)).save(path)
    whole = path.read_bytes()
    for at in (30, len(whole) // 2, len(whole) * 9 // 10):
        path.write_bytes(whole[:at])
        examples = load_user_file(folder)
        assert (len(examples.y), len(examples.left_out)) == (4, 1)
        assert examples.left_out[0].startswith(f"b/z.{suffix}: ")


def test_images_of_two_sizes_are_named_with_what_helps(make: Make) -> None:
    """Both files, both sizes and the setting."""
    folder = make({"a": 2, "b": 2})
    Image.fromarray(shades(0, 8, 9)).save(folder / "b" / "1.png")
    assert error_of(folder) == (
        "FOLDER/a/0.png has 6x5 pixels and FOLDER/b/1.png has 8x9: set image_size to resize all images"
    )
    assert load_user_file(folder, DataConfig(image_size=8)).image_shape == (8, 8)


def test_too_many_pixels_are_rejected_before_they_fill_the_memory(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A photograph as it is, and a huge collection."""
    folder = make({"a": 1, "b": 1}, height=300, width=400)
    assert "300x400 pixels, too many to be the inputs of a network: set image_size" in error_of(folder)
    assert load_user_file(folder, DataConfig(image_size=16)).x.shape == (2, 256)
    monkeypatch.setattr(annscope.data.image_folder, "MAX_BYTES", 400)
    assert "2 images of 16x16 pixels, more than fit into memory: set image_size" in error_of(folder, 16)


@pytest.mark.parametrize(("height", "width"), [(7100, 7100), (23_000, 23_000), (100_000, 100_000), (1, 60_000_000)])
def test_a_small_file_of_many_pixels_is_rejected_by_its_header(make: Make, height: int, width: int) -> None:
    """A file of a few bytes that would unpack to gigabytes is not unpacked."""
    resource = pytest.importorskip("resource")
    folder = make({"a": 2, "b": 2})
    (folder / "b" / "z.png").write_bytes(png_header(height, width))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert re.fullmatch(r"FOLDER/b/z.png has .*more.* than the 50,000,000 that are read", error_of(folder, 8))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def png_header(height: int, width: int) -> bytes:
    """The beginning of a PNG image of grey, as far as its first pixels."""
    blank = zlib.compress(bytes(1000))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", blank), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_file_that_is_larger_than_any_image_is_not_read(make: Make) -> None:
    """Also if it is sparse and takes no space on the disk."""
    folder = make({"a": 2, "b": 2})
    os.truncate(folder / "b" / "1.png", 1 << 40)
    assert error_of(folder) == "FOLDER/b/1.png has 1,099,511,627,776 bytes, more than the 268,435,456 that are read"


# Links, and what is not a regular file

links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@links
def test_a_link_to_nothing_is_named(make: Make) -> None:
    """As a file that cannot be read."""
    folder = make({"a": 2, "b": 2})
    (folder / "b" / "z.png").symlink_to(folder / "gone.png")
    assert error_of(folder) == "FOLDER/b/z.png cannot be read: No such file or directory"


@links
def test_links_to_other_folders_are_followed(make: Make, tmp_path: Path) -> None:
    """A class, a folder in a class and an image may each be a link, as long as nothing is met twice."""
    store = make({"cats": 3, "more": 2, "dogs": 1}, name="store")
    folder = tmp_path / "pets"
    (folder / "dogs").mkdir(parents=True)
    (folder / "cats").symlink_to(store / "cats")
    (folder / "dogs" / "more").symlink_to(store / "more")
    (folder / "dogs" / "last.png").symlink_to(store / "dogs" / "0.png")
    examples = load_user_file(folder)
    assert (examples.y.tolist(), examples.notes) == ([0, 0, 0, 1, 1, 1], ())
    expected = [shades(0), shades(1), shades(2), shades(2000), shades(1000), shades(1001)]
    np.testing.assert_array_equal(examples.x, np.stack(expected).reshape(6, 30))


@links
def test_links_that_lead_up_or_in_a_circle_add_nothing(make: Make) -> None:
    """However links lead about, every image is counted once, in its folder's class, and what is left out is noted."""
    folder = make({"cats": 10, "dogs": 10, "dogs/puppies": 3})
    plain = load_user_file(folder)
    (folder / "cats" / "up").symlink_to(folder)
    (folder / "cats" / "home").symlink_to(folder.parent)
    (folder / "cats" / "top").symlink_to("/")
    (folder / "cats" / "dogs").symlink_to(folder / "dogs")
    (folder / "cats" / "small").symlink_to(folder / "dogs" / "puppies")
    (folder / "cats" / "a dog.png").symlink_to(folder / "dogs" / "puppies" / "0.png")
    (folder / "dogs" / "cats").symlink_to(folder / "cats")
    (folder / "dogs" / "puppies" / "self").symlink_to(".")
    (folder / "dogs" / "circle").symlink_to("circle")
    examples = load_user_file(folder)
    np.testing.assert_array_equal(examples.y, plain.y)
    np.testing.assert_array_equal(examples.x, plain.x)
    assert examples.fingerprint() == plain.fingerprint()
    assert examples.notes == (
        "Left out of pets: images there by another name (cats/a dog.png); "
        "folders read elsewhere (cats/dogs, cats/home, cats/small and 4 more).",
    )


@links
def test_one_image_in_two_places_is_one_image(make: Make) -> None:
    """A hard link is the same file: it neither counts twice nor is in both the test and the training split."""
    folder = make({"train/a": 3, "train/b": 3, "test/a": 1, "test/b": 1})
    os.link(folder / "train" / "a" / "0.png", folder / "train" / "a" / "copy.png")
    os.link(folder / "train" / "b" / "0.png", folder / "test" / "b" / "leak.png")
    examples = load_user_file(folder)
    assert examples.test is not None
    assert (len(examples.y), len(examples.test[1])) == (6, 2)
    assert "images there by another name (train/a/copy.png, test/b/leak.png)" in " ".join(examples.notes)


@links
@pytest.mark.parametrize("target", ["cats", ".", "/"])
def test_a_class_that_is_another_by_name_is_rejected(make: Make, target: str) -> None:
    """An image can have one class only."""
    folder = make({"cats": 2, "dogs": 2})
    (folder / "birds").symlink_to(target if target == "/" else folder / target)
    assert error_of(folder).startswith("FOLDER/birds is ")
    assert error_of(folder).endswith("by another name, and an image can have one class only")


@links
def test_a_class_without_a_file_of_its_own_is_named(make: Make) -> None:
    """With what it has instead."""
    folder = make({"a": 2, "b": 0, "c": 2})
    (folder / "b" / "z.png").symlink_to(folder / "a" / "0.png")
    os.mkfifo(folder / "b" / "y.png")
    assert error_of(folder).startswith(
        "FOLDER/b has no images except what is read elsewhere or not a file, such as y.png"
    )


@links
def test_what_is_not_a_regular_file_is_left_out_with_a_note(make: Make) -> None:
    """A named pipe does not block, and an endless device is not read."""
    folder = make({"a": 2, "b": 2})
    os.mkfifo(folder / "a" / "pipe.png")
    (folder / "b" / "zero.jpg").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.path.relpath(folder / "b" / "socket.bmp"))
    dataset = load_dataset(DataConfig(name=str(folder)))
    assert sum(len(dataset.split(name)[1]) for name in ("train", "validation", "test")) == 4
    assert dataset.notes == ("Left out of pets: what is not a regular file (a/pipe.png, b/socket.bmp, b/zero.jpg).",)
