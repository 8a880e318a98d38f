"""NPZ files, and files of labels: they are read as intended, and every fault is named with its place."""

from __future__ import annotations

import os
import socket
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annscope.core.config import DataConfig
from annscope.data import user_table
from annscope.data.datasets import check_name, holds_images, load_dataset
from annscope.data.errors import DataError
from annscope.data.user_file import check_beginning, load_user_file, may_hold_images, may_hold_points


def csv(tmp_path: Path, text: str, name: str = "points.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def npz(tmp_path: Path, **arrays: Any) -> Path:
    path = tmp_path / "arrays.npz"
    np.savez(path, **arrays)
    return path


# ---- NPZ

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("names", [("x", "y"), ("X", "y"), ("x_train", "y_train")])
@pytest.mark.parametrize("labels", [Y, Y.astype(np.uint8), Y.astype(float), Y[:, None]])
def test_every_way_to_write_an_npz(tmp_path: Path, names: tuple[str, str], labels: np.ndarray) -> None:
    """Arrays by any of the usual names, with labels of any number type."""
    examples = load_user_file(npz(tmp_path, **{names[0]: X, names[1]: labels}))
    np.testing.assert_array_equal(examples.x, X)
    np.testing.assert_array_equal(examples.y, Y)
    assert examples.y.dtype == np.int64
    assert examples.class_names == ("0", "1", "2")
    assert examples.test is None


@pytest.mark.parametrize("kind", ["U", "S"])
def test_text_labels_become_sorted_classes(tmp_path: Path, kind: str) -> None:
    """Texts and bytes are classes by their names."""
    examples = load_user_file(npz(tmp_path, x=X, y=np.array(["c", "a", "b"] * 2, dtype=kind)))
    assert examples.class_names == ("a", "b", "c")
    np.testing.assert_array_equal(examples.y, [2, 0, 1] * 2)


def test_an_npz_may_bring_its_test_split(tmp_path: Path) -> None:
    """x_test and y_test are the test split as they are, even where a class is missing there."""
    path = npz(tmp_path, x_train=X, y_train=Y + 5, x_test=X[:2] + 1, y_test=np.array([7, 5]))
    dataset = load_dataset(DataConfig(name=str(path), scaling="none"))
    np.testing.assert_array_equal(dataset.x_test, X[:2] + 1)
    np.testing.assert_array_equal(dataset.y_test, [2, 0])
    assert dataset.class_names == ("5", "6", "7")
    assert len(dataset.y_train) + len(dataset.y_val) == 6


def test_what_is_not_needed_is_not_read(tmp_path: Path) -> None:
    """Other arrays in the file do no harm, not even Python objects."""
    path = npz(tmp_path, x=X, y=Y, notes=np.array([{"by": "me"}], dtype=object))
    assert load_user_file(path).x.shape == (6, 2)


SEVERAL = np.array([[0, 1, 1], [0, 0, 0], [1, 0, 1]] * 2)
OBJECTS = np.array([[1, 2], [3, None]] * 3, dtype=object)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X, "b": Y}, "must hold the arrays x and y (or x_train, y_train, x_test, y_test); it holds ['a', 'b']"),
        ({"x": OBJECTS, "y": Y}, "the array x holds Python objects, which are never loaded"),
        ({"x": X, "y": OBJECTS[:, 0]}, "the array y holds Python objects, which are never loaded"),
        ({"x": X.astype(str), "y": Y}, "the array x must hold numbers, not <U"),
        ({"x": X + 1j, "y": Y}, "the array x must hold numbers, not complex128"),
        ({"x": X[:, 0], "y": Y}, "the array x must have one example per row, but has the shape (6,)"),
        ({"x": X, "y": Y[:5]}, "one label for each of the 6 examples in x, or a row of labels, but has the shape (5,)"),
        ({"x": X, "y": np.eye(5)}, "each of the 6 examples in x, or a row of labels, but has the shape (5, 5)"),
        ({"x": X, "y": np.array(3)}, "each of the 6 examples in x, or a row of labels, but has the shape ()"),
        ({"x": X, "y": X}, "the array y has a row of labels for each example, which must be 0 or 1"),
        ({"x": X, "y": SEVERAL.astype(str)}, "the array y has a row of labels for each example, which must be 0 or 1"),
        ({"x": X, "y": SEVERAL, "class_names": ["a", "b"]}, "class_names must hold 3 texts, one per column of y"),
        ({"x": X, "y": SEVERAL, "class_names": [1, 2, 3]}, "class_names must hold 3 texts, one per column of y"),
        ({"x": X, "y": SEVERAL, "class_names": ["a", "b", "a"]}, "the names of the labels must be unique"),
        ({"x_train": X, "y_train": SEVERAL, "x_test": X, "y_test": Y}, "y_test must have 3 labels per example"),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": SEVERAL}, "y_test has rows of labels, but y_train one"),
        ({"x": X[:0], "y": Y[:0]}, "the array x is empty"),
        ({"x": X[:, :0], "y": Y}, "the array x is empty"),
        ({"x": np.where(X == 5, np.nan, X), "y": Y}, "x[2], feature 1, is nan, where every value must be finite"),
        ({"x": np.where(X == 4, -np.inf, X), "y": Y}, "x[2], feature 0, is -inf, where every value must be finite"),
        ({"x": X, "y": Y / 2}, "example 2 has the label 0.5, but a class must be a whole number or a text"),
        ({"x": X, "y": Y + 1j}, "the labels must be whole numbers or texts, not complex128"),
        ({"x": X, "y": Y * 0}, "has one class only, 0: at least two are needed"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "has x_test without y_test"),
        ({"x_train": X, "y_train": Y, "y_test": Y}, "has y_test without x_test"),
        (
            {"x_train": X, "y_train": Y, "x_test": X[:, :1], "y_test": Y},
            "an example has the shape (2,) in x_train and (1,) in x_test",
        ),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1}, "has the class 3, which is missing in y_train"),
    ],
)
def test_each_fault_of_an_npz_has_its_sentence(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    """The sentence names the file, the array and what is wrong with it."""
    with pytest.raises(DataError) as caught:
        load_user_file(npz(tmp_path, **arrays))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "arrays.npz"))


def test_what_only_calls_itself_npz_is_rejected(tmp_path: Path) -> None:
    """Other files, damaged archives and pickles are told from NPZ files without being run."""
    path = npz(tmp_path, x=X, y=Y)
    whole = path.read_bytes()
    for content in (b"hello", whole[: len(whole) // 2], b"\x80\x04N.", whole.replace(X.tobytes(), b"\1" * X.nbytes)):
        path.write_bytes(content)
        with pytest.raises(DataError, match="is not an NPZ file, or a damaged one"):
            load_user_file(path)
    for member in (b"hello", b"\x93NUMPY\x01\x00\x05\x00hello", b"\x93NUM"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", member)
            archive.writestr("y.npy", member)
        with pytest.raises(DataError, match="is not an NPZ file, or a damaged one"):
            load_user_file(path)
    with path.open("wb") as file:
        np.save(file, X)
    with pytest.raises(DataError, match="is not an NPZ file: it holds one array"):
        load_user_file(path)


# ---- images


def test_square_rows_of_pixels_are_images(tmp_path: Path) -> None:
    """A square number of at least 16 whole values in 0..255 is shown as an image and scaled by its brightest pixel."""
    x = np.random.default_rng(2).integers(0, 17, (40, 64))
    x[:, 0] = 16
    dataset = load_dataset(DataConfig(name=str(npz(tmp_path, x=x, y=np.arange(40) % 2))))
    assert dataset.image_shape == (8, 8)
    assert (dataset.x_train.min(), dataset.x_train.max()) == (0, 1)


@pytest.mark.parametrize(
    "x",
    [
        np.ones((4, 16)) / 2,
        np.full((4, 16), -1.0),
        np.full((4, 16), 256.0),
        np.ones((4, 15)),
        np.ones((4, 9)),
    ],
    ids=["fractions", "negative", "above 255", "not square", "too small"],
)
def test_other_rows_are_no_images(tmp_path: Path, x: np.ndarray) -> None:
    """Anything else is a row of plain features."""
    assert load_user_file(npz(tmp_path, x=x, y=np.array([0, 1, 0, 1]))).image_shape is None


@pytest.mark.parametrize("shape", [(4, 3, 5), (4, 3, 5, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_an_array_of_images_is_recognised_by_its_shape(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    """Height and width in the array's shape make it images, square or not, fractions or not."""
    x = np.arange(60).reshape(shape).astype(dtype)
    examples = load_user_file(npz(tmp_path, x=x, y=np.array([0, 1, 0, 1])))
    assert examples.image_shape == (3, 5)
    np.testing.assert_array_equal(examples.x.ravel(), np.arange(60))


# ---- the file itself


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "there is no file "),
        ("folder", "has no subfolders: each class needs a subfolder with its images"),
        ("notes.md", "is not a kind of file that is read: its name must end in one of .csv, "),
        ("empty.npz", "empty.npz is empty"),
    ],
)
def test_a_file_that_cannot_be_data_is_named(tmp_path: Path, name: str, message: str) -> None:
    """A path that is missing, a folder, empty or of another format is an error, through load_dataset too."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.md").write_text("# Notes")
    (tmp_path / "empty.npz").touch()
    with pytest.raises(DataError) as caught:
        load_dataset(DataConfig(name=str(tmp_path / name)))
    assert message in str(caught.value)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the operating system is passed on."""

    def raise_error(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = csv(tmp_path, "1,2,0\n")
    monkeypatch.setattr(Path, "open", raise_error)
    with pytest.raises(DataError, match=r"points.csv cannot be read: Permission denied"):
        load_user_file(path)


@pytest.mark.parametrize("name", ["a.csv", "a.npz", "a.zip", "a.json"])
def test_the_beginning_shows_what_cannot_be_read(tmp_path: Path, name: str) -> None:
    """What would fail at once is known before a run is started, and again once the file is another."""
    path = tmp_path / name
    path.write_bytes(b"PK\3\4\0no archive")
    with pytest.raises(DataError) as caught:
        check_beginning(path)
    assert str(path) in str(caught.value)
    path = path.rename(tmp_path / "b.csv")
    path.write_text("1,2,0\n3,4,0\n")  # of one class, which the rows further down may change
    check_beginning(path)
    with pytest.raises(DataError, match="gone cannot be read: No such file or directory"):
        check_beginning(tmp_path / "gone")


def test_too_few_examples_to_split_are_rejected(tmp_path: Path) -> None:
    """If nothing can be held out, loading raises an error instead of training without validation."""
    with pytest.raises(DataError, match="2 examples in 2 classes are too few to split"):
        load_dataset(DataConfig(name=str(csv(tmp_path, "1,2,0\n3,4,1\n"))))


@pytest.mark.parametrize("name", ["odd.csv", "odd.npz"])
def test_what_is_no_file_is_neither_waited_for_nor_read(tmp_path: Path, name: str) -> None:
    """A named pipe, a socket, a device and a link in a circle have their sentence, and hold no images."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.path.relpath(tmp_path / "socket"))
        for target, kind in (("pipe", "a named pipe"), ("socket", "a socket"), ("/dev/zero", "a device"), (name, "")):
            path = tmp_path / name
            path.symlink_to(target)
            assert not holds_images(str(path))
            with pytest.raises(DataError, match=f"{name} is {kind}, not a file" if kind else "there is no file"):
                load_user_file(path)
            with pytest.raises(DataError, match=f"{name} is neither a file nor a folder that can be read"):
                check_name(str(path))
            path.unlink()


@pytest.mark.parametrize("name", ["a" * 5000 + ".csv", "~nobody-of-this-name/x.csv", "x\0.csv", "\udcff/x.npz"])
def test_a_name_that_no_file_can_have_is_no_file(name: str) -> None:
    """Any text that is not a path gives the error that there is no such file."""
    with pytest.raises(DataError, match="there is no file "):
        load_dataset(DataConfig(name=name))
    assert not holds_images(name)


@pytest.mark.parametrize("name", ["points.csv", "points.npz"])
def test_a_file_too_large_to_be_read_is_not_begun(tmp_path: Path, name: str) -> None:
    """Its size is asked first: one also a sparse one of a terabyte, which takes no space on the disk."""
    (tmp_path / name).touch()
    os.truncate(tmp_path / name, 1 << 40)
    with pytest.raises(DataError, match="has 1,099,511,627,776 bytes, more than the 2,147,483,648 that are read"):
        load_user_file(tmp_path / name)


@pytest.mark.parametrize("line", ["1", "1,", '"', '"\n",'])
def test_a_line_without_end_is_rejected(tmp_path: Path, line: str) -> None:
    """One line, or one row that runs on inside quotes, is read as far as a row may reach."""
    path = csv(tmp_path, line * (10_000_000 // len(line)))
    with pytest.raises(
        DataError,
        match=r"points\.csv (is not a CSV file: a line|is not a table: the quotes|has \S+ columns, more than)",
    ):
        load_user_file(path)


@pytest.mark.parametrize("text", ["a", "1", "0.5"])
def test_more_labels_than_classes_can_be_are_rejected(tmp_path: Path, text: str) -> None:
    """A column of names or measurements is not taken for thousands of classes, each an output unit."""
    path = csv(tmp_path, "".join(f"1,{text}{i}\n" for i in range(5000)))
    with pytest.raises(DataError, match=r"has no column that is surely the label: the last, column 2, has [45],"):
        load_user_file(path)
    with pytest.raises(DataError, match=r"has \S+ different numbers|more than 4,096 different labels in column 2"):
        load_user_file(path, DataConfig(name=str(path), label="2"))
    with pytest.raises(DataError, match="more than 4,096 different labels"):
        load_user_file(npz(tmp_path, x=np.zeros((5000, 2)), y=np.arange(5000)))


def test_one_long_label_takes_no_more_memory_than_its_letters(tmp_path: Path) -> None:
    """A label of a hundred thousand letters beside fifty thousand short ones would fill 20 GB as an array of texts."""
    examples = load_user_file(csv(tmp_path, f"1,{'long' * 25_000}\n" + "2,short\n" * 50_000))
    assert examples.y.tolist() == [0] + [1] * 50_000
    assert examples.class_names == ("long" * 25_000, "short")


def member(header: str, content: bytes = b"") -> bytes:
    """An array in the format of an NPZ file, with any header."""
    text = header.encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def described(shape: str, kind: str = "'<f8'") -> str:
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}}}\n"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (described("(1000000000000, 784)"), "the array x has the shape (1000000000000, 784) of float64, which is more"),
        (described("(268435457, 1)"), "more than the maximum of 2,147,483,648 bytes"),
        (described("(1000000000000, 1)", "'<U0'"), "more than the maximum of 2,147,483,648 bytes"),
        (described("(2, 2)", "'<U500000000'"), "more than the maximum of 2,147,483,648 bytes"),
        (described("(2, 2)", "('<f8', (100000, 100000))"), "is not an NPZ file, or a damaged one"),
        (described(f"({'9' * 4000}, 2)"), "more than the maximum of 2,147,483,648 bytes"),
        (described("(2, 2)", "'|O'"), "holds Python objects, which are never loaded"),
        (described("(2, 2)", "[('a', '|O'), ('b', '<f8')]"), "holds Python objects, which are never loaded"),
        (described("(-1, 2)"), "is not an NPZ file, or a damaged one"),
        (described("(-2, -2)"), "is not an NPZ file, or a damaged one"),
        (described("(2.5, 2)"), "is not an NPZ file, or a damaged one"),
        (described("(2, 2)", "'nonsense'"), "is not an NPZ file, or a damaged one"),
        (described("(" * 4000 + "2" + ")" * 4000), "is not an NPZ file, or a damaged one"),
        (described("-" * 9000 + "2"), "is not an NPZ file, or a damaged one"),
        (described("(2, 2)", "[" * 4000 + "]" * 4000), "is not an NPZ file, or a damaged one"),
        ("x" * 60_000, "is not an NPZ file, or a damaged one"),
        ("{'descr'", "is not an NPZ file, or a damaged one"),
        ("\0" * 100, "is not an NPZ file, or a damaged one"),
    ],
)  # fmt: skip
def test_an_array_is_believed_by_what_its_header_can_mean(tmp_path: Path, header: str, message: str) -> None:
    """A small file that claims terabytes, and a malicious header, are one-sentence errors."""
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", member(header, bytes(64)))
        archive.writestr("y.npy", member(described("(2,)", "'<i8'"), bytes(16)))
    with pytest.raises(DataError) as caught:
        load_user_file(path)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 1000
    holds_images(str(path))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_damaged_archive_of_any_kind_is_one_sentence(tmp_path: Path, compression: int) -> None:
    """Whatever the decompressor raises."""
    path = tmp_path / "damaged.npz"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in ("x.npy", "y.npy"):
            archive.writestr(name, member(described("(50, 2)"), np.random.default_rng(0).bytes(800)))
    whole = bytearray(path.read_bytes())
    for at in range(0, len(whole), 7):
        damaged = whole.copy()
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        with suppress(DataError):
            load_user_file(path)
        holds_images(str(path))


# ---- several labels


def test_columns_of_labels(tmp_path: Path) -> None:
    """A column named label:… is a label, in any position; the others are features with their names."""
    text = "label:red,width,label: round ,height\n1,2.5,0,3\n0,4,0,5\n1,6,1,7\n"
    found = load_user_file(csv(tmp_path, text))
    assert found.class_names == ("red", "round")
    assert found.feature_names == ("width", "height")
    assert found.y.tolist() == [[1, 0], [0, 0], [1, 1]]
    assert found.x.tolist() == [[2.5, 3], [4, 5], [6, 7]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,label:b,label:c\n1,0,2\n", "line 2, column label:c: a label must be 0 or 1, got '2'"),
        ("a,label:b,label:c\n1,0,\n", "line 2, column label:c: a label must be 0 or 1, got ''"),
        ("a,label:b,label:c\n1,0\n", "line 2: 2 cells, but the first line has 3"),
        ("label:b,label:c\n1,0\n", "has only label columns"),
        ("a,label:b\n1,0\n2,1\n", "has one label, b: for two classes rename its column to label"),
        ("a,label:b,label:c\n", "has a line of column names but no examples"),
    ],
)
def test_each_fault_of_a_file_of_labels_has_its_sentence(tmp_path: Path, text: str, message: str) -> None:
    """The sentence names the file, the place and what is wrong there."""
    with pytest.raises(DataError) as caught:
        load_user_file(csv(tmp_path, text))
    assert message in str(caught.value)


def test_rows_of_labels(tmp_path: Path) -> None:
    """An NPZ with rows of 0 and 1 has labels, with given names or numbers, and an official test split."""
    found = load_user_file(npz(tmp_path, x=X, y=SEVERAL.astype(bool)))
    assert found.class_names == ("label 1", "label 2", "label 3")
    np.testing.assert_array_equal(found.y, SEVERAL)
    assert found.y.dtype == np.int64
    names = ["a", "b", "c"]
    found = load_user_file(
        npz(tmp_path, x_train=X, y_train=SEVERAL, x_test=X[:2], y_test=SEVERAL[:2], class_names=names)
    )
    assert found.class_names == ("a", "b", "c")
    assert found.test is not None
    np.testing.assert_array_equal(found.test[1], SEVERAL[:2])
    # For data with one class per example, an array of that name does no harm.
    objects = np.array([None, 1], dtype=object)
    assert load_user_file(npz(tmp_path, x=X, y=Y, class_names=objects)).y.ndim == 1


def test_a_file_of_labels_is_split_by_its_combinations(tmp_path: Path) -> None:
    """Frequent combinations of labels are in every split in proportion; rare ones raise no error."""
    rng = np.random.default_rng(0)
    rows = np.repeat([[0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 0]], [400, 400, 190, 10], axis=0)
    y = np.concatenate([rows, [[1, 1, 1], [0, 0, 0]]])
    data = load_dataset(DataConfig(name=str(npz(tmp_path, x=rng.normal(size=(len(y), 2)), y=y)), split=0.2))
    assert data.is_multilabel
    assert data.n_classes == 3
    for part, share in ((data.y_test, 0.1), (data.y_val, 0.18), (data.y_train, 0.72)):
        for kind, count in (([0, 0, 1], 400), ([1, 1, 0], 400), ([1, 0, 1], 190)):
            assert (part == kind).all(axis=1).sum() == pytest.approx(share * count, abs=1.5)
    assert len(data.y_train) + len(data.y_val) + len(data.y_test) == 1002


def test_a_file_that_cannot_be_used_is_read_once_for_all_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page asks of every setting whether it suits the data: pixels without a label are read for the first."""
    path = tmp_path / "unlabelled.csv"
    path.write_text("\n".join(",".join("0" * 784) for _ in range(3)))
    read: list[Path] = []
    read_table = user_table.read_table

    def counted(path: Path, *given: Any) -> Any:
        read.append(path)
        return read_table(path, *given)

    monkeypatch.setattr(user_table, "read_table", counted)
    for _ in range(3):
        assert not may_hold_images(path)
        assert not may_hold_points(path)
    assert read == [path]


def test_one_array_alone_is_told_before_it_is_trained_on(tmp_path: Path) -> None:
    """Its beginning is enough to say that there must be two."""
    np.save(tmp_path / "x.npy", np.zeros((3, 4)))
    with pytest.raises(DataError, match="it holds one array and must hold two, x and y"):
        check_beginning(tmp_path / "x.npy")
