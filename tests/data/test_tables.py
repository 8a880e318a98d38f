"""Tables as people have them: they are read as meant, what is unusual is said, every fault is named with its place."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import warnings
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from annscope.core.config import DataConfig, RunConfig
from annscope.core.training import Trainer
from annscope.data.datasets import load_dataset
from annscope.data.errors import DataError
from annscope.data.tables import read_table
from annscope.data.user_file import load_user_file

ROWS = [(5.1, 3.5, "setosa"), (4.9, 3.0, "virginica"), (4.7, 3.2, "setosa"), (4.6, 1000.0, "virginica")] * 5


def table(tmp_path: Path, content: str | bytes, name: str = "points.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def text(delimiter: str = ",", header: str = "length,width,species", end: str = "\n", decimal: str = ".") -> str:
    lines = [delimiter.join((repr(a), repr(b), kind)).replace(".", decimal) for a, b, kind in ROWS]
    return end.join(([header.replace(",", delimiter)] if header else []) + lines) + end


@pytest.mark.parametrize(
    "content",
    [
        "1,2.5,cat\n3,4,dog\n5,6,cat\n",
        "a,b,animal\n1,2.5,cat\n3,4,dog\n5,6,cat\n",
        "label,a,b\ncat,1,2.5\ndog,3,4\ncat,5,6\n",
        "a,Class,b\n1,cat,2.5\n3,dog,4\n5,cat,6\n",
        "0,1,target\n1,2.5,cat\n3,4,dog\n5,6,cat\n",
        "\ufeffa;b;animal\r\n1;2.5;cat\r\n3;4;dog\r\n\r\n5;6;cat\r\n",
        '1\t2.5\t"cat"\n3\t4\t" dog"\n5\t6\tcat',
        "1|2.5|cat\n3|4|dog\n5|6|cat\n",
        "1   2.5 cat\n3 4 dog\n5   6  cat\n",
        "a,b,animal,,\n1,2.5,cat,,\n3,4,dog,,\n5,6,cat,,\n,,,,\n,,,,\n",
    ],
    ids=[
        "no header", "last column", "label first", "class in the middle", "numbers as names", "semicolons", "tabs",
        "bars", "blanks", "empty columns and rows",
    ],
)  # fmt: skip
def test_every_way_to_write_a_csv(tmp_path: Path, content: str) -> None:
    """With names or without, the label's column anywhere, any delimiter: the same examples."""
    examples = load_user_file(table(tmp_path, content))
    np.testing.assert_array_equal(examples.x, [[1, 2.5], [3, 4], [5, 6]])
    np.testing.assert_array_equal(examples.y, [0, 1, 0])
    assert examples.class_names == ("cat", "dog")
    assert examples.image_shape is None


DIALECTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "plain": (lambda: text().encode(), ""),
    "semicolons and decimal commas": (lambda: text(";", decimal=",").encode(), "has decimal commas"),
    "the same without names": (lambda: text(";", "", decimal=",").encode(), "has decimal commas"),
    "a line for Excel": (lambda: b"sep=;\r\n" + text(";", end="\r\n").encode(), ""),
    "Windows-1252": (lambda: text(header="Länge,Größe,Art").encode("cp1252"), "is read as Windows-1252"),
    "UTF-8 with a mark": (lambda: text().encode("utf-8-sig"), ""),
    "UTF-16": (lambda: text("\t").encode("utf-16"), "is read as UTF-16"),
    "UTF-16 without a mark": (lambda: text().encode("utf-16-le"), "is read as UTF-16"),
    "lines of old Macs": (lambda: text(end="\r").encode(), ""),
    "a title above": (lambda: b"Flowers of 1936\n\n" + text().encode(), "the first line is left out"),
    "thousands": (lambda: text().replace("1000.0", '"1,000.0"').encode(), "has separators of thousands"),
    "thousands with points": (
        lambda: text(";", decimal=",").replace("1000,0", "1.000,0").encode(), "has separators of thousands"
    ),
    "thousands with narrow blanks": (
        lambda: text(";", decimal=",").replace("1000,0", "1\u202f000,0").encode(), "has separators of thousands"
    ),
    "thousands of Switzerland": (lambda: text().replace("1000.0", "1'000.0").encode(), "has separators of thousands"),
    "decimal commas in quotes": (
        lambda: "".join(f'"{a}","{b}",{kind}\n'.replace(".", ",") for a, b, kind in ROWS).encode(),
        "has decimal commas",
    ),
    "currency and percent": (
        lambda: "".join(f'"${a}",{b} %,{kind}\n' for a, b, kind in ROWS).encode(), "has signs of currency or percent"
    ),
    "comments above": (
        lambda: b"# made by hand, in 1936\n#\n" + text().encode(), "the first 2 lines are left out"
    ),
    "names that begin as a comment": (lambda: text(header="#a,b,c").encode(), ""),
    "all quoted": (lambda: pd.DataFrame(ROWS).to_csv(index=False, header=False, quoting=1).encode(), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("n_times", [1, 3000], ids=["small", "larger than the sample"])
def test_every_dialect_gives_the_same_numbers(tmp_path: Path, name: str, n_times: int) -> None:
    """Whatever wrote the table, its numbers are those that were meant; what is not plain CSV is said."""
    make, sentence = DIALECTS[name]
    content = make()
    if n_times > 1 and name not in {"plain", "semicolons and decimal commas", "Windows-1252", "thousands"}:
        n_times = 1
    head, _, rest = content.partition(b"\n")
    read = read_table(table(tmp_path, content if n_times == 1 else head + b"\n" + rest * n_times))
    assert read.frame[0].tolist() == [row[0] for row in ROWS] * n_times
    assert read.frame[1].tolist() == [row[1] for row in ROWS] * n_times
    assert read.frame[2].tolist() == [row[2] for row in ROWS] * n_times
    assert sentence in " ".join(read.notes)
    assert bool(read.notes) is bool(sentence)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("2019,2020,2021,risk\n5.1,3.5,1.4,0\n4.9,3.0,1.4,1\n", ("2019", "2020", "2021", "risk")),
        (",0,1,2\n0,5.1,3.5,0\n1,4.9,3.0,1\n", ("column 1", "0", "1", "2")),
        ("0,1,2,3\n5.1,3.5,1.4,0\n4.9,3.0,1.4,1\n", ("0", "1", "2", "3")),
        ("buying,doors,class\nhigh,two,good\nlow,four,bad\nlow,two,good\n", ("buying", "doors", "class")),
        ("a,a,,y\n1,2,3,0\n4,5,6,1\n", ("a", "a (2)", "column 3", "y")),
        ('"size, in m","x ""y""",y\n1,2,0\n3,4,1\n', ("size, in m", 'x "y"', "y")),
        ("mpg,cyl\nMazda,21,6\nFiat,22,4\nHonda,30,4\n", ("column 1", "mpg", "cyl")),
    ],
    ids=["years", "pandas' own", "counted", "all text", "twice and none", "quoted", "R's row names"],
)
def test_a_line_of_names_is_found(tmp_path: Path, content: str, names: tuple[str, ...]) -> None:
    """Names are known by what stands under them, be they numbers or texts; none is empty, none comes twice."""
    read = read_table(table(tmp_path, content))
    assert (read.has_header, read.names) == (True, names)


@pytest.mark.parametrize(
    "content",
    ["39, State-gov, 77, <=50K\n50, Private, 13, >50K\n", "p,x,s\ne,x,s\np,x,y\n", ",38.88,0\n22,39.99,1\n38,57,1\n"],
    ids=["numbers", "letters", "a first cell missing"],
)
def test_a_first_row_of_data_is_no_line_of_names(tmp_path: Path, content: str) -> None:
    """Where the first line is like the others, it is an example, and the columns are named by their numbers."""
    read = read_table(table(tmp_path, content))
    assert not read.has_header
    assert len(read.frame) == content.count("\n")
    assert read.names[0] == "column 1"


def test_the_option_of_the_header_is_believed(tmp_path: Path) -> None:
    """`header` overrules what the first line looks like."""
    path = table(tmp_path, "1,2,0\n3,4,1\n5,6,0\n")
    assert read_table(path, "yes").names == ("1", "2", "0")
    assert len(read_table(path, "no").frame) == 3
    numbered = table(tmp_path, "2019,2020,0\n5,6,1\n7,8,0\n", "years.csv")
    assert load_user_file(numbered, DataConfig(name=str(numbered), header=False)).x.tolist() == [
        [2019, 2020],
        [5, 6],
        [7, 8],
    ]


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.bz2", ".csv.xz", ".zip", ".csv"])
def test_compressed_tables_are_read(tmp_path: Path, suffix: str) -> None:
    """Compression is known by the first bytes, also where the name does not tell."""
    content = text().encode()
    if suffix == ".zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("__MACOSX/._points.csv", b"\0")
            archive.writestr("points.csv", content)
        path = table(tmp_path, packed.getvalue(), "points.zip")
    else:
        pack = {".csv.bz2": bz2.compress, ".csv.xz": lzma.compress}.get(suffix, gzip.compress)
        path = table(tmp_path, pack(content), f"points{suffix}")
    assert read_table(path).frame[1].tolist() == [row[1] for row in ROWS]


def test_parquet_and_arff_are_read(tmp_path: Path) -> None:
    """The types of the file count: numbers, texts, True and False, and what is missing."""
    frame = pd.DataFrame({"n": [1, 2, 3], "x": [0.5, None, 1.5], "b": [True, False, True], "c": ["u", "v", None]})
    frame.to_parquet(tmp_path / "a.parquet")
    read = read_table(tmp_path / "a.parquet")
    assert read.names == ("n", "x", "b", "c")
    assert read.frame[0].tolist() == [1, 2, 3]
    assert read.frame[1].isna().tolist() == [False, True, False]
    assert read.frame[2].tolist() == ["True", "False", "True"]
    assert read.frame[3].isna().tolist() == [False, False, True]
    arff = "@relation r\n@attribute x numeric\n@attribute class {u,v}\n@data\n1.5,u\n?,v\n"
    read = read_table(table(tmp_path, arff, "a.arff"))
    assert read.frame[1].tolist() == ["u", "v"]
    assert read.frame[0].isna().tolist() == [False, True]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook as people have them: a cover, a title above the table, a date, True and False, an error, a note."""
    book = openpyxl.Workbook()
    book.active.append(["About these flowers"])
    sheet = book.create_sheet("Flowers")
    sheet.append(["Flowers of 1936"])
    sheet.append([])
    sheet.append(["id", "picked", "length", "wild", "species", None])
    for i in range(90):
        picked = datetime(2024, 3, 1) + timedelta(days=i * 7 % 90)
        sheet.append([i + 1, picked, i * 7 % 11 + 0.5, i % 4 == 0, "abc"[i * 5 % 3], None])
    sheet["C9"] = "#DIV/0!"
    book.create_sheet("Notes").append(["done"])
    book.save(tmp_path / "flowers.xlsx")
    return tmp_path / "flowers.xlsx"


def test_a_network_is_trained_on_a_workbook(workbook: Path) -> None:
    """The first sheet with a table is read, which is said; dates, truth values and errors are what they look like."""
    table = read_table(workbook)
    assert table.names == ("id", "picked", "length", "wild", "species")
    assert (len(table.frame), table.place(6, 2)) == (90, f"{workbook}, row 10, column 3 (length)")
    assert table.notes == (
        "flowers.xlsx is read from its sheet Flowers, one of 3.",
        "flowers.xlsx: the first row is left out, being above the table.",
    )
    config = RunConfig().with_values({"data": str(workbook), "hidden": (4,), "epochs": 2})
    dataset = load_dataset(config.data)
    assert (dataset.feature_names, dataset.class_names) == (("length", "wild"), ("a", "b", "c"))
    trainer = Trainer(dataset, config)
    trainer.advance(trainer.total_steps)
    assert trainer.snapshot(0.0).heldout.loss < 2


def test_a_sheet_that_says_it_is_large_takes_what_is_in_it(tmp_path: Path) -> None:
    """One cell in the last row of a sheet is one cell, not seventeen billion."""
    book = openpyxl.Workbook()
    for i in range(20):
        book.active.append([i % 7 + 0.5, i % 3, "xy"[i % 2]])
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "far.xlsx")
    table = read_table(tmp_path / "far.xlsx")
    assert table.frame.shape == (21, 4)
    assert table.notes == ("far.xlsx: left out 16,380 columns with neither a name nor a value.",)
    assert table.place(20, 3) == f"{tmp_path / 'far.xlsx'}, row 1048576, column 4"


def test_without_openpyxl_the_sentence_says_how_to_install_it(workbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel is an extra: without it a workbook is rejected in one sentence with both ways out."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        DataError, match=r"flowers\.xlsx is an Excel file, which needs openpyxl: pip install 'annscope\[excel\]'"
    ):
        read_table(workbook)


def test_progress_is_told_in_bytes_of_the_file(workbook: Path, tmp_path: Path) -> None:
    """Whatever format a table has, the progress grows from the first bytes to all of them."""
    frame = pd.DataFrame({"a": np.arange(100_000) % 13 / 2, "b": np.arange(100_000) % 2})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.csv.gz", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", x=frame[["a"]], y=frame["b"])
    for path in (workbook, *(tmp_path / f"a.{suffix}" for suffix in ("csv", "csv.gz", "parquet", "npz"))):
        seen: list[tuple[str, int, int]] = []
        load_user_file(path, progress=lambda *told, seen=seen: seen.append(told))
        whats, done, totals = zip(*seen, strict=True)
        assert set(whats) == {f"Reading {path.name}"}
        assert set(totals) == {path.stat().st_size}
        assert list(done) == sorted(done)
        assert done[-1] == totals[-1] or path == workbook


CONTENTS = {
    "b.csv": b"1,2\0\n3,4\n",
    "page.csv": b"<!DOCTYPE html>\n<title>Log in, please</title>\n",
    "pointer.csv": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "lines.csv": b'{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n',
    "sparse.txt": b"+1 1:0.5 3:2\n-1 2:1 3:4\n",
    "quote.csv": b'1,2,"u\n' + b"1,2,3\n" * 30_000,
    "bomb.csv.gz": gzip.compress((b"1,2," + b"u" * 995 + b"\n") * 1000, 1) * 200,
}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.json", "is JSON: write it as CSV"),
        ("a.svm", "is in the format of LIBSVM: save it with numpy.savez"),
        ("a.npy", "is one array: save features and labels together with numpy.savez"),
        ("a.xls", "is an old Excel file: save it as .xlsx or as CSV"),
        ("a.pkl", "is a pickle, which is never loaded"),
        ("a.md", "is not a kind of file that is read: its name must end in one of .csv, .tsv"),
        ("a.parquet", "is not a Parquet file, or a damaged one"),
        ("a.arff", "is not an ARFF file, or a damaged one"),
        ("a.xlsx", "is not an Excel file, or a damaged one"),
        ("a.zip", "has one column"),
        ("b.csv", "is not a text file: it has a zero byte at 3"),
        ("c.csv.gz", "is a damaged archive"),
        ("d.zip", "has 2 tables (a.csv, b.csv): a ZIP file must hold one CSV file"),
        ("e.zip", "has no table: a ZIP file must hold one CSV file"),
        ("page.csv", "is a web page or XML, not a table: perhaps the download needed a login"),
        ("pointer.csv", "is a pointer of Git LFS, not the file itself: fetch that with git lfs pull"),
        ("lines.csv", "is JSON: write it as CSV"),
        ("sparse.txt", "is in the format of LIBSVM"),
        ("book.csv", "is a document of Office: a workbook is read if its name ends in .xlsx"),
        ("quote.csv", "a cell of it has more than 131,072 characters, or quotes that are never closed"),
        ("bomb.csv.gz", "unpacks to more than 100 times its size, as no table does"),
    ],
)
def test_what_is_no_table_is_rejected_with_what_to_do(tmp_path: Path, name: str, sentence: str) -> None:
    """One sentence names the file, what it is, and the way out."""
    path = table(tmp_path, b"hello\n", name)
    if name in CONTENTS:
        path.write_bytes(CONTENTS[name])
    if name == "c.csv.gz":
        path.write_bytes(gzip.compress(os.urandom(100_000))[:5000])
    members = {"d.zip": ("a.csv", "b.csv"), "e.zip": ("a.png",), "book.csv": ("[Content_Types].xml",)}
    if name in members:
        with zipfile.ZipFile(path, "w") as archive:
            for member in members[name]:
                archive.writestr(member, "1,2\n")
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "points.csv is empty"),
        ("\n\n", "points.csv is empty"),
        ("a,b,label\n", "points.csv has a line of column names but no examples"),
        ("1\n2\n", "points.csv has one column, but needs at least one feature and a label"),
        ("1,2,0\n3,4,1\n5,1\n", "points.csv, line 3: 2 cells, but the first line has 3"),
        ("a,b,label\n1,2,0\n\n5,1,7,1\n7,8,1\n9,9,1\n", "points.csv, line 4: 4 cells, but the first line has 3"),
        ('a,b,label\n"1,5",2,0\n5,1\n7,8,1\n', "points.csv, line 3: 2 cells, but the first line has 3"),
        ('a,b,label\n"1,5",2,0\n5,1,1,1\n7,8,1\n', "points.csv, line 3: 4 cells, but the first line has 3"),
        ("a,b,label\n" + "1,2,0\n" * 9 + "3,x,1\n", "points.csv, line 11, column 2 (b): 'x' is not a number, as the"),
        ("1,2,0\n" * 9 + "\n3,x,1\n", "points.csv, line 11, column 2: 'x' is not a number, as the other cells"),
        ("label,a,b\n0,1,2\n1,3,-inf\n", "points.csv, line 3, column 3 (b): -inf is not a finite number"),
        ("a,b,label\n1,2,0\n1e308,4,1\n", "points.csv, line 3, column 1 (a): 1e+308 is larger than"),
        ("1,2,0\n3,4,0\n", "points.csv has one class only, 0"),
        ("1,2,0\n3,4,\n", "points.csv has one class only, 0"),
        (
            '1,2,"0\n' + "3" * 200_000 + ",1\n",
            "points.csv is not a ",
        ),
        (",".join(map(str, range(70_000))) + "\n", "points.csv has 70,000 columns, more than the 65,536"),
    ],
)
def test_each_fault_of_a_csv_has_its_sentence(tmp_path: Path, content: str, message: str) -> None:
    """The error names the file, the line, the column and the value."""
    with pytest.raises(DataError) as caught:
        load_user_file(table(tmp_path, content))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_number_with_a_mistake_says_the_ways_out(tmp_path: Path) -> None:
    """As asked, the cell is missing, or the column a category, or left out."""
    path = table(tmp_path, "a,b,label\n" + "1,2,0\n4,3,1\n" * 9 + "5,x,1\n")
    with pytest.raises(DataError, match="--as-number b takes it as missing, --drop b leaves the column out"):
        load_user_file(path)
    assert np.isnan(load_user_file(path, DataConfig(name=str(path), as_number=("b",))).x[-1, 1])
    assert load_user_file(path, DataConfig(name=str(path), drop=("2",))).x.shape == (19, 1)
    assert load_user_file(path, DataConfig(name=str(path), as_category=("b",))).columns[1].values == ("2", "3", "x")


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_without_end_takes_bounded_memory(tmp_path: Path, packed: bool) -> None:
    """Lines, bytes and columns end where no table has them, compressed or not."""
    for content in (b"1" * 20_000_000, b"1," * 10_000_000, b"a,b\n1,2\n1,3\n1,4\n" + b"x" * 20_000_000):
        path = table(tmp_path, gzip.compress(content, 1) if packed else content)
        with pytest.raises(DataError, match=r"a line of it has more than 8,388,608 characters|columns, more than"):
            read_table(path)


def test_a_bomb_of_bytes_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to more than is read ends in a sentence; so does one with too many values."""
    monkeypatch.setattr("annscope.data.unpacking.MAX_UNPACKED_BYTES", 3_000_000)
    path = table(tmp_path, gzip.compress(b"1,2\n" * 1_000_000), "bomb.csv.gz")
    with pytest.raises(DataError, match="has more than the 3,000,000 bytes that are read, once decompressed"):
        read_table(path)
    monkeypatch.setattr("annscope.data.delimited.MAX_VALUES", 100_000)
    with pytest.raises(DataError, match="has more than the maximum of 100,000 values"):
        read_table(table(tmp_path, b"1,2\n" * 100_000))


def test_a_file_that_changes_while_it_is_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of an old table and half of a new one are no table."""
    path = table(tmp_path, text())
    parse = pd.read_csv

    def change(*given: Any, **named: Any) -> Any:
        with path.open("a") as file:
            file.write("1,2,x\n")
        return parse(*given, **named)

    monkeypatch.setattr(pd, "read_csv", change)
    with pytest.raises(DataError, match="was changed while it was read: start again when it is complete"):
        read_table(path)


def test_text_that_stops_being_utf8_far_down_is_read_as_windows_1252(tmp_path: Path) -> None:
    """An encoding that shows only beyond the sample is found and said."""
    read = read_table(table(tmp_path, b"a,b\n" + b"1,x\n" * 400_000 + b"2,caf\xe9\n"))
    assert read.frame[1].iloc[-1] == "café"
    assert "Windows-1252" in read.notes[0]


def test_pixels_are_kept_as_bytes(tmp_path: Path) -> None:
    """Images in a table take a byte a pixel; one value beyond a byte, far down, changes nothing but that."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (500, 64))
    rows = np.column_stack([np.arange(500) % 3, x])
    frame = pd.DataFrame(rows, columns=["label", *(f"pixel{k}" for k in range(64))])
    frame.to_csv(tmp_path / "a.csv", index=False)
    examples = load_user_file(tmp_path / "a.csv")
    assert (examples.x.dtype, examples.image_shape) == (np.uint8, (8, 8))
    np.testing.assert_array_equal(examples.x, x)
    frame.iloc[-1, -1] = 300
    frame.to_csv(tmp_path / "b.csv", index=False)
    examples = load_user_file(tmp_path / "b.csv")
    assert examples.image_shape is None
    np.testing.assert_array_equal(examples.x, frame.iloc[:, 1:])


def in_dialect(frame: pd.DataFrame, dialect: str) -> bytes:
    """A table with its label last, as other programs write it."""
    options: dict[str, Any] = {
        "plain": {"index": False},
        "German": {"index": False, "sep": ";", "decimal": ","},
        "with the index": {},
        "tabs, no names": {"index": False, "sep": "\t", "header": False},
        "UTF-16, quoted": {"index": False, "quoting": 1, "encoding": "utf-16"},
        "label first": {"index": False, "columns": [frame.columns[-1], *frame.columns[:-1]]},
    }[dialect]
    encoding = options.pop("encoding", "utf-8")
    written: str = frame.to_csv(**options)
    return written.encode(encoding)


@pytest.mark.parametrize(
    "dialect", ["plain", "German", "with the index", "tabs, no names", "UTF-16, quoted", "label first"]
)
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
def test_sets_of_scikit_learn_give_the_accuracy_that_they_give_from_memory(
    tmp_path: Path, dialect: str, load: Callable[..., Any]
) -> None:
    """Whichever program wrote the table, the network learns the same from it, to the last bit."""
    bunch = load(as_frame=True)
    names = np.array([str(name) for name in bunch.target_names])
    frame = bunch.data.assign(species=names[bunch.target] if load is not load_digits else bunch.target)
    arrays = tmp_path / "memory.npz"
    order = np.unique(frame["species"], return_inverse=True)[1]
    np.savez(arrays, x=bunch.data.to_numpy(), y=order)
    path = table(tmp_path, in_dialect(frame, dialect), "table.csv")
    figures = []
    for name in (arrays, path):
        config = RunConfig().with_values({"data": str(name), "hidden": (16,), "epochs": 3, "learning-rate": 0.01})
        dataset = load_dataset(config.data)
        trainer = Trainer(dataset, config)
        trainer.advance(trainer.total_steps)
        figures.append(trainer.snapshot(0.0).heldout)
    assert figures[0] == figures[1]


def test_no_number_makes_numpy_warn(tmp_path: Path) -> None:
    """Values near the largest float, or the smallest, and timestamps are standardised in float64, without a warning."""
    rng = np.random.default_rng(0)
    for scale, shift in ((1e300, 0), (1e160, 0), (1e-300, 0), (1000, 1_700_000_000_000)):
        z = rng.normal(size=60)
        rows = "".join(f"{value * scale + shift!r},{value!r},{i % 2}\n" for i, value in enumerate(z.tolist()))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dataset = load_dataset(DataConfig(name=str(table(tmp_path, f"a,b,label\n{rows}"))))
        np.testing.assert_allclose(dataset.x_train[:, 0], dataset.x_train[:, 1], atol=1e-5)
    with pytest.raises(
        DataError, match=r"feature 1 has values up to .*, more than float32 can hold: scale with standard"
    ):
        load_dataset(DataConfig(name=str(table(tmp_path, "a,b,label\n" + "1e200,2,0\n3,4,1\n" * 20)), scaling="none"))
