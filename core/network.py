"""A multilayer perceptron as it stands: its parameters, and what it answers.

Training it is `core.backpropagation` and `core.training`; both share the parameters below.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.activations import ACTIVATIONS, Activation
from core.config import NetworkConfig
from core.errors import ConfigError
from core.initializers import INITIALIZERS
from core.losses import LOSSES
from core.snapshot import LayerParameters


def layer_sizes(config: NetworkConfig, n_features: int, n_classes: int) -> tuple[int, ...]:
    """The number of units of every layer, the input first and the output last."""
    return (n_features, *config.hidden_sizes, n_classes)


def activation_names(config: NetworkConfig) -> tuple[str, ...]:
    """The activation function of each hidden layer."""
    if isinstance(config.activation, str):
        return (config.activation,) * len(config.hidden_sizes)
    return config.activation


class Parameters:
    """All weights and biases of a network in one flat vector, with a view for each layer.

    The weights of all layers come first, layer by layer, then the biases: what concerns weights
    alone (penalties, decay) is one pass over `flat_weights`. A gradient and an optimizer's moments
    have the same structure. `biases` are None in a network without them.
    """

    def __init__(self, sizes: Sequence[int], *, bias: bool, dtype: str | np.dtype) -> None:
        shapes = list(pairwise(sizes))
        n_weights = sum(n_in * n_out for n_in, n_out in shapes)
        n_biases = sum(n_out for _, n_out in shapes) if bias else 0
        self.flat: Float[ndarray, " n_parameters"] = np.zeros(n_weights + n_biases, dtype)
        self.flat_weights, self.flat_biases = self.flat[:n_weights], self.flat[n_weights:]
        self.weights: list[Float[ndarray, "n_in n_out"]] = []
        self.biases: list[Float[ndarray, " n_out"] | None] = []
        start, bias_start = 0, n_weights
        for n_in, n_out in shapes:
            self.weights.append(self.flat[start : start + n_in * n_out].reshape(n_in, n_out))
            self.biases.append(self.flat[bias_start : bias_start + n_out] if bias else None)
            start, bias_start = start + n_in * n_out, bias_start + n_out

    @property
    def layers(self) -> tuple[LayerParameters, ...]:
        """The views, layer by layer."""
        return tuple(
            LayerParameters(weight=weight, bias=bias) for weight, bias in zip(self.weights, self.biases, strict=True)
        )

    def copy_layers(self) -> tuple[LayerParameters, ...]:
        """Copies, layer by layer, that later training leaves alone."""
        return tuple(
            LayerParameters(layer.weight.copy(), None if layer.bias is None else layer.bias.copy())
            for layer in self.layers
        )


def initial_parameters(
    config: NetworkConfig, sizes: Sequence[int], dtype: str | np.dtype, generator: np.random.Generator
) -> Parameters:
    """Weights drawn by the config's initialiser, layer by layer; biases 0."""
    parameters = Parameters(sizes, bias=config.bias, dtype=dtype)
    draw = INITIALIZERS[config.initializer]
    for weight in parameters.weights:
        n_in, n_out = weight.shape
        weight[...] = draw(generator, n_in, n_out, config.initializer_scale)
    return parameters


class Network:
    """A network that answers: it holds its parameters and never changes them.

    Raises ConfigError when the parameters do not have the shapes that the config asks for.
    """

    def __init__(
        self, config: NetworkConfig, n_features: int, n_classes: int, parameters: Sequence[LayerParameters]
    ) -> None:
        self.config, self.n_features, self.n_classes = config, n_features, n_classes
        self.parameters = tuple(parameters)
        sizes = layer_sizes(config, n_features, n_classes)
        expected = list(pairwise(sizes))
        found = [layer.weight.shape for layer in self.parameters]
        if found != expected:
            raise ConfigError(f"weights must have the shapes {expected}, got {found}")
        self.activations_of: tuple[Activation, ...] = tuple(ACTIVATIONS[name] for name in activation_names(config))

    def pre_activations(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """The weighted sums of every layer, before its activation function; the logits last."""
        return self._pass(x)[0]

    def activations(self, x: Float[ndarray, "n n_features"]) -> tuple[Float[ndarray, "n _"], ...]:
        """What every layer puts out; the class probabilities last."""
        sums, outputs = self._pass(x)
        return (*outputs, self._output(sums[-1]))

    def logits(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_classes"]:
        """The weighted sums of the output layer."""
        a = x
        for layer, activation in zip(self.parameters, self.activations_of, strict=False):
            z = _affine(a, layer)
            a = z if not activation.needs_input else np.empty_like(z)
            activation.function(z, a)
        return _affine(a, self.parameters[-1])

    def predict_proba(self, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_classes"]:
        """The probability of each class; with a sigmoid output each stands for itself and they need not sum to 1."""
        return self._output(self.logits(x))

    def _pass(self, x: ndarray) -> tuple[tuple[ndarray, ...], tuple[ndarray, ...]]:
        a, sums, outputs = x, [], []
        for layer, activation in zip(self.parameters, self.activations_of, strict=False):
            sums.append(_affine(a, layer))
            a = activation(sums[-1])
            outputs.append(a)
        sums.append(_affine(a, self.parameters[-1]))
        return tuple(sums), tuple(outputs)

    def _output(self, logits: ndarray) -> ndarray:
        return LOSSES["cross_entropy", self.config.output].output(logits)


def _affine(x: Float[ndarray, "n n_in"], layer: LayerParameters) -> Float[ndarray, "n n_out"]:
    z: ndarray = x @ layer.weight
    if layer.bias is not None:
        z += layer.bias
    return z
