"""Which runs show the same image: those that the same held-out examples judge."""

from __future__ import annotations

from typing import Any

from annscope.core.config import DataConfig
from annscope.dashboard.queries.judged import judged, judged_while_training

ABOUT: dict[str, Any] = {"fingerprint": "f00d", "class_names": ["no", "yes"], "n_validation": 10, "n_test": 20}


def test_runs_show_the_same_image_where_the_data_and_its_split_are_the_same() -> None:
    """Another content, other classes, another split, or another way to split: other examples."""
    here = judged_while_training(DataConfig(), ABOUT)
    assert here == judged_while_training(DataConfig(), dict(ABOUT))
    others = [
        judged_while_training(DataConfig(), ABOUT | {"fingerprint": "beef"}),
        judged_while_training(DataConfig(), ABOUT | {"class_names": ["no", "maybe"]}),
        judged_while_training(DataConfig(), ABOUT | {"n_validation": 0}),
        judged_while_training(DataConfig(split=0.3), ABOUT),
        judged_while_training(DataConfig(group="patient"), ABOUT),
    ]
    assert here not in others


def test_the_test_split_does_not_depend_on_the_share_of_the_validation_split() -> None:
    """Runs with another share are compared on it."""
    assert judged(DataConfig(split=0.3), ABOUT, "test") == judged(DataConfig(), ABOUT, "test")
    assert judged(DataConfig(split=0.3), ABOUT, "validation") != judged(DataConfig(), ABOUT, "validation")
