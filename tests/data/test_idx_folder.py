"""Folders of IDX files under any names: pairs by their content, splits by their names."""

from __future__ import annotations

import gzip
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from annscope.core.config import DataConfig
from annscope.data.datasets import holds_images, load_dataset
from annscope.data.errors import DataError
from annscope.data.user_file import load_user_file
from tests.data.conftest import idx_bytes

RNG = np.random.default_rng(5)
IMAGES = RNG.integers(0, 256, (40, 6, 5), np.uint8)
LABELS = (np.arange(40) % 4).astype(np.uint8)

MNIST = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def write(folder: Path, names: tuple[str, ...], images: np.ndarray = IMAGES, labels: np.ndarray = LABELS) -> Path:
    """Training images and labels, and with four names the first ten of both as test files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, (images, labels, images[:10], labels[:10]), strict=False):
        content = idx_bytes(array)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        MNIST,
        tuple(name.replace("-idx", ".idx") for name in MNIST),
        tuple(f"{name}.gz" for name in MNIST),
        ("kmnist-train-images.bin", "kmnist-train-labels.bin", "kmnist-test-images.bin", "kmnist-test-labels.bin"),
        ("Xtrain.idx", "train_y.idx", "testing images", "testing labels"),
    ],
)
def test_a_folder_of_idx_files_is_a_data_set(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Images and labels are told apart by their magic numbers, training and test by the names."""
    folder = write(tmp_path / "own", names)
    (folder / "README.txt").write_text("from somewhere")
    (folder / ".DS_Store").write_bytes(b"\0")
    assert holds_images(str(folder))
    dataset = load_dataset(DataConfig(name=str(folder), split=0.25, scaling="none"))
    assert (dataset.name, dataset.image_shape, dataset.class_names) == ("own", (6, 5), ("0", "1", "2", "3"))
    assert (len(dataset.y_train), len(dataset.y_val), len(dataset.y_test)) == (30, 10, 10)
    np.testing.assert_array_equal(dataset.x_test, IMAGES[:10].reshape(10, -1))
    np.testing.assert_array_equal(dataset.y_test, LABELS[:10])
    assert dataset.source("test", 3) == f"{names[2]}[3]"
    assert dataset.notes == (
        f"Read IDX files: {names[0]} and {names[1]} for train; {names[2]} and {names[3]} for test.",
    )


def test_a_pair_alone_is_split(tmp_path: Path) -> None:
    """Without test files a tenth is held out for testing."""
    dataset = load_dataset(DataConfig(name=str(write(tmp_path / "own", ("images.idx", "labels.idx")))))
    assert len(dataset.y_test) == 4


def test_the_files_may_lie_deeper_or_in_an_archive(tmp_path: Path) -> None:
    """As torchvision and Kaggle store MNIST; the same file under two names is read once."""
    plain = load_user_file(write(tmp_path / "plain", MNIST)).fingerprint()
    write(tmp_path / "deep" / "MNIST" / "raw", MNIST)
    write(tmp_path / "deep" / "MNIST" / "raw", tuple(f"{name}.gz" for name in MNIST))
    assert load_user_file(tmp_path / "deep").fingerprint() == plain
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in MNIST:
            archive.write(tmp_path / "plain" / name, f"{name}/{name}")
            archive.write(tmp_path / "plain" / name, name.replace("-idx", ".idx"))
    assert load_user_file(path).fingerprint() == plain


def test_labels_from_one_are_as_many_classes(tmp_path: Path) -> None:
    """1 to 26 are 26 classes, the first of which is 1."""
    labels = (np.arange(260) % 26 + 1).astype(np.uint8)
    folder = write(tmp_path, MNIST[:2], RNG.integers(0, 256, (260, 6, 5), np.uint8), labels)
    assert load_user_file(folder).class_names == tuple(map(str, range(1, 27)))


def test_emnist_is_turned_upright_if_asked(tmp_path: Path) -> None:
    """That its images are stored transposed is said, until the setting turns them."""
    folder = write(tmp_path / "letters", tuple(f"emnist-letters-{name}".replace("t10k", "test") for name in MNIST))
    lying = load_dataset(DataConfig(name=str(folder), scaling="none"))
    assert lying.notes[1].startswith("EMNIST stores its images transposed")
    assert lying.notes[1].endswith("set transpose to turn them upright.")
    upright = load_dataset(DataConfig(name=str(folder), scaling="none", transpose=True))
    assert (upright.image_shape, len(upright.notes)) == ((5, 6), 1)
    np.testing.assert_array_equal(upright.x_test[3].reshape(5, 6), IMAGES[3].T)


def test_one_of_several_sets_is_chosen_by_a_file_of_it(tmp_path: Path) -> None:
    """As in the folder of EMNIST, which holds six."""
    write(tmp_path, tuple(f"emnist-letters-{name}" for name in MNIST))
    write(tmp_path, tuple(f"emnist-digits-{name}.gz" for name in MNIST), labels=LABELS // 2)
    with pytest.raises(DataError, match="holds several sets of IDX files, emnist-digits, emnist-letters: choose"):
        load_user_file(tmp_path)
    assert load_user_file(tmp_path / f"emnist-letters-{MNIST[1]}").class_names == ("0", "1", "2", "3")
    assert load_user_file(tmp_path / f"emnist-digits-{MNIST[2]}.gz").class_names == ("0", "1")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (MNIST[:1], "has IDX images for train, train-images-idx3-ubyte, but no labels for them"),
        (("", "labels.idx"), "has IDX labels for train, labels.idx, but no images for them"),
        (("", "", *MNIST[2:]), "has IDX files for test only, and none to train on"),
        (("images-a.idx", "labels-a.idx", "images-b.idx", "labels-b.idx"), "holds several sets of IDX files, a, b: "),
        (MNIST[:3], "has IDX images for test, t10k-images-idx3-ubyte, but no labels for them"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    """With the file that is there."""
    arrays = (IMAGES, LABELS, IMAGES[:10], LABELS[:10])
    for name, array in zip(names, arrays, strict=False):
        if name:
            (tmp_path / name).write_bytes(idx_bytes(array))
    with pytest.raises(DataError) as caught:
        load_user_file(tmp_path)
    assert message in str(caught.value)


def test_files_that_do_not_belong_together_are_named(tmp_path: Path) -> None:
    """Of other lengths, of other sizes, truncated or with a class that is never trained."""
    write(tmp_path, MNIST, labels=LABELS[:30])
    with pytest.raises(DataError, match=r"holds 40 images and .* 30 labels: they are not from the same set"):
        load_user_file(tmp_path)
    write(tmp_path, MNIST)
    (tmp_path / MNIST[2]).write_bytes(idx_bytes(IMAGES[:10, :4]))
    with pytest.raises(DataError, match=r"holds images of 6x5 pixels and .* of 4x5"):
        load_user_file(tmp_path)
    (tmp_path / MNIST[2]).write_bytes(idx_bytes(IMAGES[:10])[:-5])
    with pytest.raises(DataError, match="is truncated: its header promises 300 values and 295 are there"):
        load_user_file(tmp_path)
    write(tmp_path, MNIST)
    (tmp_path / MNIST[3]).write_bytes(idx_bytes(LABELS[:10] + 7))
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte has the class 7, which is missing in train-labels"):
        load_user_file(tmp_path)


def test_a_gzipped_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A file that unpacks to more than is read is rejected."""
    write(tmp_path, MNIST[:2])
    header = idx_bytes(np.zeros((40, 1, 1), np.uint8))[:4] + (40).to_bytes(4, "big") + (1 << 13).to_bytes(4, "big") * 2
    with gzip.open(tmp_path / f"{MNIST[0]}.gz", "wb", compresslevel=1) as file:
        file.write(header)
        for _ in range(40):
            file.write(bytes(1 << 20))
    (tmp_path / MNIST[0]).unlink()
    with pytest.raises(DataError, match="promises 2,684,354,560 values and 41,943,040 are there"):
        load_user_file(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_what_is_not_a_file_is_passed_over(tmp_path: Path) -> None:
    """A pipe does not block, and links in a circle do no harm."""
    write(tmp_path / "own", MNIST)
    os.mkfifo(tmp_path / "own" / "pipe")
    (tmp_path / "own" / "self").symlink_to(".")
    (tmp_path / "own" / "circle").symlink_to("circle")
    assert len(load_user_file(tmp_path / "own").y) == 40
