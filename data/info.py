"""Entry of a data set in the registry: its name, its size and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from annscope.core.config import DataConfig
from annscope.data.download import Progress
from annscope.data.examples import Examples
from annscope.data.splits import TEST_SHARE


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """Description of a data set for the user, and the function that loads its examples.

    `n_examples` counts them all, of which testing takes `n_test` (the official test examples, else a tenth);
    it is None if the setting `n_samples` decides. `options` are the data settings that change this set, by
    option name (keys of `core.config.FIELDS`). Where it `is_centred_by_mass`, the centre of mass of a digit is the
    centre of its image; the digits of other sets fill theirs. For a multi-label data set, `n_classes` counts the
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
    options: tuple[str, ...] = ("split", "scaling")

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
