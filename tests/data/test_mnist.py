"""MNIST arrives from a folder or over the network, whole and verified, or not at all."""

from __future__ import annotations

import gzip
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annscope.core.config import DataConfig
from annscope.data import download
from annscope.data.datasets import is_ready, load_dataset
from annscope.data.errors import DataError
from annscope.data.idx import unpack
from annscope.data.mnist import FASHION_MNIST, IDX_SETS, IdxSet, is_present, load_idx_set

if TYPE_CHECKING:
    from tests.data.conftest import Mirror, SmallMnist

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
StartMirror = Callable[[dict[str, bytes]], "Mirror"]

REAL_MNIST = os.environ.get("ANNSCOPE_MNIST_DIR", "")


def nowhere() -> str:
    """An address on this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def cached(home: Path) -> list[str]:
    """Everything in the cache, partial files included."""
    return sorted(path.name for path in (home / "data" / "mnist").iterdir())


# ---- from a folder


@pytest.fixture
def own_folder(small_mnist: SmallMnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = small_mnist.write(tmp_path / "own")
    monkeypatch.setenv("ANNSCOPE_MNIST_DIR", str(folder))
    return folder


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_of_ones_own_needs_no_network(small_mnist: SmallMnist, own_folder: Path, zipped: bool) -> None:
    """Plain or gzipped files in ANNSCOPE_MNIST_DIR are used directly, in file order."""
    if zipped:
        for path in list(own_folder.iterdir()):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    examples = load_idx_set(small_mnist.idx_set())
    assert examples.x.shape == (60, 784)
    assert examples.x.tobytes() == small_mnist.content[IMAGES][16:]
    np.testing.assert_array_equal(examples.y, np.arange(60) % 10)
    assert examples.test is not None
    assert examples.test[0].tobytes() == small_mnist.content["t10k-images-idx3-ubyte"][16:]


def test_a_folder_that_is_not_there_is_named(small_mnist: SmallMnist, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong ANNSCOPE_MNIST_DIR is an error, and nothing is downloaded instead."""
    monkeypatch.setenv("ANNSCOPE_MNIST_DIR", "/nowhere/mnist")
    with pytest.raises(DataError, match="ANNSCOPE_MNIST_DIR names /nowhere/mnist, which is not a folder"):
        load_idx_set(small_mnist.idx_set())


def test_a_missing_file_is_named(small_mnist: SmallMnist, own_folder: Path) -> None:
    """The file that the folder lacks is named, with both spellings."""
    (own_folder / LABELS).unlink()
    with pytest.raises(DataError, match=f"which has no {LABELS} or {LABELS}.gz"):
        load_idx_set(small_mnist.idx_set())


def test_an_unreadable_file_is_named(small_mnist: SmallMnist, own_folder: Path) -> None:
    """The reason of the operating system is passed on."""
    (own_folder / LABELS).unlink()
    (own_folder / LABELS).mkdir()
    with pytest.raises(DataError, match=rf"{LABELS} is a folder, not a file"):
        load_idx_set(small_mnist.idx_set())


def test_what_is_no_file_is_named(small_mnist: SmallMnist, own_folder: Path) -> None:
    """A named pipe does not block, and a file too large to be the right one is not read."""
    (own_folder / LABELS).unlink()
    os.mkfifo(own_folder / LABELS)
    with pytest.raises(DataError, match=rf"{LABELS} is a named pipe, not a file"):
        load_idx_set(small_mnist.idx_set())
    (own_folder / LABELS).unlink()
    (own_folder / LABELS).touch()
    os.truncate(own_folder / LABELS, 1 << 40)
    with pytest.raises(DataError, match="more than the 67,108,864 that are read"):
        load_idx_set(small_mnist.idx_set())


def _swap_labels(content: dict[str, bytes]) -> None:
    content[LABELS] = content["t10k-labels-idx1-ubyte"]


def _label_11(content: dict[str, bytes]) -> None:
    content[LABELS] = content[LABELS][:11] + b"\x0b" + content[LABELS][12:]


def _wider(content: dict[str, bytes]) -> None:
    content[IMAGES] = content[IMAGES][:8] + struct.pack(">II", 14, 56) + content[IMAGES][16:]


def _cut(content: dict[str, bytes]) -> None:
    content[IMAGES] = content[IMAGES][:-5]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_swap_labels, "60 images and .* 20 labels: they are not from the same set"),
        (_label_11, "gives example 3 the label 11, where MNIST has the classes 0 to 9"),
        (_wider, "holds images of 14x56 pixels, where MNIST has 28x28"),
        (_cut, "is truncated: its header promises 47,040 values and 47,035 are there"),
    ],
)
def test_files_that_do_not_fit_are_rejected(
    small_mnist: SmallMnist, own_folder: Path, spoil: Callable[[dict[str, bytes]], None], message: str
) -> None:
    """Each way in which files can fail to be MNIST has its own sentence, which names the file."""
    spoil(small_mnist.content)
    small_mnist.write(own_folder)
    with pytest.raises(DataError, match=message) as caught:
        load_idx_set(small_mnist.idx_set())
    assert str(own_folder) in str(caught.value)


def test_one_changed_pixel_is_noticed(small_mnist: SmallMnist, own_folder: Path) -> None:
    """Well-formed files with other content are not MNIST, and the user's file is left alone."""
    original = small_mnist.idx_set()
    small_mnist.content[IMAGES] = small_mnist.content[IMAGES][:-1] + b"\0"
    small_mnist.write(own_folder)
    with pytest.raises(DataError, match=f"{IMAGES} is not the original file of MNIST: the SHA-256 of its content is"):
        load_idx_set(original)
    assert (own_folder / IMAGES).read_bytes() == small_mnist.content[IMAGES]


# ---- over the network


def test_a_download_happens_once(small_mnist: SmallMnist, start_mirror: StartMirror, home: Path) -> None:
    """The four files are fetched on first use, with progress, and then read from the cache."""
    mirror = start_mirror(small_mnist.archives)
    idx_set = small_mnist.idx_set(mirror.url)
    told: list[tuple[str, int, int]] = []
    assert not is_present(idx_set)
    first = load_idx_set(idx_set, lambda *progress: told.append(progress))
    assert is_present(idx_set)
    assert cached(home) == sorted(small_mnist.archives)
    assert len(mirror.asked) == 4
    assert {what for what, _, _ in told} == {
        f"MNIST ({name}.gz, file {number} of 4)" for number, name in enumerate(small_mnist.content, start=1)
    }
    whole = len(small_mnist.archives[f"{IMAGES}.gz"])
    assert (f"MNIST ({IMAGES}.gz, file 1 of 4)", whole, whole) in told
    assert all(0 < done <= total for _, done, total in told)
    second = load_idx_set(idx_set)
    assert len(mirror.asked) == 4
    assert first.fingerprint() == second.fingerprint()


def test_the_second_mirror_steps_in(small_mnist: SmallMnist, start_mirror: StartMirror, home: Path) -> None:
    """A mirror that is down, or lacks a file, only delays the download."""
    lacking = start_mirror({})
    whole = start_mirror(small_mnist.archives)
    load_idx_set(small_mnist.idx_set(nowhere(), lacking.url, whole.url))
    assert len(lacking.asked) == len(whole.asked) == 4
    assert cached(home) == sorted(small_mnist.archives)


def test_a_transfer_that_breaks_off_starts_again(
    small_mnist: SmallMnist, start_mirror: StartMirror, home: Path
) -> None:
    """Half a file is thrown away and the whole fetched again."""
    mirror = start_mirror(small_mnist.archives)
    mirror.cut[f"{IMAGES}.gz"] = 1
    load_idx_set(small_mnist.idx_set(mirror.url))
    assert mirror.asked.count(f"{IMAGES}.gz") == 2
    assert cached(home) == sorted(small_mnist.archives)


def test_a_transfer_that_keeps_breaking_off_is_given_up(
    small_mnist: SmallMnist, start_mirror: StartMirror, home: Path
) -> None:
    """After a second try the user is told, the cache holds no half file, and the next start succeeds."""
    mirror = start_mirror(small_mnist.archives)
    mirror.cut[f"{LABELS}.gz"] = 2
    idx_set = small_mnist.idx_set(mirror.url)
    with pytest.raises(DataError, match="the transfer broke off"):
        load_idx_set(idx_set)
    assert cached(home) == [f"{IMAGES}.gz"]
    load_idx_set(idx_set)
    assert cached(home) == sorted(small_mnist.archives)


@pytest.mark.parametrize(
    "wrong", [b"<html>Please log in</html>", gzip.compress(b"\0\0\x08\x01\0\0\0\x01\x07")], ids=["page", "archive"]
)
def test_wrong_content_never_enters_the_cache(
    small_mnist: SmallMnist, start_mirror: StartMirror, home: Path, wrong: bytes
) -> None:
    """A login page or another file in MNIST's place is an error with its URL."""
    mirror = start_mirror(small_mnist.archives | {f"{LABELS}.gz": wrong})
    with pytest.raises(DataError, match=rf"{mirror.url}/{LABELS}.gz (has the magic|is not the original)"):
        load_idx_set(small_mnist.idx_set(mirror.url))
    assert cached(home) == [f"{IMAGES}.gz"]


def test_offline_is_one_sentence_with_a_way_out(small_mnist: SmallMnist, home: Path) -> None:
    """Without a connection the user learns what to do instead."""
    with pytest.raises(DataError) as caught:
        load_idx_set(small_mnist.idx_set(nowhere(), nowhere()))
    message = str(caught.value)
    assert message.startswith(f"MNIST ({IMAGES}.gz, file 1 of 4) could not be downloaded (127.0.0.1")
    assert message.count("no connection") == 2
    assert message.endswith(
        "check the connection, use the data set mnist-5k, which needs none, "
        "or set ANNSCOPE_MNIST_DIR to a folder with its four IDX files"
    )
    assert "\n" not in message
    assert cached(home) == []


@pytest.mark.parametrize("spoil", [lambda raw: raw[:100], lambda _: gzip.compress(b"\0\0\x08\x03" + bytes(12))])
def test_a_damaged_cache_heals(
    small_mnist: SmallMnist, start_mirror: StartMirror, home: Path, spoil: Callable[[bytes], bytes]
) -> None:
    """A file that was damaged on disk is downloaded again, and the intact ones are not."""
    mirror = start_mirror(small_mnist.archives)
    idx_set = small_mnist.idx_set(mirror.url)
    load_idx_set(idx_set)
    mirror.asked.clear()
    path = home / "data" / "mnist" / f"{IMAGES}.gz"
    path.write_bytes(spoil(path.read_bytes()))
    load_idx_set(idx_set)
    assert mirror.asked == [f"{IMAGES}.gz"]


def test_a_killed_download_leaves_nothing_for_long(
    small_mnist: SmallMnist, start_mirror: StartMirror, home: Path
) -> None:
    """An old partial file is swept away; a fresh one may be another process's and stays."""
    folder = home / "data" / "mnist"
    folder.mkdir(parents=True)
    old, fresh = folder / f".{IMAGES}.gz.old.part", folder / f".{IMAGES}.gz.new.part"
    old.touch()
    fresh.touch()
    os.utime(old, (1, 1))
    load_idx_set(small_mnist.idx_set(start_mirror(small_mnist.archives).url))
    assert cached(home) == sorted([*small_mnist.archives, fresh.name])


def test_a_home_that_cannot_be_written_is_named(small_mnist: SmallMnist, home: Path) -> None:
    """A file in place of the folder is named in the error."""
    home.mkdir()
    (home / "data").write_text("a file")
    with pytest.raises(DataError, match=r"home/data/mnist cannot be written: "):
        load_idx_set(small_mnist.idx_set("http://127.0.0.1:9"))


def test_a_full_disk_is_named(small_mnist: SmallMnist, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not writable is named with the reason."""

    def raise_error(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.tempfile, "NamedTemporaryFile", raise_error)
    with pytest.raises(DataError, match=r"home/data/mnist cannot be written: No space left on device"):
        load_idx_set(small_mnist.idx_set("http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("ConnectTimeout", "no secure connection in time"),
        ("SSLError", "no secure connection in time"),
        ("ReadTimeout", "the transfer broke off"),
        ("InvalidURL", "for some reason"),
        ("OSError", "cannot be written: for some reason"),
    ],
)
def test_every_failure_of_the_transfer_becomes_a_sentence(
    small_mnist: SmallMnist, monkeypatch: pytest.MonkeyPatch, home: Path, error: str, reason: str
) -> None:
    """What the HTTP library or the disk may raise reaches the user as a reason."""
    import requests

    kind = OSError if error == "OSError" else getattr(requests.exceptions, error)

    def fail(*_: object, **__: object) -> None:
        raise kind("for some reason")

    monkeypatch.setattr(requests, "get", fail)
    with pytest.raises(DataError, match=reason):
        load_idx_set(small_mnist.idx_set("https://mirror.invalid"))
    assert cached(home) == []


def test_a_stalled_transfer_counts_as_broken_off(
    small_mnist: SmallMnist, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """A server that stops sending does not block forever."""
    monkeypatch.setattr(download, "TIMEOUT", (1, 0.05))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(DataError, match="the transfer broke off"):
            load_idx_set(small_mnist.idx_set(f"http://127.0.0.1:{silent.getsockname()[1]}"))
    assert cached(home) == []


def test_nothing_is_printed(
    small_mnist: SmallMnist, start_mirror: StartMirror, capfd: pytest.CaptureFixture[str]
) -> None:
    """Loading reports through progress and errors only."""
    load_idx_set(small_mnist.idx_set(nowhere(), start_mirror(small_mnist.archives).url))
    assert capfd.readouterr() == ("", "")


# ---- by name


def test_mnist_by_name_keeps_the_official_test_split(
    small_mnist: SmallMnist, start_mirror: StartMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Train and validation share the official training images; test is the official test, in file order."""
    monkeypatch.setitem(IDX_SETS, "mnist", small_mnist.idx_set(start_mirror(small_mnist.archives).url))
    config = DataConfig(name="mnist", split=0.5)
    assert not is_ready(config)
    dataset = load_dataset(config)
    assert is_ready(config)
    assert [len(dataset.split(name)[1]) for name in ("train", "validation", "test")] == [30, 30, 20]
    np.testing.assert_array_equal(dataset.y_test, np.arange(20) % 10)
    np.testing.assert_array_equal(
        dataset.x_test.ravel() * 255, np.frombuffer(small_mnist.content["t10k-images-idx3-ubyte"][16:], np.uint8)
    )


def test_fashion_is_known_by_its_archives(small_mnist: SmallMnist, start_mirror: StartMirror) -> None:
    """Fashion-MNIST's hashes are of the archives, and it has no environment variable for a folder."""
    mirror = start_mirror(small_mnist.archives)
    with pytest.raises(DataError, match="not the original file of Fashion-MNIST: the SHA-256 of its archive") as caught:
        load_idx_set(replace(FASHION_MNIST, mirrors=(mirror.url,)))
    assert "ANNSCOPE_MNIST_DIR" not in str(caught.value)


@pytest.mark.parametrize("idx_set", IDX_SETS.values(), ids=lambda idx_set: idx_set.name)
def test_the_table_is_whole(idx_set: IdxSet) -> None:
    """Each set has two mirrors, four files with a SHA-256 each, and ten classes."""
    assert len(idx_set.mirrors) == 2
    assert [len(bytes.fromhex(file.sha256)) for file in idx_set.files] == [32] * 4
    assert len(set(idx_set.class_names)) == 10


real_mnist = pytest.mark.skipif(
    not REAL_MNIST and os.environ.get("CI") != "true", reason="ANNSCOPE_MNIST_DIR names no folder with MNIST"
)


@pytest.fixture
def mnist_folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the real MNIST, which CI must provide."""
    assert REAL_MNIST, "CI must provide the real MNIST through ANNSCOPE_MNIST_DIR"
    monkeypatch.setenv("ANNSCOPE_MNIST_DIR", REAL_MNIST)
    return Path(REAL_MNIST)


@real_mnist
@pytest.mark.usefixtures("mnist_folder")
def test_the_real_mnist() -> None:
    """The 70,000 images load as they were published, 6,000 kept for validation in proportion."""
    assert is_ready(DataConfig(name="mnist"))
    dataset = load_dataset(DataConfig(name="mnist"))
    assert [x.shape for x in (dataset.x_train, dataset.x_val, dataset.x_test)] == [
        (54_000, 784),
        (6_000, 784),
        (10_000, 784),
    ]
    official = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(dataset.y_train) + np.bincount(dataset.y_val), official)
    np.testing.assert_array_equal(dataset.y_test[:10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    assert (dataset.x_train.min(), dataset.x_train.max()) == (0, 1)
    assert dataset.image_shape == (28, 28)


@real_mnist
def test_the_seed_recipes_find_their_data(mnist_folder: Path) -> None:
    """The first 5,000 images / 256, all 60,000 raw in file order, and 41,000 with 1,000 held out: each to the pixel."""
    content = unpack(next(mnist_folder.glob(f"{IMAGES}*")).read_bytes(), IMAGES)
    pixels = np.frombuffer(content[16:], np.uint8).reshape(60_000, 784)
    l_layer = load_dataset(DataConfig(name="mnist", n_train=5000, scaling="div256"), dtype="float64")
    np.testing.assert_array_equal(l_layer.x_train, pixels[:5000].astype(np.float32) / np.float32(256))
    assert (len(l_layer.y_val), len(l_layer.y_test), l_layer.heldout) == (6000, 10_000, "validation")
    one_by_one = load_dataset(DataConfig(name="mnist", split=0.0, scaling="none"))
    np.testing.assert_array_equal(one_by_one.x_train, pixels)
    assert one_by_one.heldout == "test"
    full_batch = load_dataset(DataConfig(name="mnist", n_train=41_000, split=1000 / 60_000))
    assert (len(full_batch.y_train), len(full_batch.y_val)) == (41_000, 1000)
