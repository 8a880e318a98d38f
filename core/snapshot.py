"""Snapshots of training: read-only copies, never the live arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jaxtyping import Float, Int
from numpy import ndarray

Confusion: TypeAlias = Int[ndarray, "n_classes n_classes"] | Int[ndarray, "n_classes 2 2"]
"""How often each true class (row) was predicted as each class (column).

Where an example carries any number of labels, such a matrix for each label by itself: [[tn, fp], [fn, tp]].
"""


@dataclass(frozen=True, eq=False)
class Normalized:
    """What a layer with batch normalisation has learned, and the sums that it has seen.

    Its sums are scale (weight^T x - mean) / sqrt(variance + eps) + shift (`core.network.fold_batch_norm`).
    """

    weight: Float[ndarray, "n_in n_out"]
    scale: Float[ndarray, " n_out"]
    shift: Float[ndarray, " n_out"]
    mean: Float[ndarray, " n_out"]
    variance: Float[ndarray, " n_out"]


@dataclass(frozen=True, eq=False)
class LayerParameters:
    """The parameters of one layer; `bias` is None in a network without biases.

    Of a layer with batch normalisation, weight and bias are what `normalized` amounts to.
    """

    weight: Float[ndarray, "n_in n_out"]
    bias: Float[ndarray, " n_out"] | None
    normalized: Normalized | None = None

    @property
    def trained_weight(self) -> Float[ndarray, "n_in n_out"]:
        """The weight that gradients and updates change, and that statistics are about."""
        return self.weight if self.normalized is None else self.normalized.weight


@dataclass(frozen=True)
class Metrics:
    """Mean loss (without penalties) and the share of examples classified correctly, 0 to 1.

    With several labels an example, that are those of which every label is right: the subset accuracy.
    """

    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """What one layer is doing, in numbers.

    Norms are Euclidean, over the layer's weights (`LayerParameters.trained_weight`). `gradient_norm`
    and `update_ratio` (norm of the last update over norm of the weights) speak of the last step, and
    are None before the first.
    Activation figures are over the first 1,024 held-out examples: `dead_fraction` is
    the share of neurons that are 0 for every one of them, `saturated_fraction` the share of all
    values within 0.05 of an end of a bounded activation's range (None for an unbounded one).
    Histograms count on the fixed edges that `core.evaluation.metrics` names, the first and last bin taking
    what lies outside.
    """

    weight_norm: float
    gradient_norm: float | None
    update_ratio: float | None
    activation_mean: float
    activation_std: float
    dead_fraction: float
    saturated_fraction: float | None
    weight_histogram: Int[ndarray, " n_bins"]
    gradient_histogram: Int[ndarray, " n_bins"]
    activation_histogram: Int[ndarray, " n_bins"]
    update_histogram: Int[ndarray, " n_bins"]


@dataclass(frozen=True, eq=False)
class Probe:
    """The few held-out images whose way through the network every snapshot shows; fixed over a run.

    `indices` count in the split that judges the network; every class that it holds is here at least once.
    """

    indices: Int[ndarray, " n_probe"]
    x: Float[ndarray, "n_probe n_features"]
    y: Int[ndarray, " n_probe"] | Int[ndarray, "n_probe n_labels"]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state of training after a step.

    `step` counts updates and `epoch` passes through the training split, both finished ones;
    `train` is measured on a fixed sample of the training split and `heldout` on the whole
    split that judges (`Dataset.heldout`), with the same parameters. `confusion` counts that split.
    `probe_activations` has one array a layer, what the output units give last. `train_seconds` is
    time spent in updates alone, as the caller measured it. `judged` says whether the stopping rules go by
    it, and the choice of the best snapshot: not by one that was taken in between for people to see.
    `batch_losses` are those of the steps since the snapshot before, or of some of them, each with its step (from 0).
    """

    step: int
    epoch: int
    samples_seen: int
    train_seconds: float
    learning_rate: float
    train: Metrics
    heldout: Metrics
    confusion: Confusion
    parameters: tuple[LayerParameters, ...]
    layers: tuple[LayerStatistics, ...]
    probe_activations: tuple[Float[ndarray, "n_probe _"], ...]
    judged: bool = True
    batch_losses: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All that a trainer needs to go on as if it had never stopped.

    `arrays` holds parameters, optimizer moments and whatever else is numeric; `state` is plain
    data for JSON: step, generator states, learning-rate changes, what early stopping remembers.
    """

    step: int
    arrays: Mapping[str, ndarray]
    state: Mapping[str, Any]
