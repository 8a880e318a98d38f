"""Fixtures of the tests of runs: a temporary home, the config of a tiny run, and the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest

from annscope.core.config import RunConfig
from annscope.runs import cli
from tests.configs import make_config

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[Path]:
    """A home without runs; what a command sets in the environment ends with the test."""
    with mock.patch.dict(os.environ, {"ANNSCOPE_HOME": str(tmp_path / "home")}):
        yield tmp_path / "home"


@pytest.fixture
def config() -> RunConfig:
    """The config of a tiny run: a few points, three neurons."""
    return make_config(data="xor", samples=60, hidden=(3,), batch_size=16, epochs=2)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs a command line and gives its exit status, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(list(arguments))
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run
