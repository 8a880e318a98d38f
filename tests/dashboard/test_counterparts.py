"""What the browser computes itself has a counterpart for everything that Python can train."""

import re
from pathlib import Path

import pytest

from annscope.core.functions.activations import ACTIVATIONS

MATH = Path(__file__).parents[2] / "dashboard/frontend/src/lib/model/math.js"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_its_counterpart_in_javascript(name: str) -> None:
    """The browser can draw a network with this activation and compute its predictions."""
    table = MATH.read_text(encoding="utf-8").split("export const ACTIVATIONS = {")[1]
    assert re.search(rf"^  {name}: {{$", table, re.M), f"{name} is missing in ACTIVATIONS of {MATH.name}"
