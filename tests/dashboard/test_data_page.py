"""The Data page without a browser: what it says about data before anything is trained, also about bad input."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from annscope.dashboard import state
from annscope.dashboard.queries.data_tables import MAX_COLUMNS
from annscope.data.sampling import SampledTree
from annscope.runs.uploads import save_upload
from tests.dashboard.conftest import component_data
from tests.records import train_run

SCRIPT = """
from annscope.dashboard.pages import datasets
datasets.page()
"""


def open_page(**parameters: str) -> AppTest:
    """The page at an address."""
    page = AppTest.from_string(SCRIPT, default_timeout=60)
    page.query_params.update(parameters)
    page.run()
    assert not page.exception
    return page


def texts(page: AppTest) -> str:
    """All running text of the page."""
    return "\n".join(block.value for kind in (page.markdown, page.caption, page.header) for block in kind)


def may_train(page: AppTest) -> bool:
    """Whether the button that leads to training can be pressed."""
    (button,) = [each for each in page.button if each.label == "Train on this"]
    return not button.disabled


def passengers(path: Path, n: int = 80) -> Path:
    """A table with a row number, a name, a category, a number with gaps, and who survived."""
    rng = np.random.default_rng(0)
    lines = ["PassengerId,Survived,Name,Sex,Age"]
    for i in range(n):
        is_female = rng.random() < 0.5
        age = "" if i % 7 == 0 else str(rng.integers(1, 80))
        lines.append(f'{i + 1},{int(is_female)},"Doe, {i}",{"female" if is_female else "male"},{age}')
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("name", ["digits", "moons"])
def test_a_built_in_set_is_shown(name: str) -> None:
    """Its size, its classes and its splits, and a command that trains on it."""
    page = open_page(data=name)
    assert [each.value for each in [*page.error, *page.warning]] == []
    assert "examples" in texts(page)
    assert [each.value for each in page.code] == [f"annscope train --data {name}"]
    assert may_train(page)


def test_a_set_that_needs_a_download_is_not_loaded_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and offers the download; training on it may start all the same."""
    monkeypatch.delenv("ANNSCOPE_MNIST_DIR", raising=False)
    page = open_page(data="fashion-mnist")
    assert "the first run on it downloads it" in page.info[0].value
    assert page.button(key=state.FETCH).label == "Download it now"
    assert may_train(page)


def test_a_card_chooses_a_data_set() -> None:
    """The choice is in the address, which is a link."""
    page = open_page()
    page.button(key=state.data_set("circles")).click().run()
    assert page.query_params["data"] == "circles"
    assert "Circles" in texts(page)
    assert page.session_state[state.SETTINGS]["data"] == "circles"


def test_a_table_says_what_becomes_of_each_column(tmp_path: Path) -> None:
    """Kind, what is done and why, the label with how it was found, and the first rows."""
    path = passengers(tmp_path / "passengers.csv")
    page = open_page(data=str(path), label="Survived")
    columns = {each["name"]: each for each in component_data(page, state.COLUMNS)["columns"]}
    assert columns["PassengerId"]["role"] == "left out"
    assert columns["Name"]["role"] == "left out"
    assert columns["Sex"]["done"] == "one-hot"
    assert columns["Age"]["missing"] == "15.0 %"
    assert columns["Survived"]["role"] == "label"
    assert sum(columns["Sex"]["bars"]) == 80
    assert columns["Age"]["bars"]
    assert page.dataframe[0].value["Name"][0] == "Doe, 0"
    assert any("Possible leak" in each.value and "Sex" in each.value for each in page.warning)
    assert page.code[0].value == f"annscope train --data {path} --label Survived"
    assert may_train(page)


def test_a_label_is_chosen_and_a_guess_is_said(tmp_path: Path) -> None:
    """The choice goes into the address and the command; as guessed takes it back."""
    path = passengers(tmp_path / "passengers.csv")
    page = open_page(data=str(path))
    assert any("A guess" in each.value for each in page.caption)
    page.selectbox(key=state.LABEL).set_value("Survived").run()
    assert page.query_params["label"] == "Survived"
    assert "--label Survived" in page.code[0].value
    page.selectbox(key=state.LABEL).set_value("").run()
    assert "label" not in page.query_params


def test_a_table_without_a_likely_label_still_shows_its_columns(tmp_path: Path) -> None:
    """One sentence says what is missing; the label can be chosen at once."""
    rng = np.random.default_rng(1)
    lines = ["city,price"] + [f"{'ab'[i % 2]},{rng.normal():.4f}" for i in range(80)]
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(lines))
    page = open_page(data=str(path), label="price")
    assert len(page.error) == 1
    assert "looks measured" in page.error[0].value
    assert not may_train(page)
    page.selectbox(key=state.LABEL).set_value("city").run()
    assert not page.error
    assert may_train(page)


def images(path: Path, *, n: int = 12) -> Path:
    """A ZIP file of a folder with two classes of images."""
    from PIL import Image

    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for name, low in (("dark", 0), ("bright", 128)):
            for i in range(n):
                file = io.BytesIO()
                Image.fromarray(rng.integers(low, low + 120, (9, 9)).astype(np.uint8)).save(file, "PNG")
                archive.writestr(f"shades/{name}/{i}.png", file.getvalue())
    return path


def test_images_are_shown_by_class(tmp_path: Path) -> None:
    """A contact sheet, their size and their number."""
    page = open_page(data=str(images(tmp_path / "shades.zip")))
    assert not page.error
    assert "24 examples" in texts(page)
    assert "9x9 pixels" in texts(page)
    sheet = next(each.value for each in page.get("html") if "as-sheet" in each.value)
    assert 'title="dark"' in sheet
    assert "training images of bright" in sheet


BAD = {
    "empty.csv": b"",
    "one-column.csv": b"a\n1\n2\n",
    "binary.csv": bytes(range(256)) * 40,
    "broken.npz": b"PK\x03\x04 not really",
    "pickle.pkl": b"\x80\x04K\x01.",
    "broken.zip": b"PK\x03\x04 not really",
    "measured.csv": b"a,b\n" + b"".join(b"%d,%.3f\n" % (i, i * 1.7) for i in range(90)),
    "cell.csv": b"a,label\n" + b"1,x\n2,y\n" * 30 + b"oops,x\n",
    "short.csv": b"a,b,label\n1,2,x\n3,y\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(tmp_path: Path, name: str) -> None:
    """No traceback, and training on it cannot be started."""
    (tmp_path / name).write_bytes(BAD[name])
    page = open_page(data=str(tmp_path / name))
    assert len(page.error) == 1
    assert name in page.error[0].value.replace("\\", "")
    assert "Traceback" not in page.error[0].value
    assert not may_train(page)


def test_a_path_that_leads_nowhere_is_one_sentence(tmp_path: Path) -> None:
    """Typed or pasted, it is an error until it is corrected, and nothing else is trained on meanwhile."""
    page = open_page()
    page.text_input(key=state.DATA_PATH).set_value(str(tmp_path / "missing.csv")).run()
    assert [each.value.replace("\\", "") for each in page.error] == [f"There is no file {tmp_path}/missing.csv."]
    assert not may_train(page)


def test_an_unknown_name_is_a_warning_about_the_address() -> None:
    """As on Train."""
    page = open_page(data="digitz")
    assert "digits" in page.warning[0].value


def test_a_pasted_path_is_taken_without_its_quotes(tmp_path: Path) -> None:
    """And nothing else of it is changed."""
    path = passengers(tmp_path / " my passengers.csv")
    page = open_page()
    page.text_input(key=state.DATA_PATH).set_value(f'"{path}"').run()
    assert page.session_state[state.SETTINGS]["data"] == str(path)
    assert "my passengers" in texts(page)


def test_an_upload_is_listed_with_its_size_and_deleted_after_a_question(tmp_path: Path) -> None:
    """The question says which runs need it; afterwards another data set is chosen."""
    with passengers(tmp_path / "passengers.csv").open("rb") as file:
        path = save_upload("passengers.csv", file)
    train_run(data=str(path), label="Survived", hidden=(2,), epochs=1)
    page = open_page(data=str(path))
    row = page.button(key=state.upload("passengers.csv"))
    assert "passengers" in row.label
    assert "kB" in row.label
    assert "1 run was trained on it" in texts(page)
    page.button(key=state.delete_upload("passengers.csv")).click().run()
    assert not path.exists()
    assert not page.exception
    assert page.session_state[state.SETTINGS]["data"] == "mnist-5k"


def test_duplicates_and_contradictions_are_shown(tmp_path: Path) -> None:
    """Between splits they are a warning; the examples can be looked at."""
    rng = np.random.default_rng(0)
    lines = [f"{a:.3f},{b:.3f},{'xy'[i % 2]}" for i, (a, b) in enumerate(rng.normal(size=(50, 2)))]
    path = tmp_path / "twice.csv"
    path.write_text("a,b,label\n" + "\n".join([*lines, *lines, "9.0,9.0,x", "9.0,9.0,y"]) + "\n")
    page = open_page(data=str(path))
    warnings = " ".join(each.value for each in page.warning)
    assert "in the training split too" in warnings
    assert "contradict each other" in warnings


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    """What is kept is of the file as it is."""
    path = passengers(tmp_path / "passengers.csv")
    assert "80 examples" in texts(open_page(data=str(path), label="Survived"))
    passengers(path, 100)
    assert "100 examples" in texts(open_page(data=str(path), label="Survived"))


def test_what_was_read_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look at the same data reads nothing."""
    path = passengers(tmp_path / "passengers.csv")
    page = open_page(data=str(path), label="Survived")

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the file was read again")

    monkeypatch.setattr("annscope.dashboard.queries.data_tables.read_table", fail)
    page.run()
    assert not page.exception


def test_of_a_large_folder_a_sample_is_read_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says how many images it is about, and reads the others when asked."""
    monkeypatch.setattr("annscope.dashboard.queries.data_sets.SampledTree", partial(SampledTree, max_files=24))
    page = open_page(data=str(images(tmp_path / "shades.zip", n=40)))
    assert "about 24 of the 80 images" in page.info[0].value
    assert "24 examples" in texts(page)
    page.button(key=state.READ_ALL_BUTTON).click().run()
    assert "80 examples" in texts(page)
    assert not page.exception


def test_of_a_large_table_the_first_rows_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, and training on it may start."""
    monkeypatch.setattr("annscope.dashboard.queries.data_tables.MAX_BYTES", 100)
    monkeypatch.setattr("annscope.dashboard.queries.data_tables.FIRST_ROWS", 50)
    page = open_page(data=str(passengers(tmp_path / "passengers.csv")), label="Survived")
    assert "its first 50 rows" in page.info[0].value
    assert "50 examples" in texts(page)
    assert may_train(page)


def test_a_table_of_many_columns_is_described_in_part(tmp_path: Path) -> None:
    """The label can be chosen among all columns; the table says how many are shown."""
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(2 * MAX_COLUMNS)]
    lines = [",".join([*names, "kind"])]
    lines += [",".join([*(f"{value:.3f}" for value in rng.normal(size=len(names))), "ab"[i % 2]]) for i in range(40)]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(lines))
    page = open_page(data=str(path))
    assert len(component_data(page, state.COLUMNS)["columns"]) == MAX_COLUMNS
    assert f"the first {MAX_COLUMNS} of {len(names) + 1}" in texts(page)
    assert "kind" in page.selectbox(key=state.LABEL).options
    assert may_train(page)
