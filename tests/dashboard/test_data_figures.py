"""What the Data page draws is what was counted; colours of classes are those of the decision map."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from annscope.dashboard.figures.classes import MAX_CLASSES, class_counts_figure
from annscope.dashboard.figures.style import CLASS_COLORS
from annscope.dashboard.images import scatter_url, strip
from annscope.dashboard.server.assets import ASSETS
from annscope.data.png import png_url

COUNTS = np.array([[6, 3], [0, 0], [2, 1]])


@pytest.mark.parametrize("dark", [False, True])
def test_bars_are_the_counts_by_split(dark: bool) -> None:
    """A trace for each split that has examples, and the total beside each class; names are shown as they are."""
    figure = class_counts_figure(COUNTS, ["c<a>t", "dog"], dark=dark)
    assert [(trace.name, list(trace.x)) for trace in figure.data] == [
        ("train", [6, 3]), ("test", [2, 1]), ("total", [8, 4])
    ]  # fmt: skip
    assert list(figure.layout.yaxis.ticktext) == ["c&#60;a>t", "dog"]
    assert list(figure.data[-1].text) == [" 8", " 4"]


def test_of_many_classes_the_largest_are_drawn() -> None:
    """From the largest to the smallest, so that the figure stays readable."""
    n = MAX_CLASSES + 30
    figure = class_counts_figure(np.arange(n)[None].repeat(3, axis=0), [f"class {i}" for i in range(n)])
    assert len(figure.data[0].x) == MAX_CLASSES
    assert figure.layout.yaxis.ticktext[0] == f"class {n - 1}"


def test_class_colours_are_those_of_the_browser() -> None:
    """A class has one colour, whether Python draws it or the browser."""
    source = (ASSETS / "lib/charts/plane.js").read_text(encoding="utf-8")
    for dark, name in ((False, "light"), (True, "dark")):
        (line,) = re.findall(rf"^  {name}: \[(.*)\],$", source, re.MULTILINE)
        assert re.findall("#[0-9A-Fa-f]{6}", line) == list(CLASS_COLORS[dark])


@pytest.mark.parametrize("dark", [False, True])
def test_a_strip_holds_every_image_beside_the_next(dark: bool) -> None:
    """Ink is dark on a light page and light on a dark one."""
    images = [np.full((3, 4), value, np.uint8) for value in (10, 20, 30)]
    sheet = strip(images, 2)
    assert sheet.shape == (3 + 2 + 3, 4 + 2 + 4)
    np.testing.assert_array_equal(sheet[:3, 6:], images[1])
    np.testing.assert_array_equal(sheet[5:, :4], images[2])
    kind, _, content = png_url(sheet, dark=dark).partition(",")
    assert kind == "data:image/png;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    np.testing.assert_array_equal(shown, sheet if dark else 255 - sheet)


def test_points_keep_their_shape_and_their_class() -> None:
    """Both axes have one scale; a point alone is drawn, too."""
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]])
    svg = base64.b64decode(scatter_url(points, np.array([0, 1, 0]), dark=False).partition(",")[2]).decode()
    (x0, y0), (x1, _), (_, y2) = [
        (float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)
    ]  # fmt: skip
    assert x1 - x0 == pytest.approx(2 * (y0 - y2), abs=0.3)
    assert re.findall('fill="(.*?)"', svg) == [CLASS_COLORS[False][c] for c in (0, 1, 0)]
    assert "nan" not in scatter_url(points[:1], np.array([0]), dark=True)
