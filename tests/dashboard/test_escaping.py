"""Escaping of foreign names in Markdown, in figures and in files: each is shown literally, none is interpreted."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from annscope.dashboard import address, escaping
from annscope.dashboard.address import VIEWS
from annscope.dashboard.queries.tables import evolution_rows, matrix_rows, rows_csv
from annscope.runs.status import write_status
from tests.records import train_run

NAMES = (
    "![p](http://elsewhere.example/a.png)",
    "<img src='http://elsewhere.example/b.png'> **b** `c` $d$",
    ":red[e] :material/check: &amp; %{x} www.elsewhere.example",
)
MARKDOWN = {"body", "label", "help", "text", "title", "content", "delta"}
"""The fields of Streamlit's messages that the browser reads as Markdown."""
PAGES = {
    "train": "from annscope.dashboard.pages import train\ntrain.page()",
    "draw": "from annscope.dashboard.pages import draw\ndraw.page()",
    "inspect": "from annscope.dashboard.pages import inspect\ninspect.page()",
}


@pytest.mark.parametrize(
    "text", [*NAMES, *"*_`#+-!|<>$:~[](){}\\&^=\"'", "1. a", "12. a", "a\n# b", "    code", "http://a.example"]
)
def test_markdown_shows_every_letter(text: str) -> None:
    """A Markdown parser renders the escaped text as the text itself, in one paragraph without markup."""
    opened, inline, closed = MarkdownIt("commonmark").parse(escaping.markdown(text).replace(":red[]", ""))
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    assert inline.children is not None
    assert {child.type for child in inline.children} <= {"text", "text_special"}
    assert "".join(child.content for child in inline.children) == " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "http://a", "https://a", "www.a", "a@b.c", "->", "<-", "<->", "--", ">=", "<=", "~=",
        ":material/check:", ":material_check:", ":streamlit:",
    ],
)  # fmt: skip
def test_what_streamlit_parses_after_the_escapes_is_separated(text: str) -> None:
    """An address is no link, an arrow no sign, a name no icon: a directive that shows nothing stands inside."""
    assert text not in escaping.markdown(text).replace("\\", "")
    assert escaping.markdown(text).replace("\\", "").replace(":red[]", "") == text


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_shows_every_letter(name: str) -> None:
    """Plotly finds no tag, no entity and no place to fill in."""
    shown = escaping.plotly(name)
    assert not set(shown) & set("<{")
    assert re.sub(r"&#(\d+);", lambda code: chr(int(code[1])), shown) == name
    assert "&" not in re.sub(r"&#\d+;", "", shown)


@pytest.mark.parametrize("name", ["=1+1", "+1+1", "-1-1", "@SUM(A1)", "\tx", "\nx", "=cmd|'/c calc'!A0", "＝1", "-a"])
def test_a_file_computes_nothing(name: str) -> None:
    """A spreadsheet reads a class name as text, in a column, a heading and a cell alike."""
    rows = matrix_rows([name, "b"], np.array([[1, 2], [3, 4]]))
    lines = list(csv.reader(io.StringIO(rows_csv(rows), newline="")))
    assert lines[1][0] == f"'{name}"
    assert lines[0][1] == f"predicted {name}"
    heading = rows_csv(evolution_rows([name], "epoch", [0], np.array([[0.5]])))
    assert next(csv.reader(io.StringIO(heading, newline=""))) == ["epoch", f"'{name}"]


def test_a_name_breaks_no_line_of_a_file() -> None:
    """A carriage return in a name, which Python before 3.13 writes as it is, does not end a row."""
    text = rows_csv([{"class": "a\rb", "figure": 1.0}])
    assert next(csv.DictReader(io.StringIO(text, newline=""))) == {"class": "a\nb", "figure": "1.0"}


@pytest.mark.parametrize("name", ["-1", "+1", "-1e-3", "a-b", "x=1", "5", ""])
def test_numbers_in_a_file_stay_numbers(name: str) -> None:
    """A class called -1 is -1, and a figure below zero needs no apostrophe."""
    text = rows_csv([{"class": name, "figure": -0.5}])
    assert next(csv.DictReader(io.StringIO(text))) == {"class": name, "figure": "-0.5"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table whose name and classes are markup."""
    path = tmp_path_factory.mktemp("data") / "![q](http:..elsewhere) :red[r].csv"
    rng = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as text:
        rows = csv.writer(text)
        rows.writerow(["x", "y", "label"])
        rows.writerows([*rng.normal(size=2), name] for name in NAMES for _ in range(20))
    return path


@pytest.fixture
def run(file: Path) -> str:
    """A run on that table, with a message about it."""
    made = train_run(data=str(file), hidden=(3,), epochs=1)
    write_status(made.directory, {**made.status(), "message": f"Stopped at {NAMES[0]}."})
    return made.run


def texts(message: Message) -> Iterator[tuple[str, str]]:
    """Every text of a message to the browser, with the name of its field."""
    for field, value in message.ListFields():
        for each in value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]:
            if isinstance(each, Message):
                yield from texts(each)
            elif isinstance(each, str):
                yield field.name, each


def drawn(page: AppTest) -> Iterator[tuple[str, str, str]]:
    """Every text that the page sends as Markdown: its element, its field and itself."""
    for element in page:
        proto = getattr(element, "proto", None)
        if isinstance(proto, Message) and element.type not in {"bidi_component", "html"}:
            yield from ((element.type, name, text) for name, text in texts(proto) if name in MARKDOWN)


@pytest.mark.parametrize(
    ("page", "parameters"),
    [
        ("train", {"snapshot": "77", "probe": NAMES[0]}),
        ("train", {"data": NAMES[0], "hidden": NAMES[1], "nonsense": NAMES[2]}),
        ("draw", {"class": NAMES[0], "sample": NAMES[1]}),
        *(("inspect", {"view": view, "class": name}) for view in VIEWS for name in NAMES[:2]),
        ("inspect", {"view": "compare", "against": NAMES[0]}),
        ("inspect", {"view": NAMES[0], "subset": NAMES[1], "show": NAMES[2]}),
    ],
)
def test_no_page_takes_a_name_for_markdown(run: str, page: str, parameters: dict[str, str]) -> None:
    """Whatever a class, a file, a message or an address is called, no element of any page holds it as markup."""
    app = AppTest.from_string(PAGES[page], default_timeout=30)
    app.query_params.update({address.RUN: run, **parameters})
    app.run()
    assert not app.exception
    found = list(drawn(app))
    assert found
    for element, field, text in found:
        unescaped = re.sub(r"\\.", "", text.replace(":red[]", ""))
        for wrong in ("![", "](", "<", "**b", "`c", "$d", ":red[e", ":material/check: &"):
            assert wrong not in unescaped, f"{element}.{field}: {text}"


def test_an_example_reaches_the_browser_as_it_is(run: str) -> None:
    """The browser modules get the names themselves, and show them as text."""
    app = AppTest.from_string(PAGES["inspect"], default_timeout=30)
    app.query_params.update({address.RUN: run})
    app.run()
    given: list[dict[str, Any]] = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    assert any(part.get("names") == sorted(NAMES) for part in given)
