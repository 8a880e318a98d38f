"""A neural network in nothing but Python's own numbers and lists: the teaching reference.

Read it from top to bottom beside the formulas; it imports no NumPy. It computes what
`core.textbook` computes with arrays, and tests hold the two equal to 1e-12.

The names, for one neuron of one layer:

    x_i   input number i: a feature, or what neuron i of the layer below puts out
    w_i   the weight of that input;  b  the bias
    z     the weighted sum of the inputs;  a = f(z)  what the neuron puts out
    L     the loss of one example;  delta = dL/dz  how much the loss grows with this neuron's sum
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import mul
from typing import TypeAlias

LEAKY_SLOPE = 0.01

# Activation functions: f(z), and its derivative f'(z). Both are functions of the sum z. (A well-known
# mistake gives the derivative what the neuron put out, a = f(z), in the place of z.)


def relu(z: float) -> float:
    return z if z > 0 else 0.0


def relu_derivative(z: float) -> float:
    return 1.0 if z > 0 else 0.0


def leaky_relu(z: float) -> float:
    return z if z > 0 else LEAKY_SLOPE * z


def leaky_relu_derivative(z: float) -> float:
    return 1.0 if z > 0 else LEAKY_SLOPE


def sigmoid(z: float) -> float:
    # 1 / (1 + e^-z), in a form in which no z is too large for the exponential function
    return (1 + math.tanh(z / 2)) / 2


def sigmoid_derivative(z: float) -> float:
    return sigmoid(z) * (1 - sigmoid(z))


def tanh(z: float) -> float:
    return math.tanh(z)


def tanh_derivative(z: float) -> float:
    return 1 - math.tanh(z) * math.tanh(z)


Function: TypeAlias = Callable[[float], float]

ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "relu": (relu, relu_derivative),
    "leaky_relu": (leaky_relu, leaky_relu_derivative),
    "sigmoid": (sigmoid, sigmoid_derivative),
    "tanh": (tanh, tanh_derivative),
}
"""Each activation function and its derivative, by the name that `core.config` knows."""


# Output functions: from the sums z_k of the last layer to a probability p_k for each class.


def softmax(sums: Sequence[float]) -> list[float]:
    # p_k = e^z_k / sum_j e^z_j; the largest sum is taken from all of them first, which changes nothing
    # in the quotient and keeps the powers small
    largest = max(sums)
    powers = [math.exp(z - largest) for z in sums]
    total = sum(powers)
    return [power / total for power in powers]


def sigmoids(sums: Sequence[float]) -> list[float]:
    return [sigmoid(z) for z in sums]


OUTPUTS: dict[str, Callable[[Sequence[float]], list[float]]] = {
    "softmax": softmax,
    "sigmoid": sigmoids,
    "binary": sigmoids,  # a single neuron: the probability of the second of two classes
}
"""Each output function, by the name that `core.config` knows."""


# Losses of one example, by their derivative with respect to the sums of the last layer: the delta of each
# output neuron, from the probabilities p and the targets t (1 for the right class and 0 for the others).


def cross_entropy_deltas(p: Sequence[float], t: Sequence[float]) -> list[float]:
    # With softmax, L = -sum_k t_k ln p_k; with sigmoid, L = -sum_k (t_k ln p_k + (1 - t_k) ln(1 - p_k)).
    # In both, nearly everything cancels: dL/dz_k = p_k - t_k
    return [p_k - t_k for p_k, t_k in zip(p, t, strict=True)]


def softmax_squared_error_deltas(p: Sequence[float], t: Sequence[float]) -> list[float]:
    # L = 1/2 sum_j (p_j - t_j)^2, and each sum moves every probability: dp_j/dz_k = p_j ([j = k] - p_k).
    # So dL/dz_k = sum_j (p_j - t_j) dp_j/dz_k = p_k (e_k - sum_j e_j p_j), where e_j = p_j - t_j
    errors = [p_k - t_k for p_k, t_k in zip(p, t, strict=True)]
    mean = sum(map(mul, errors, p))
    return [p_k * (e_k - mean) for p_k, e_k in zip(p, errors, strict=True)]


def sigmoid_squared_error_deltas(p: Sequence[float], t: Sequence[float]) -> list[float]:
    # L = 1/2 sum_k (p_k - t_k)^2, and dp_k/dz_k = p_k (1 - p_k): dL/dz_k = (p_k - t_k) p_k (1 - p_k)
    return [(p_k - t_k) * p_k * (1 - p_k) for p_k, t_k in zip(p, t, strict=True)]


OUTPUT_DELTAS: dict[tuple[str, str], Callable[[Sequence[float], Sequence[float]], list[float]]] = {
    ("cross_entropy", "softmax"): cross_entropy_deltas,
    ("cross_entropy", "sigmoid"): cross_entropy_deltas,
    ("squared_error", "softmax"): softmax_squared_error_deltas,
    ("squared_error", "sigmoid"): sigmoid_squared_error_deltas,
    ("cross_entropy", "binary"): cross_entropy_deltas,
    ("squared_error", "binary"): sigmoid_squared_error_deltas,
}
"""The deltas of the output neurons for each pair of loss and output function."""


class Neuron:
    """One neuron: a weight for each input, perhaps a bias, and the gradient of the loss for each of them."""

    def __init__(self, weights: list[float], bias: float | None) -> None:
        self.weights = weights
        self.has_bias = bias is not None
        self.bias = bias or 0.0
        self.forget_gradient()

    def weighted_sum(self, inputs: Sequence[float]) -> float:
        """z = sum_i w_i x_i + b."""
        total: float = sum(map(mul, self.weights, inputs))
        return total + self.bias

    def forget_gradient(self) -> None:
        """Begin a new sum over examples."""
        self.d_weights = [0.0] * len(self.weights)
        self.d_bias = 0.0

    def add_gradient(self, delta: float, inputs: Sequence[float]) -> None:
        """dL/dw_i = dL/dz dz/dw_i = delta x_i, and dL/db = delta."""
        self.d_weights = [d + delta * x for d, x in zip(self.d_weights, inputs, strict=True)]
        self.d_bias += delta

    def step(self, learning_rate: float) -> None:
        """Gradient descent: w_i becomes w_i - rate dL/dw_i, and b becomes b - rate dL/db."""
        self.weights = [w - learning_rate * d for w, d in zip(self.weights, self.d_weights, strict=True)]
        if self.has_bias:
            self.bias -= learning_rate * self.d_bias


Layer: TypeAlias = list[Neuron]


class NeuronNetwork:
    """Layers of neurons, each fed with what the layer below puts out; the last one judges the classes.

    `activations` names the activation function of each layer but the last, `output` and `loss` what
    becomes of the last one's sums.
    """

    def __init__(self, layers: list[Layer], activations: Sequence[str], output: str, loss: str) -> None:
        self.layers = layers
        self.functions = [ACTIVATIONS[name] for name in activations]
        self.output = OUTPUTS[output]
        self.output_deltas = OUTPUT_DELTAS[loss, output]

    def predict(self, features: Sequence[float]) -> list[float]:
        """The probability of each class; the prediction is the class of the largest, counted from 0.

        With a binary output it is one number, the probability of class 1: the prediction from 0.5 on.
        """
        sums, _ = self.forward(features)
        return self.output(sums[-1])

    def forward(self, features: Sequence[float]) -> tuple[list[list[float]], list[Sequence[float]]]:
        """The sums z of every layer, and the inputs x of every layer, of which the first are the features."""
        sums: list[list[float]] = []
        inputs: list[Sequence[float]] = [features]
        for layer, (function, _) in zip(self.layers, self.functions, strict=False):
            sums.append([neuron.weighted_sum(inputs[-1]) for neuron in layer])
            inputs.append([function(z) for z in sums[-1]])
        sums.append([neuron.weighted_sum(inputs[-1]) for neuron in self.layers[-1]])
        return sums, inputs

    def backward(self, features: Sequence[float], targets: Sequence[float], share: float) -> list[float]:
        """Add `share` times the gradient of one example's loss to that of every neuron; returns the last sums."""
        sums, inputs = self.forward(features)
        deltas = [share * delta for delta in self.output_deltas(self.output(sums[-1]), targets)]
        for i in reversed(range(len(self.layers))):
            for neuron, delta in zip(self.layers[i], deltas, strict=True):
                neuron.add_gradient(delta, inputs[i])
            if i > 0:
                deltas = self._deltas_below(i, deltas, sums[i - 1])
        return sums[-1]

    def _deltas_below(self, i: int, deltas: list[float], sums_below: list[float]) -> list[float]:
        # Neuron j of the layer below acts on the loss through every neuron k above it:
        # delta_j = dL/da_j f'(z_j), where dL/da_j = sum_k w_kj delta_k
        _, derivative = self.functions[i - 1]
        weights_of_inputs = zip(*(neuron.weights for neuron in self.layers[i]), strict=True)
        return [
            sum(map(mul, weights, deltas)) * derivative(z)
            for weights, z in zip(weights_of_inputs, sums_below, strict=True)
        ]

    def learn(
        self, examples: Sequence[Sequence[float]], targets: Sequence[Sequence[float]], learning_rate: float
    ) -> None:
        """One step of gradient descent on the mean loss of these examples."""
        self.measure_gradient(examples, targets)
        self.step(learning_rate)

    def measure_gradient(
        self, examples: Sequence[Sequence[float]], targets: Sequence[Sequence[float]]
    ) -> list[list[float]]:
        """Leave the gradient of the mean loss of these examples in the neurons; returns the last sums of each."""
        for layer in self.layers:
            for neuron in layer:
                neuron.forget_gradient()
        share = 1 / len(examples)
        return [self.backward(features, target, share) for features, target in zip(examples, targets, strict=True)]

    def step(self, learning_rate: float) -> None:
        """Every neuron steps along its gradient; all gradients were measured before the first one moves."""
        for layer in self.layers:
            for neuron in layer:
                neuron.step(learning_rate)
