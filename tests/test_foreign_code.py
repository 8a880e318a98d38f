"""A folder that holds Python files of all names: annscope is started there and runs none of them."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from annscope.core.config import RunConfig
from annscope.core.explain.range_test import Suggestion
from annscope.runs import launch
from annscope.runs.catalogue import run_directory
from annscope.runs.learning_rate import search_elsewhere
from annscope.runs.reader import RunReader
from annscope.runs.status import LIVE
from scripts.serving import dashboard

ROOT = Path(__file__).parents[1]
OURS = ("annscope", "core", "data", "runs", "dashboard", "scripts", "tests")
THEIRS = (
    "click",
    "mlxtend",
    "numpy",
    "pandas",
    "PIL",
    "plotly",
    "rich",
    "safetensors",
    "sklearn",
    "streamlit",
    "uvicorn",
)
TINY = {"data": "xor", "samples": 60, "hidden": (3,), "batch-size": 16, "epochs": 1}
DEADLINE = 60.0


@pytest.fixture(autouse=True)
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, in which every module leaves its name in the file that this is, and ends the process."""
    folder, ran = tmp_path / "downloads", tmp_path / "ran.txt"
    folder.mkdir()
    code = f"import os\nwith open({str(ran)!r}, 'a') as file: file.write(__name__ + ' ')\nos._exit(66)\n"
    for name in (*OURS, *THEIRS, *sys.stdlib_module_names, "sitecustomize", "usercustomize"):
        (folder / f"{name}.py").write_text(code)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "home"))
    yield ran
    assert not ran.exists(), f"these were run: {ran.read_text()}"


def annscope(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = shutil.which("annscope", path=str(Path(sys.executable).parent))
    assert script is not None
    return subprocess.run([script, *arguments], capture_output=True, text=True, timeout=DEADLINE, check=True)


def test_the_command_line_runs_nothing_of_the_current_folder() -> None:
    """`annscope train` in a folder of downloads imports annscope's own modules."""
    options = ["--data", "xor", "--hidden", "3", "--epochs", "1"]
    assert "finished" in annscope("train", *options).stdout
    assert "finished" in annscope("runs", "list").stdout


def test_a_worker_runs_nothing_of_the_current_folder() -> None:
    """A run that the dashboard starts in a folder of downloads trains."""
    run = launch.start(RunConfig().with_values(TINY))
    end = time.monotonic() + DEADLINE
    while (status := RunReader(run_directory(run)).status())["status"] in LIVE:
        assert time.monotonic() < end
    assert status["status"] == "finished", status["message"]


def test_a_search_runs_nothing_of_the_current_folder() -> None:
    """The search for a learning rate that the dashboard starts in a folder of downloads finds one."""
    assert any(isinstance(news, Suggestion) for news in search_elsewhere(RunConfig().with_values(TINY)))


def test_the_dashboard_runs_nothing_of_the_current_folder(tmp_path: Path) -> None:
    """The server responds, wherever it was started."""
    with dashboard(tmp_path / "home") as served:
        assert served.process.poll() is None


def test_every_process_of_ours_is_started_safely() -> None:
    """Python puts the current folder first among the places to import from, unless it is told -P: it always is."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ("annscope", "data", "runs", "dashboard", "scripts", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.List | ast.Tuple)
        for first, second in pairwise(node.elts)
        if ast.unparse(first) == "sys.executable" and ast.unparse(second) != "'-P'"
    ]
    assert wrong == []
