"""Paths as people paste them."""

from __future__ import annotations

from pathlib import Path

import pytest

from annscope.data.typed_path import typed_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/data/a.csv", "/data/a.csv"),
        ('"/data/my file.csv"', "/data/my file.csv"),
        ("'/data/a.csv'", "/data/a.csv"),
        (" /data/ends in a blank ", " /data/ends in a blank "),
        ("/data/it's.csv", "/data/it's.csv"),
        ("'", "'"),
        ("", ""),
    ],
)
def test_quotes_around_a_path_go_and_nothing_else(text: str, path: str) -> None:
    """What may be part of a name stays."""
    assert typed_path(text) == path


def test_the_address_of_a_file_is_its_path(tmp_path: Path) -> None:
    """As file managers and browsers copy it, with its escapes."""
    file = tmp_path / "a b#c%.csv"
    assert typed_path(file.as_uri()) == str(file)
    assert typed_path(f'"{file.as_uri()}"') == str(file)
    assert typed_path(file.as_uri().replace("file://", "file://localhost")) == str(file)
