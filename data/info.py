"""Entry of a data set in the registry: its name, its size and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from annscope.core.config import FIELDS, DataConfig
from annscope.data.download import Progress
from annscope.data.examples import Examples
from annscope.data.splits import TEST_SHARE

PROPOSED = ("hidden", "activation", "initializer", "learning-rate", "batch-size", "epochs")
"""The settings, by option name, that a data set proposes."""


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """Description of a data set for the user, and the function that loads its examples.

    `n_examples` counts them all, of which testing takes `n_test` (the official test examples, else a tenth);
    it is None if the setting `n_samples` decides. `options` are the data settings that change this set, by
    option name (keys of `core.config.FIELDS`). `suited` are those of the `PROPOSED` settings for which another
    value than the default suits this set. Where it `is_centred_by_mass`, the centre of mass of a digit is the
    centre of its image; the digits of other sets fill theirs. Where images are `is_photo`,
    they are shown as recorded. For a multi-label data set, `n_classes` counts the
    labels. `load(config, seed, progress)` may download.
    """

    name: str
    label: str
    description: str
    n_features: int
    n_classes: int
    load: Callable[[DataConfig, int, Progress | None], Examples] = field(repr=False)
    image_shape: tuple[int, int] | None = None
    n_examples: int | None = None
    n_official_test: int | None = None
    needs_download: bool = False
    is_multilabel: bool = False
    is_centred_by_mass: bool = False
    is_photo: bool = False
    options: tuple[str, ...] = ("split", "scaling")
    suited: Mapping[str, Any] = field(default_factory=dict)

    @property
    def proposal(self) -> dict[str, Any]:
        """Settings that suit this data set, by option name: each of the `PROPOSED` ones."""
        return {option: self.suited.get(option, FIELDS[option].default) for option in PROPOSED}

    @property
    def n_test(self) -> int | None:
        """Number of test examples."""
        if self.n_examples is None or self.n_official_test is not None:
            return self.n_official_test
        return round(TEST_SHARE * self.n_examples)

    @property
    def n_train(self) -> int | None:
        """Number of examples for training and validation."""
        return None if self.n_examples is None or self.n_test is None else self.n_examples - self.n_test
