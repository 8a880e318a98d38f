"""Tables from the file to the input of a network: the label, the columns, what is said, and the preparation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

from annscope.core.config import DataConfig
from annscope.core.dataset import Dataset
from annscope.data.datasets import load_dataset
from annscope.data.errors import DataError
from annscope.data.preparation import Preparation
from annscope.data.quality import find_repeats
from annscope.data.user_table import describe, rows_of

RNG = np.random.default_rng(0)
N = 120
AGE = RNG.integers(18, 80, N)
FARE = RNG.normal(30, 9, N).round(2)


def write(tmp_path: Path, frame: pd.DataFrame, name: str = "mine.csv", **options: Any) -> Path:
    path = tmp_path / name
    frame.to_csv(path, **{"index": False, **options})
    return path


def titanic() -> pd.DataFrame:
    frame = pd.DataFrame(
        {"PassengerId": np.arange(1, N + 1), "Survived": np.arange(N) % 2, "Pclass": RNG.integers(1, 4, N)}
    )
    frame["Name"] = [f'Doe, Mx. "N{i}"' for i in range(N)]
    frame["Sex"] = RNG.choice(["male", "female"], N)
    frame["Age"] = np.where(np.arange(N) % 6 == 0, np.nan, AGE)
    frame["Fare"] = FARE
    frame["Embarked"] = RNG.choice(["C", "Q", "S", None], N, p=[0.3, 0.3, 0.3, 0.1])
    return frame


def adult() -> pd.DataFrame:
    return pd.DataFrame(
        {"age": AGE, "work": RNG.choice(["Private", "State-gov", "?"], N), "hours": RNG.integers(1, 60, N),
         "income": np.where(FARE > 30, ">50K", "<=50K")}
    )  # fmt: skip


def wdbc() -> pd.DataFrame:
    frame = pd.DataFrame({"id": RNG.permutation(900_000)[:N], "diagnosis": np.where(np.arange(N) % 3, "B", "M")})
    return frame.assign(radius=FARE, texture=FARE[::-1], empty="")


def plain(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": FARE, "b": FARE[::-1], **columns})


KIND = np.where(np.arange(N) % 2, "x", "y")
PIXELS = RNG.integers(0, 256, (N, 64))


def pixels(label: str, *, first: bool = True) -> pd.DataFrame:
    frame = pd.DataFrame(PIXELS, columns=[f"pixel{k}" for k in range(64)])
    frame.insert(0 if first else 64, label, np.arange(N) % 10)
    return frame


# ---- the label


@pytest.mark.parametrize(
    ("frame", "options", "label", "said"),
    [
        (plain(label=np.arange(N) % 3, kind=KIND), {}, "label", ""),
        (plain(Target=np.arange(N) % 3, kind=KIND), {}, "Target", ""),
        (plain(species=KIND, year=2007 + np.arange(N) % 3), {}, "species", "column 3, species (by its name)"),
        (wdbc(), {}, "diagnosis", "column 2, diagnosis (by its name)"),
        (plain(kind=KIND, year=2007 + np.arange(N) % 3), {}, "kind", "column 3, kind (the only column of text"),
        (plain(kind=KIND, name=[f"n{i}" for i in range(N)]), {}, "kind", "the only column of text with few values"),
        (plain(s=np.arange(N) % 2, c=np.arange(N) % 3), {}, "c", "column 4, c (the last column)"),
        (adult(), {}, "income", "column 4, income (the last column)"),
        (pixels("digit"), {}, "digit", "column 1, digit (64 whole numbers of 0 to 255 follow it)"),
        (pixels("digit", first=False), {}, "digit", "column 65, digit (64 whole numbers of 0 to 255 come before it)"),
        (pixels("digit"), {"header": False}, "column 1", "column 1 (64 whole numbers of 0 to 255 follow it)"),
        (plain(ok=np.arange(N) % 2 == 0), {}, "ok", "the last column"),
    ],
)
def test_the_label_is_found_in_the_order_of_what_tells_it_best(
    tmp_path: Path, frame: pd.DataFrame, options: dict[str, Any], label: str, said: str
) -> None:
    """A name, the only text, pixels, the last column; a guess is said with the columns to choose from."""
    found = describe(write(tmp_path, frame, **options))
    assert found.label_names == (label,)
    guesses = [note for note in found.notes if "the label is" in note]
    assert [said in note and "--label chooses another: its columns are 1" in note for note in guesses] == [True] * bool(
        said
    )


@pytest.mark.parametrize("asked", ["survived", "Survived ", "2"])
def test_the_label_asked_for_is_taken_by_name_or_number(tmp_path: Path, asked: str) -> None:
    """Names first, whatever their case, then numbers from 1; nothing is said of what was asked."""
    frame = pd.DataFrame({"id": range(N), "survived": np.arange(N) % 2, "age": AGE, "pclass": np.arange(N) % 3})
    path = write(tmp_path, frame)
    assert describe(path).label_names == ("pclass",)
    found = describe(path, DataConfig(name=str(path), label=asked))
    assert (found.label_names, found.label.is_guess) == (("survived",), False)
    assert not any("the label is" in note for note in found.notes)


WINE = pd.DataFrame({"Wine": 1 + np.arange(N) % 3, "alcohol": FARE, "proline": RNG.permutation(2000)[:N] + 300})


@pytest.mark.parametrize(
    ("frame", "config", "sentence"),
    [
        (plain(price=RNG.permutation(10**6)[:N]), {}, "the last, the column price, has 120 different numbers"),
        (plain(price=FARE * 10.5), {}, "so it looks measured, and annscope learns classes: make a few classes of it"),
        (plain(target=FARE * 10.5), {}, r"the column target has .* different numbers in 120 rows, so"),
        (plain(price=FARE * 10.5), {"label": "price"}, r"the column price has .* looks measured.*--as-category price"),
        (WINE, {}, r"the column proline, has 120 different .*; name the label with --label: Wine has few values"),
        (pixels("digit").drop(columns="digit"), {}, r"has 64 pixel columns \(8x8\) and no label"),
        (plain(kind=KIND), {"label": "knid"}, r"has no column 'knid' \(did you mean 'kind'\?\); its columns are 1 a"),
        (plain(kind=KIND), {"label": "4"}, r"--label: .* has no column '4'"),
        (plain(kind=KIND), {"drop": ("a", "b")}, r"no column left as a feature \(a: as asked; b: as asked\)"),
        (plain(kind=KIND), {"drop": ("kind",), "label": "kind"}, "--drop: kind is the label, which is no feature"),
        (plain(kind=KIND), {"drop": ("a",), "keep": ("1",)}, "--keep and --drop both name a"),
        (plain(kind=KIND), {"group": "kind"}, r"the last, the column b, has|--group: kind is the label"),
        (plain(kind=KIND, none=""), {"keep": ("none",)}, "the column none has nothing in it, and cannot be a feature"),
        (plain(kind="x", label=""), {}, r"the column label is the label, and has nothing in it|one class only"),
    ],
)  # fmt: skip
def test_what_is_no_label_or_no_choice_is_rejected(
    tmp_path: Path, frame: pd.DataFrame, config: dict[str, Any], sentence: str
) -> None:
    """A measurement is never made classes without a word; the sentence names what would be right."""
    path = write(tmp_path, frame)
    with pytest.raises(DataError, match=sentence) as caught:
        load_dataset(DataConfig(name=str(path), **config))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("n_classes", [26, 100])
def test_numbers_that_count_up_are_classes_however_many(tmp_path: Path, n_classes: int) -> None:
    """Letters numbered from 1 are 26 classes, also where they are a guess."""
    n = n_classes * 4
    frame = pd.DataFrame({"a": RNG.normal(size=n), "letter": 1 + np.arange(n) % n_classes})
    assert len(describe(write(tmp_path, frame)).class_names) == n_classes


# ---- the columns


def kinds(path: Path, **config: Any) -> dict[str, tuple[str, str]]:
    found = describe(path, DataConfig(name=str(path), **config))
    return {each.column.name: (each.column.kind, each.column.role) for each in found.columns}


def test_every_column_has_its_kind_and_what_becomes_of_it(tmp_path: Path) -> None:
    """Identifiers, row numbers, constants, empty columns and texts of many values are left out, unless asked for."""
    frame = titanic().assign(ok=np.arange(N) % 3 == 0, version=7, nothing="", customer_id=RNG.permutation(9000)[:N])
    path = write(tmp_path, frame)
    found = kinds(path, label="Survived")
    assert found == {
        "PassengerId": ("row number", "left out"), "Survived": ("number", "label"), "Pclass": ("number", "feature"),
        "Name": ("text", "left out"), "Sex": ("category", "feature"), "Age": ("number", "feature"),
        "Fare": ("number", "feature"), "Embarked": ("category", "feature"), "ok": ("boolean", "feature"),
        "version": ("constant", "left out"), "nothing": ("empty", "left out"),
        "customer_id": ("identifier", "left out"),
    }  # fmt: skip
    found = kinds(
        path, label="Survived", keep=("PassengerId", "Name", "version"), drop=("Fare",), as_category=("Pclass",)
    )  # fmt: skip
    assert [found[name] for name in ("PassengerId", "Name", "version", "Fare", "Pclass")] == [
        ("number", "feature"), ("category", "feature"), ("number", "feature"), ("number", "left out"),
        ("category", "feature"),
    ]  # fmt: skip


def test_a_description_shows_what_a_table_about_the_data_needs(tmp_path: Path) -> None:
    """Missing shares, few values, class counts and all that is said, as JSON values."""
    found = describe(write(tmp_path, titanic()), DataConfig(label="Survived"))
    age = next(each for each in found.columns if each.column.name == "Age")
    assert age.missing_share == pytest.approx(20 / N)
    assert (age.n_distinct, age.samples[0], age.done) == (
        len(set(AGE[np.arange(N) % 6 > 0])),
        str(AGE[1]),
        "a number, median where missing",
    )
    assert (found.n_rows, found.class_names, found.class_counts) == (N, ("0", "1"), (N // 2, N // 2))
    notes = " ".join(found.notes)
    assert (
        "left out PassengerId (1, 2, 3, ...: the number of the row), Name (another text in each of 120 rows)" in notes
    )
    assert "one-hot encoded Sex (2 values), Embarked (3 values)" in notes
    assert "missing values become the median of the training examples in Age (16.7%)" in notes
    assert json.loads(json.dumps(found.to_dict()))["columns"][5]["name"] == "Age"


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    """An example that nobody labelled is none, and its row is known."""
    frame = plain(kind=np.where(np.arange(N) % 40 == 0, "", KIND))
    path = write(tmp_path, frame)
    assert "mine.csv: 3 rows have no label and are left out." in describe(path).notes
    dataset = load_dataset(DataConfig(name=str(path)))
    assert sum(map(len, dataset.rows.values())) == N - 3
    assert not {0, 40, 80} & set(np.concatenate(list(dataset.rows.values())).tolist())


@pytest.mark.parametrize("marks", ["", "NA", "?", "None", "n/a", "-"])
def test_marks_of_what_is_missing(tmp_path: Path, marks: str) -> None:
    """Whatever stands for nothing, the number is missing: it becomes the median, and a column says so."""
    age = [marks if i % 6 == 0 else str(value) for i, value in enumerate(AGE)]
    dataset = load_dataset(
        DataConfig(name=str(write(tmp_path, pd.DataFrame({"age": age, "fare": FARE, "label": KIND}))))
    )
    assert dataset.feature_names == ("age", "age is missing", "fare")


# ---- the preparation


@pytest.fixture
def prepared(tmp_path: Path) -> Dataset:
    return load_dataset(DataConfig(name=str(write(tmp_path, titanic())), label="Survived"), dtype="float64")


def test_features_are_what_scikit_learn_makes_of_the_training_split(tmp_path: Path) -> None:
    """Medians, means and categories come from the training rows alone, and equal a ColumnTransformer's."""
    path = write(tmp_path, titanic())
    dataset = load_dataset(DataConfig(name=str(path), label="Survived", scaling="none"), dtype="float64")
    frame = pd.read_csv(path).astype({"Embarked": object}).where(lambda table: table.notna(), np.nan)
    oracle = ColumnTransformer(
        [("n", SimpleImputer(strategy="median"), ["Pclass", "Age", "Fare"]),
         ("c", OneHotEncoder(sparse_output=False, handle_unknown="ignore"), ["Sex", "Embarked"])]
    ).fit(frame.iloc[dataset.rows["train"]])  # fmt: skip
    names = ["Pclass", "Age", "Fare", "Sex = female", "Sex = male", "Embarked = C", "Embarked = Q", "Embarked = S"]
    columns = [dataset.feature_names.index(name) for name in [*names, "Embarked is missing"]]
    for split in ("train", "validation", "test"):
        wanted = oracle.transform(frame.iloc[dataset.rows[split]])
        np.testing.assert_array_equal(dataset.split(split)[0][:, columns], wanted)
    missing = dataset.feature_names.index("Age is missing")
    np.testing.assert_array_equal(dataset.x_train[:, missing], frame["Age"].iloc[dataset.rows["train"]].isna())


def test_numbers_are_standardised_and_what_is_0_or_1_stays(prepared: Dataset) -> None:
    """A scaled feature has mean 0 and deviation 1 on the training split; flags are flags."""
    for k, name in enumerate(prepared.feature_names):
        x = prepared.x_train[:, k]
        if name in {"Pclass", "Age", "Fare"}:
            np.testing.assert_allclose((x.mean(), x.std()), (0, 1), atol=1e-12)
        else:
            assert set(x.tolist()) <= {0.0, 1.0}


def test_the_record_prepares_a_new_example_in_the_same_way(prepared: Dataset, tmp_path: Path) -> None:
    """From the JSON of a record and the row as it stands in the file, the network's input comes out to the last bit."""
    assert prepared.table is not None
    again = Preparation.from_dict(json.loads(json.dumps(prepared.table)))
    assert again.feature_names == prepared.feature_names
    path = tmp_path / "mine.csv"
    for split in ("train", "validation", "test"):
        rows = rows_of(path, DataConfig(name=str(path), label="Survived"), prepared.rows[split].tolist())
        for cells, x in zip(rows, prepared.split(split)[0], strict=True):
            np.testing.assert_array_equal(again.example(cells), x)
    unknown = again.example({**rows[0], "Embarked": "Z"})
    assert sum(unknown[prepared.feature_names.index(f"Embarked = {port}")] for port in "CQS") == 0
    with pytest.raises(DataError, match="Fare is missing, and it was in no example of the table"):
        again.example({**rows[0], "Fare": None})
    with pytest.raises(DataError, match="Fare must be a number, got 'much'"):
        again.example({**rows[0], "Fare": "much"})


def test_true_and_false_are_1_and_0(tmp_path: Path) -> None:
    """Columns of True and False are numbers to a network."""
    frame = plain(ok=np.arange(N) % 3 == 0, survived=np.arange(N) % 2)
    dataset = load_dataset(DataConfig(name=str(write(tmp_path, frame))))
    assert dataset.feature_names == ("a", "b", "ok")
    np.testing.assert_array_equal(dataset.x_train[:, 2], frame["ok"].to_numpy()[dataset.rows["train"]])


def test_a_feature_that_tells_the_class_alone_is_named(tmp_path: Path) -> None:
    """A row number that is kept, in a table sorted by class, is a leak; so is a copy of the label; noise is none."""
    frame = plain(day=np.arange(N), copy=np.repeat(["u", "v"], N // 2), kind=np.repeat(["x", "y"], N // 2))
    path = write(tmp_path, frame)
    (note,) = load_dataset(DataConfig(name=str(path), label="kind", keep=("day",))).notes[-1:]
    assert note.startswith("Possible leak: 2 columns each tell the class alone: day (")
    assert "copy (100.0%)" in note
    notes = load_dataset(DataConfig(name=str(path), label="kind", drop=("copy",))).notes
    assert not any("leak" in note for note in notes)


@pytest.mark.parametrize("split", [0.1, 0.3, 0.5])
def test_a_group_stays_in_one_split(tmp_path: Path, split: float) -> None:
    """With --group, no patient is both trained on and tested on, and the column is no feature."""
    patient = RNG.integers(0, 30, 600)
    frame = pd.DataFrame({"a": RNG.normal(size=600), "patient": patient, "kind": RNG.choice(["x", "y"], 600)})
    dataset = load_dataset(DataConfig(name=str(write(tmp_path, frame)), group="patient", split=split))
    parts = [set(patient[rows].tolist()) for rows in dataset.rows.values()]
    assert not (parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2])
    assert dataset.feature_names == ("a",)
    assert len(dataset.y_val) / (600 - len(dataset.y_test)) == pytest.approx(split, abs=0.1)


def test_by_order_the_last_examples_are_held_out(tmp_path: Path) -> None:
    """What comes later in the file is predicted from what came before."""
    dataset = load_dataset(DataConfig(name=str(write(tmp_path, plain(kind=KIND))), split_by="order", split=0.25))
    assert np.concatenate([dataset.rows[name] for name in ("train", "validation", "test")]).tolist() == list(range(N))
    path = write(tmp_path, plain(kind=np.repeat(["x", "y"], [N - 9, 9])), "sorted.csv")
    with pytest.raises(
        DataError, match="by the order of the file, holding some out for testing would leave no example"
    ):
        load_dataset(DataConfig(name=str(path), split_by="order"))


def test_duplicates_and_contradicting_labels_are_counted(tmp_path: Path) -> None:
    """Copies within a split, copies of training examples in the others, and equal examples with two labels."""
    rows: Sequence[tuple[int, str]] = [(i % 20, "xy"[i % 2]) for i in range(100)] + [(7, "x")]
    dataset = load_dataset(DataConfig(name=str(write(tmp_path, pd.DataFrame(rows, columns=["a", "kind"])))))
    found = find_repeats(dataset)
    sizes = {name: len(dataset.split(name)[1]) for name in ("train", "validation", "test")}
    assert found.n_within["train"] == sizes["train"] - 20
    assert found.n_between["train", "validation"] == sizes["validation"]
    assert found.n_between["train", "test"] == sizes["test"]
    assert found.n_conflicting == 6


@pytest.mark.parametrize(
    ("names", "n", "is_image"),
    [
        ("pixel{}", 16, True), ("p{}", 16, True), ("{}", 64, True), ("{}", 16, False), ("", 64, True), ("", 16, False),
        ("words", 64, False),
    ],
)  # fmt: skip
def test_which_columns_are_the_pixels_of_an_image(tmp_path: Path, names: str, n: int, is_image: bool) -> None:
    """Square numbers of bytes are an image if they are named like pixels, or many; never with names of their own."""
    words = [f"{a}{b}" for a in "abcdefgh" for b in ("air", "egs", "ail", "ins", "ild", "ilk", "eathers", "oothed")]
    columns = (
        words[:n] if names == "words" else [names.format(k) for k in range(n)] if names else [str(k) for k in range(n)]
    )
    frame = pd.DataFrame(RNG.integers(0, 200, (60, n)), columns=columns).assign(label=np.arange(60) % 3)
    found = describe(write(tmp_path, frame, header=bool(names)))
    assert (found.image_shape is not None) is is_image
