"""Untrusted names on the command line, on all kinds of terminals: they are shown literally, never interpreted."""

from __future__ import annotations

import ast
import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from annscope.runs import cli
from annscope.runs.terminal import visible

NAMES = ("[/bold]", "[red]", "[link=http://example.org]x", ":smile:", "\x1b[31mred", "caf\u00e9", "\u202egnp", "a\tb")
"""Markup of rich, a colour of the terminal, a letter beyond ASCII, a change of the direction of writing, a tab."""
SHOWN = (
    "[/bold]",
    "[red]",
    "[link=http://example.org]x",
    ":smile:",
    r"\x1b[31mred",
    "caf\u00e9",
    r"\u202egnp",
    r"a\tb",
)

Screen = Callable[..., tuple[int, str]]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A function that runs a command line on a terminal of an encoding and gives its exit status and what it shows."""

    def run(*arguments: str, encoding: str = "utf-8") -> tuple[int, str]:
        shown = io.BytesIO()
        stream = io.TextIOWrapper(shown, encoding=encoding, write_through=True)
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        with pytest.raises(SystemExit) as end:
            cli.main(list(arguments))
        return int(end.value.code or 0), shown.getvalue().decode(encoding)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A CSV file whose own name and whose classes hold markup, controls and letters beyond ASCII."""
    path = tmp_path / "[red]\u00e9.csv"
    rng = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as text:
        rows = csv.writer(text)
        rows.writerow(["x", "y", "label"])
        for k, name in enumerate(NAMES):
            rows.writerows([[*(rng.normal(size=2) + k), name] for _ in range(12)])
    return path


def train(screen: Screen, file: Path, *options: str, encoding: str = "utf-8") -> tuple[int, str]:
    return screen("train", "--data", str(file), "--hidden", "4", "--epochs", "1", *options, encoding=encoding)


def test_names_are_shown_letter_by_letter(screen: Screen, file: Path) -> None:
    """No markup in a name of a class or file is read, none vanishes, and no escape sequence reaches the terminal."""
    assert train(screen, file)[0] == 0
    status, table = screen("evaluate", "latest")
    assert status == 0
    for name in SHOWN:
        assert table.count(name) >= 3, "in the list of classes, and in a row and a column of the matrix"
    assert "[red]\u00e9.csv" in screen("runs", "show", "latest")[1].replace("\n", "")
    for command in (["evaluate", "latest"], ["runs", "show", "latest"], ["runs", "list"], ["check-gradient", "latest"]):
        assert not set(screen(*command)[1]) & {"\x1b", "\u202e", "\t"}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_every_command_speaks_to_every_terminal(screen: Screen, file: Path, encoding: str) -> None:
    """A character that the terminal cannot show is escaped; it ends no command."""
    assert train(screen, file, encoding=encoding)[0] == 0
    for command in (
        ["evaluate", "latest"], ["runs", "list"], ["runs", "show", "latest"], ["check-gradient", "latest"], ["recipes"],
        ["--help"], ["train", "--help"], ["find-learning-rate", "--data", str(file), "--steps", "20"],
    ):  # fmt: skip
        assert screen(*command, encoding=encoding)[0] == 0
    status, sentence = screen("train", "--data", "[red]\u00e9\u4e2d", encoding=encoding)
    assert status == 2
    assert visible("there is no data set '[red]\u00e9\u4e2d'", encoding) in sentence


@pytest.mark.parametrize("command", [["evaluate", "latest"], ["runs", "list"], ["runs", "show", "latest"]])
def test_json_is_the_same_on_every_terminal(screen: Screen, file: Path, command: list[str]) -> None:
    """With --json the names come back exactly, also through a terminal that speaks ASCII."""
    train(screen, file)
    written = {encoding: screen(*command, "--json", encoding=encoding)[1] for encoding in ("ascii", "utf-8")}
    assert written["ascii"] == written["utf-8"]
    assert written["ascii"].isascii()
    for line in written["ascii"].splitlines():
        output = json.loads(line)
        if "per_class" in output:
            assert sorted(row["label"] for row in output["per_class"]) == sorted(NAMES)


def test_there_is_one_way_to_the_terminal() -> None:
    """No command can forget it: only `runs.terminal` prints, and only it makes a console of rich."""
    wrong = [
        f"{path}:{node.lineno}"
        for path in (Path(cli.__file__).parent).glob("*.py")
        if path.name != "terminal.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func)
        in {"click.echo", "click.secho", "print", "Console", "rich.print", "sys.stdout.write"}
    ]
    assert wrong == []
