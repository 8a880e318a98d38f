"""Which examples judge a network: two runs show the same image where these are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annscope.core.config import DataConfig


def judged(data: DataConfig, about: Mapping[str, Any], split: str) -> tuple[Any, ...]:
    """What decides which examples a split holds, `about` being the data set in a run's description.

    The test split of a data set does not depend on the share of the validation split.
    """
    rule = (data.group, data.split_by, *((data.split,) if split != "test" else ()))
    return (about["fingerprint"], tuple(about["class_names"]), about.get(f"n_{split}", 0), *rule)


def judged_while_training(data: DataConfig, about: Mapping[str, Any]) -> tuple[Any, ...]:
    """The same of the held-out split: validation, or test where that is empty."""
    return judged(data, about, "validation" if about["n_validation"] else "test")
