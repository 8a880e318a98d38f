"""Files like those that people have, in other spellings: each is read as meant, or rejected in one clear sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from PIL import Image

from annscope.core.config import DataConfig
from annscope.data.datasets import load_dataset
from annscope.data.errors import DataError
from annscope.data.user_file import load_user_file

N = 60
RNG = np.random.default_rng(5)
LENGTHS, WIDTHS = RNG.normal(5000, 800, N).round(1), RNG.normal(30, 4, N).round(1)
KINDS = [("oak", "elm", "ash")[i % 3] for i in range(N)]
LINES = [f"{a},{b},{kind}" for a, b, kind in zip(LENGTHS, WIDTHS, KINDS, strict=True)]
PLAIN = "\n".join(LINES) + "\n"


def rows(change: str) -> str:
    """The rows, each with its length, width and kind put into this text."""
    values = zip(LENGTHS, WIDTHS, KINDS, strict=True)
    return "".join(f"{change.format(a=a, b=b, kind=kind, minus=-a, thousands=f'{a:,}')}\n" for a, b, kind in values)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("length,width,kind\nmm,mm,\n" + PLAIN, "has a row of units, or of other words, under the names"),
        ("size,size,\nlength,width,kind\n" + PLAIN, "has the names of its columns in two rows"),
        ("Trees of 1936,,\n,,\nlength,width,kind\n" + PLAIN, "the first 2 lines are left out, being above the table"),
        ("# by hand\n#\nlength,width,kind\n" + PLAIN, "the first 2 lines are left out"),
        ("length:width:kind\n" + PLAIN.replace(",", ":"), ""),
        ("length^width^kind\n" + PLAIN.replace(",", "^"), ""),
        ("length~width~kind\n" + PLAIN.replace(",", "~"), ""),
        ("length,width,kind\n" + rows("'{a}','{b}','{kind}'"), ""),
        ('"length","width","kind"\r\n' + rows('"{a}","{b}","{kind}"').replace("\n", "\r\n"), ""),
        ("length,width,kind\n" + rows('"{thousands} EUR",{b}%,{kind}'), "has signs of currency or percent"),
        ("length,width,kind\n" + rows('"CHF {thousands}",$ {b},{kind}'), "has signs of currency or percent"),
        ("length,width,kind\n" + rows("{a} mm,{b},{kind}"), "has the unit mm, which is left out (length)"),
        ("length,width,kind\n" + rows("{a}kg,{b}°C,{kind}"), "has the unit °C, which is left out (width)"),
        ("length,width,kind\n" + rows("{a}D+00,{b},{kind}"), ""),
    ],
)  # fmt: skip
def test_a_table_has_the_same_numbers_however_it_is_spelled(tmp_path: Path, content: str, said: str) -> None:
    """Rows of units and titles, rare delimiters, single quotes, currencies and units leave the numbers as they are."""
    path = tmp_path / "trees.csv"
    path.write_bytes(content.encode())
    examples = load_user_file(path, DataConfig(name=str(path)))
    assert examples.x.tolist() == np.stack([LENGTHS, WIDTHS], 1).tolist()
    assert [examples.class_names[y] for y in examples.y] == KINDS
    assert any(said in note for note in examples.notes), examples.notes


def test_accountants_write_negative_numbers_in_parentheses(tmp_path: Path) -> None:
    """(12) and 12- are -12; it is said."""
    path = tmp_path / "accounts.csv"
    path.write_text("a,b,kind\n" + rows("({a}),{b}-,{kind}"))
    examples = load_user_file(path, DataConfig(name=str(path)))
    assert examples.x.tolist() == np.stack([-LENGTHS, -WIDTHS], 1).tolist()
    assert any("has negative numbers in parentheses" in note for note in examples.notes)


@pytest.mark.parametrize("mark", ["unknown", "missing", "n.a.", "(null)", r"\N", "nil", "*", "-1.#IND", "k.A."])
def test_words_for_a_missing_number(tmp_path: Path, mark: str) -> None:
    """A word for what is missing among numbers is that; where it is no usual mark, it is said."""
    path = tmp_path / "trees.csv"
    path.write_text("length,width,kind\n" + "".join(f"{mark},{line.partition(',')[2]}\n" for line in LINES[:9]) + PLAIN)
    examples = load_user_file(path, DataConfig(name=str(path)))
    assert np.isnan(examples.x[:9, 0]).all()
    assert np.isfinite(examples.x[9:]).all()
    is_word = mark in {"unknown", "missing", "nil", "*", "k.A."}
    assert any(f"says {mark!r} where a number is missing" in note for note in examples.notes) == is_word


def test_unknown_is_a_value_of_a_category(tmp_path: Path) -> None:
    """In a column of texts, unknown is one of them."""
    path = tmp_path / "loans.csv"
    path.write_text(
        "contact,age,class\n" + "".join(f"{('phone', 'unknown')[i % 2]},{i % 7},{i % 3}\n" for i in range(60))
    )
    assert load_user_file(path, DataConfig(name=str(path))).columns[0].values == ("phone", "unknown")


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_the_shuffled_numbers_of_rows_are_left_out(tmp_path: Path, name: str) -> None:
    """A first column without a name, a different whole number in every row, is left out, shuffled or not."""
    path, order = tmp_path / "trees.csv", RNG.permutation(N)
    path.write_text(f"{name},length,width,kind\n" + "".join(f"{i},{LINES[i]}\n" for i in order))
    examples = load_user_file(path, DataConfig(name=str(path)))
    assert examples.feature_names == ("length", "width")
    assert any("another whole number in every row" in note for note in examples.notes)


def test_classes_that_differ_in_case_are_named(tmp_path: Path) -> None:
    """Oak and oak are two classes, and it is said that they may be one."""
    path = tmp_path / "trees.csv"
    path.write_text("length,width,kind\n" + PLAIN.replace("oak", "Oak", 1))
    notes = load_user_file(path, DataConfig(name=str(path))).notes
    assert any("the classes Oak and oak differ in upper and lower case alone" in note for note in notes)


def test_a_workbook_may_have_a_row_of_units(tmp_path: Path) -> None:
    """A row of units in an Excel sheet is left out, and it is said."""
    book = openpyxl.Workbook()
    for row in [("length", "width", "kind"), ("mm", "mm", None), *zip(LENGTHS, WIDTHS, KINDS, strict=True)]:
        book.active.append(row)
    book.save(tmp_path / "trees.xlsx")
    examples = load_user_file(tmp_path / "trees.xlsx", DataConfig(name=str(tmp_path / "trees.xlsx")))
    assert len(examples.x) == N
    assert any("row of units" in note for note in examples.notes)


def test_nominal_values_of_arff_may_have_blanks_and_quotes(tmp_path: Path) -> None:
    """Quoted values, blanks around commas, texts and missing values of ARFF are read."""
    values = ("red", "'dark blue'")
    path = tmp_path / "trees.arff"
    path.write_text(
        "% trees\n@RELATION t\n@ATTRIBUTE 'a length' NUMERIC\n@attribute colour {red, 'dark blue'}\n"
        "@attribute name string\n@attribute class {oak,elm, ash}\n\n@DATA\n"
        + "".join(f"{'?' if i == 4 else LENGTHS[i]}, {values[i % 2]},'no {i}',{KINDS[i]}\n" for i in range(N))
    )
    examples = load_user_file(path, DataConfig(name=str(path)))
    assert [column.name for column in examples.columns] == ["a length", "colour"]
    assert examples.columns[1].values == ("dark blue", "red")
    assert np.flatnonzero(np.isnan(examples.x[:, 0])).tolist() == [4]


def test_pixels_by_name_may_be_fractions(tmp_path: Path) -> None:
    """Columns named as pixels, with numbers from 0 to 1, are an image; the same under other names is a table."""
    x = RNG.random((40, 64)).round(3)
    for names, shape in (("pixel{}", (8, 8)), ("sensor{}", None)):
        frame = pd.DataFrame(x, columns=[names.format(k) for k in range(64)])
        frame.insert(0, "label", np.arange(40) % 4)
        frame.to_csv(tmp_path / "x.csv", index=False)
        assert load_user_file(tmp_path / "x.csv", DataConfig(name=str(tmp_path / "x.csv"))).image_shape == shape


def test_a_zip_of_one_table_may_have_a_readme(tmp_path: Path) -> None:
    """A README beside the table, in a folder, is no second table."""
    with zipfile.ZipFile(tmp_path / "trees.zip", "w") as archive:
        archive.writestr("trees/trees.csv", "length,width,kind\n" + PLAIN)
        archive.writestr("trees/README.txt", "Trees")
        archive.writestr("__MACOSX/trees/._trees.csv", "x")
    assert len(load_user_file(tmp_path / "trees.zip", DataConfig(name=str(tmp_path / "trees.zip"))).x) == N


def test_cells_of_lists_and_sparse_files_are_rejected_with_what_to_do(tmp_path: Path) -> None:
    """Lists in the cells of Parquet, sparse ARFF, archives of other kinds, notes below a table: one sentence each."""
    pd.DataFrame({"x": [[1.0, 2.0]] * 20, "label": [0, 1] * 10}).to_parquet(tmp_path / "lists.parquet")
    (tmp_path / "sparse.arff").write_text("@relation t\n@attribute a numeric\n@attribute c {x,y}\n@data\n{0 1,1 x}\n")
    (tmp_path / "trees.tar.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    (tmp_path / "note.csv").write_text("length,width,kind\n" + PLAIN + "Source: the forest\n")
    for name, words in {
        "lists.parquet": "the cells of the column x are lists or files, not numbers or texts: save",
        "sparse.arff": "is a sparse ARFF file: save it as CSV",
        "trees.tar.gz": "is a tar archive: unpack it, or make a ZIP file of it",
        "note.csv": f"line {N + 2}: 1 cell, but the first line has 3: remove it if it is a note",
    }.items():
        with pytest.raises(DataError, match=words):
            load_user_file(tmp_path / name, DataConfig(name=str(tmp_path / name)))


def folders(top: Path, *paths: str) -> Path:
    for path in paths:
        (top / path).mkdir(parents=True)
        for i in range(6):
            Image.fromarray(RNG.integers(0, 255, (6, 6), np.uint8)).save(top / path / f"{i}.png")
    return top


@pytest.mark.parametrize(
    ("train", "held_out", "split"),
    [("01_train", "02_val", "validation"), ("train2017", "val2017", "validation"), ("TRAIN", "DEV", "validation"),
     ("trainset", "holdout", "test"),
     ("seg_train", "seg_test", "test"), ("Training Data", "Testing Data", "test")],
)  # fmt: skip
def test_folders_of_splits_in_other_spellings(tmp_path: Path, train: str, held_out: str, split: str) -> None:
    """Numbers before or behind the name of a split, and other usual words, leave it one."""
    place = folders(tmp_path / "pets", *(f"{part}/{kind}" for part in (train, held_out) for kind in ("cat", "dog")))
    dataset = load_dataset(DataConfig(name=str(place)))
    assert dataset.class_names == ("cat", "dog")
    assert len(dataset.split(split)[1]) == 12


def test_folders_of_splits_within_those_of_classes(tmp_path: Path) -> None:
    """cat/train and cat/test are splits as train/cat and test/cat are."""
    place = folders(tmp_path / "pets", *(f"{kind}/{part}" for part in ("train", "test") for kind in ("cat", "dog")))
    dataset = load_dataset(DataConfig(name=str(place)))
    assert dataset.class_names == ("cat", "dog")
    assert dataset.files["test"][0] == "cat/test/0.png"


def test_one_folder_of_a_split_beside_another_of_an_unknown_name_is_rejected(tmp_path: Path) -> None:
    """The folders of splits never become the classes because one of them has a foreign name."""
    place = folders(tmp_path / "pets", *(f"{part}/{kind}" for part in ("Lernen", "Test") for kind in ("cat", "dog")))
    with pytest.raises(DataError, match="pets has Lernen beside Test, both with the folders of classes: name"):
        load_dataset(DataConfig(name=str(place)))


@pytest.mark.parametrize(("x", "y"), [("img", "lab"), ("samples", "ground_truth"), ("imgs", "gt")])
def test_other_names_of_arrays(tmp_path: Path, x: str, y: str) -> None:
    """The arrays of an NPZ file are found by further usual names."""
    np.savez(tmp_path / "a.npz", **{x: RNG.integers(0, 255, (40, 8, 8), np.uint8), y: np.arange(40) % 4})
    assert load_user_file(tmp_path / "a.npz", DataConfig(name=str(tmp_path / "a.npz"))).image_shape == (8, 8)


@pytest.mark.parametrize(
    ("labels", "names"),
    [([-1, 1], ("-1", "1")), ([0.0, 1.0], ("0", "1")), ([3, 7], ("3", "7")), (["b", "<i>a</i>"], ("<i>a</i>", "b"))],
)
@pytest.mark.parametrize("dtype", [">f8", "<f4", ">i2"])
def test_arrays_of_any_byte_order_and_labels_of_any_kind(
    tmp_path: Path, labels: list[object], names: tuple[str, ...], dtype: str
) -> None:
    """Big-endian arrays in Fortran's order, labels from -1, with gaps, as floats or as texts are read as they are."""
    x, y = np.asfortranarray(RNG.integers(-90, 90, (40, 3)).astype(dtype)), np.array(labels)[np.arange(40) % 2]
    np.savez(tmp_path / "a.npz", x=x, y=y)
    examples = load_user_file(tmp_path / "a.npz", DataConfig(name=str(tmp_path / "a.npz")))
    assert examples.x.tolist() == x.tolist()
    assert examples.class_names == names
    assert [examples.class_names[k] for k in examples.y[:2]] == [names[np.unique(y).tolist().index(v)] for v in y[:2]]


@pytest.mark.parametrize(
    ("labels", "names"),
    [(("TRUE", "FALSE"), ("FALSE", "TRUE")), ((0, 9, 24), ("0", "9", "24")),
     (('"a,b ""q"""', "<b>bold</b>", "$x^2$"), ("$x^2$", "<b>bold</b>", 'a,b "q"'))],
)  # fmt: skip
def test_classes_have_any_names_and_gaps(tmp_path: Path, labels: tuple[object, ...], names: tuple[str, ...]) -> None:
    """TRUE and FALSE are texts as a label, numbers may have gaps, and names may hold anything."""
    path = tmp_path / "a.csv"
    path.write_text("a,b,label\n" + "".join(f"{i % 7},{i % 5},{labels[i % len(labels)]}\n" for i in range(60)))
    assert load_user_file(path, DataConfig(name=str(path))).class_names == names
