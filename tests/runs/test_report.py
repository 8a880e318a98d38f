"""The report: one page with the images of the mistakes as they are."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from annscope.core.evaluation.predictions import Predictions
from annscope.data.datasets import load_run_dataset
from annscope.runs.report import report_html
from tests.records import train_run


def test_photographs_are_not_shown_as_negatives(tmp_path: Path) -> None:
    """Each image of a report on a folder of photographs has the pixels of its file, which its text names."""
    rng, pets = np.random.default_rng(0), tmp_path / "pets"
    for name in ("cats", "dogs"):
        (pets / name).mkdir(parents=True)
        for i in range(12):
            pixels = rng.integers(0, 256, (12, 12), np.uint8)
            pixels[0, 0] = 255
            Image.fromarray(pixels).save(pets / name / f"{i:02}.png")
    reader = train_run(data=str(pets), epochs=1, hidden=(2,))
    dataset = load_run_dataset(reader.config)
    labels = dataset.y_test
    wrong = Predictions(reader.run, 1, "test", dataset.class_names, labels, 1 - labels, np.eye(2)[1 - labels])
    shown = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', report_html(wrong, dataset, reader))
    assert len(shown) == len(labels)
    for content, name in shown:
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
        np.testing.assert_array_equal(image, np.asarray(Image.open(pets / name)))
