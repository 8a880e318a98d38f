"""A multilayer perceptron: its parameters, and what it computes from them.

`core.textbook` trains it step by step, `core.training` by the fastest engine that can. Many examples are predicted
faster, to the same numbers, by `core.engines.inference`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import NetworkConfig
from annscope.core.dataset import Labels
from annscope.core.errors import ConfigError
from annscope.core.functions.activations import ACTIVATIONS, Activation
from annscope.core.functions.initializers import INITIALIZERS
from annscope.core.functions.outputs import OUTPUTS, Output
from annscope.core.snapshot import LayerParameters, Normalized

NORM_EPSILON = 1e-5
"""What keeps batch normalisation from dividing by 0 (Ioffe & Szegedy 2015)."""


def layer_sizes(config: NetworkConfig, n_features: int, n_classes: int) -> tuple[int, ...]:
    """The number of units of every layer, the input first and the output last."""
    return (n_features, *config.hidden_sizes, OUTPUTS[config.output].n_units(n_classes))


def activations_of(config: NetworkConfig) -> tuple[Activation, ...]:
    """The activation function of each hidden layer."""
    names = config.activation
    if isinstance(names, str):
        names = (names,) * len(config.hidden_sizes)
    return tuple(ACTIVATIONS[name] for name in names)


class Parameters:
    """All that training changes in a network, in one flat vector with a view for each layer.

    The weights of all layers come first, layer by layer, then the biases, then the scales of batch
    normalisation: what concerns weights alone (penalties, decay) is one pass over `flat_weights`.
    A gradient and an optimizer's moments have the same structure. `biases` are None where a layer
    has none, `scales` where it is not normalised. `running` holds, beside the vector, the mean and
    the variance that a normalised layer has seen, [2, n_out]; training moves them, not the optimizer.

    `allocate(n, dtype)` makes the vector. `shapes` are those of the weights, where they do not follow from `sizes`.
    """

    def __init__(
        self,
        config: NetworkConfig,
        sizes: Sequence[int],
        dtype: str | np.dtype,
        *,
        allocate: Callable[[int, np.dtype], ndarray] = np.zeros,
        shapes: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        shapes = list(pairwise(sizes)) if shapes is None else shapes
        last = len(shapes) - 1
        is_normalized = [config.batch_norm and i < last for i in range(len(shapes))]
        # A constant input is a bias of the first layer.
        has_bias = [config.bias or (config.constant_input and i == 0) or is_normalized[i] for i in range(len(shapes))]
        n_weights = sum(n_in * n_out for n_in, n_out in shapes)
        widths = [n_out for _, n_out in shapes]
        n_others = sum(n * (bias + scale) for n, bias, scale in zip(widths, has_bias, is_normalized, strict=True))
        self.flat: Float[ndarray, " n_parameters"] = allocate(n_weights + n_others, np.dtype(dtype))
        self.flat_weights, self.flat_others = self.flat[:n_weights], self.flat[n_weights:]
        self._taken = 0
        self.weights: list[Float[ndarray, "n_in n_out"]] = [self._take(*shape) for shape in shapes]
        self.biases: list[Float[ndarray, " n_out"] | None] = [
            self._take(n) if bias else None for n, bias in zip(widths, has_bias, strict=True)
        ]
        self.scales: list[Float[ndarray, " n_out"] | None] = [
            self._take(n) if scale else None for n, scale in zip(widths, is_normalized, strict=True)
        ]
        self.running: list[Float[ndarray, "2 n_out"] | None] = [
            np.stack([np.zeros(n), np.ones(n)]).astype(dtype) if scale else None
            for n, scale in zip(widths, is_normalized, strict=True)
        ]

    def _take(self, *shape: int) -> ndarray:
        start, self._taken = self._taken, self._taken + math.prod(shape)
        return self.flat[start : self._taken].reshape(shape)

    @property
    def layers(self) -> tuple[LayerParameters, ...]:
        """Each layer as a trained network uses it: views, but of a normalised layer the weights it amounts to."""
        return tuple(self._layer(i) for i in range(len(self.weights)))

    def _layer(self, i: int) -> LayerParameters:
        weight, bias, scale, running = self.weights[i], self.biases[i], self.scales[i], self.running[i]
        if scale is None or running is None or bias is None:
            return LayerParameters(weight=weight, bias=bias)
        return fold_batch_norm(Normalized(weight=weight, scale=scale, shift=bias, mean=running[0], variance=running[1]))

    def copy_layers(self) -> tuple[LayerParameters, ...]:
        """The same as copies that later training leaves alone."""
        return tuple(_copy(layer) for layer in self.layers)


def fold_batch_norm(normalized: Normalized) -> LayerParameters:
    """The weight and the bias that a normalised layer amounts to after training.

    With the running mean m and variance v, scale (w^T x - m) / sqrt(v + eps) + shift is itself a
    weighted sum.
    """
    factor = normalized.scale / np.sqrt(normalized.variance + NORM_EPSILON)
    return LayerParameters(normalized.weight * factor, normalized.shift - normalized.mean * factor, normalized)


def _copy(layer: LayerParameters) -> LayerParameters:
    normalized = layer.normalized
    if normalized is not None:
        normalized = Normalized(**{part.name: getattr(normalized, part.name).copy() for part in fields(normalized)})
    return LayerParameters(layer.weight.copy(), None if layer.bias is None else layer.bias.copy(), normalized)


def initial_parameters(
    config: NetworkConfig,
    sizes: Sequence[int],
    dtype: str | np.dtype,
    seed: int,
    *,
    allocate: Callable[[int, np.dtype], ndarray] = np.zeros,
) -> Parameters:
    """Weights drawn by the config's initialiser, layer by layer, each followed by its biases unless they are 0."""
    parameters = Parameters(config, sizes, dtype, allocate=allocate)
    initializer = INITIALIZERS[config.initializer]
    draw, generator = initializer.draw, initializer.generator(seed)
    for i, (weight, bias, scale) in enumerate(
        zip(parameters.weights, parameters.biases, parameters.scales, strict=True)
    ):
        n_in, n_out = weight.shape
        drawn_as_input = config.constant_input and i == 0
        rows = draw(generator, n_in + drawn_as_input, n_out, config.initializer_scale)
        weight[...] = rows[:n_in]
        if bias is not None and drawn_as_input:
            bias[...] = rows[n_in]
        elif bias is not None and config.bias_initializer == "same":
            bias[...] = draw(generator, n_in, n_out, config.initializer_scale)[0]
        if scale is not None:
            scale[...] = 1
    return parameters


class Network:
    """A trained network: it holds its parameters and never changes them.

    Raises ConfigError when the parameters do not have the shapes that the config asks for.
    """

    def __init__(
        self, config: NetworkConfig, n_features: int, n_classes: int, parameters: Sequence[LayerParameters]
    ) -> None:
        self.config, self.n_features, self.n_classes = config, n_features, n_classes
        self.parameters = tuple(parameters)
        self.activation_functions, self.output = activations_of(config), OUTPUTS[config.output]
        self._functions: tuple[Activation | Output, ...] = (*self.activation_functions, self.output)
        expected = list(pairwise(layer_sizes(config, n_features, n_classes)))
        found = [layer.weight.shape for layer in self.parameters]
        if found != expected:
            raise ConfigError(f"weights must have the shapes {expected}, got {found}")

    def forward(
        self, x: Float[ndarray, "n n_features"]
    ) -> tuple[tuple[Float[ndarray, "n _"], ...], tuple[Float[ndarray, "n _"], ...]]:
        """The weighted sums z of every layer, the logits last, and what every layer puts out, the probabilities last.

        z = a W + b, where a is what the layer before puts out, and the next a = f(z).
        """
        sums: list[ndarray] = []
        outputs: list[ndarray] = []
        a = x
        for layer, function in zip(self.parameters, self._functions, strict=True):
            z = a @ layer.weight
            if layer.bias is not None:
                z += layer.bias
            a = function(z)
            sums.append(z)
            outputs.append(a)
        return tuple(sums), tuple(outputs)

    def activations(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """What every layer puts out; the probabilities that the output units give last."""
        return self.forward(x)[1]

    def logits(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_outputs"]:
        """The weighted sums of the output layer."""
        return self.forward(x)[0][-1]

    def predict_proba(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_classes"]:
        """The probability of each class; with a sigmoid output each stands for itself and they need not sum to 1."""
        return self.probabilities(self.logits(x))

    def predictions(self, logits: Float[ndarray, "n n_outputs"], *, is_multilabel: bool = False) -> Labels:
        """The class that these logits predict, or of multi-label data the labels."""
        return self.output.predictions(logits, is_multilabel=is_multilabel)

    def probabilities(self, logits: Float[ndarray, "n n_outputs"]) -> Float[ndarray, "n n_classes"]:
        """The probability of each class that these logits give."""
        return self.output.class_probabilities(self.output(logits))
