"""The home directory of annscope."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from annscope.data.home import annscope_home


def test_the_environment_names_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ANNSCOPE_HOME decides, and asking creates nothing."""
    monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "elsewhere"))
    assert annscope_home() == tmp_path / "elsewhere"
    assert not (tmp_path / "elsewhere").exists()


def test_a_tilde_and_a_relative_path_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home does not move when the working directory does."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANNSCOPE_HOME", "~/runs")
    assert annscope_home() == tmp_path / "runs"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANNSCOPE_HOME", "here")
    assert annscope_home() == tmp_path / "here"


@pytest.mark.parametrize("value", [None, ""])
def test_the_default_is_the_users_data_directory(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset or empty, the home is the platform's user data directory."""
    if value is None:
        monkeypatch.delenv("ANNSCOPE_HOME")
    else:
        monkeypatch.setenv("ANNSCOPE_HOME", value)
    assert annscope_home() == Path(platformdirs.user_data_dir("annscope", appauthor=False))
