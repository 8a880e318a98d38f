"""Named configurations: the five networks that annscope grew out of, and two of its own.

A recipe is a set of settings by option name; whatever it does oddly is a setting with a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annscope.core.config import RunConfig
from annscope.core.errors import ConfigError, one_of


@dataclass(frozen=True)
class Recipe:
    """A configuration worth a name: what it is in two sentences, whose it is, what it reached."""

    name: str
    about: str
    source: str
    reached: str
    settings: Mapping[str, Any]

    @property
    def config(self) -> RunConfig:
        """The run that the recipe describes."""
        return RunConfig().with_values(self.settings)


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "pure-python",
            "Neurons that are Python objects with lists of weights, in loops a beginner can follow; no arrays. The "
            "same algorithm as the published code without its three faults, equal to the NumPy network to 1e-12.",
            "Truda, a neural network from scratch in pure Python",
            "published: better than chance; here about 88 % on test after four epochs of 5,000 images",
            {
                "data": "mnist", "train-examples": 5000, "split": 0.0, "hidden": (10,), "activation": "tanh",
                "initializer": "unit_uniform", "initializer-scale": 0.01, "optimizer": "sgd", "learning-rate": 0.01,
                "batch-size": 1, "epochs": 4, "dtype": "float64", "engine": "pure_python",
            },
        ),
        Recipe(
            "l-layer",
            "One hidden layer of ReLU neurons, all 5,000 images in every step, plain gradient descent. "
            "Its twenty published losses come out to the last digit.",
            "Sinha, an L-layer network from scratch in NumPy",
            "loss 0.457054 before iteration 1,900; accuracy 87.74 % on its training images, 86.74 % on test",
            {
                "data": "mnist", "train-examples": 5000, "split": 0.0, "scaling": "div256",
                "hidden": (45,), "initializer": "legacy_normal", "initializer-scale": 0.1,
                "optimizer": "sgd", "learning-rate": 0.0075, "batch-size": "full", "epochs": 2000,
                "snapshot-every": 100, "train-sample": 0, "dtype": "float64", "seed": 2,
            },
        ),
        Recipe(
            "sigmoid-mse",
            "Sigmoid neurons in every layer, squared error, one example at a time, and an input that is always 1 "
            "instead of biases. The network of the textbooks of the 1980s.",
            "Rosebrock, backpropagation from scratch with Python",
            "learns XOR (with data xor); about 98 % on the 8x8 digits",
            {
                "data": "digits", "hidden": (64,), "activation": "sigmoid", "output": "sigmoid",
                "loss": "squared_error", "bias": False, "constant-input": True, "initializer": "lecun",
                "optimizer": "sgd", "learning-rate": 0.2, "batch-size": 1, "epochs": 100,
            },
        ),
        Recipe(
            "one-by-one",
            "One image at a time in file order on raw pixels, with two mistakes that it learns in spite of: the "
            "softmax derivative is cut down to its diagonal, and errors pass through weights already updated.",
            "93fk, a network from scratch in NumPy with an animation",
            "90.7 % on test after 8 epochs",
            {
                "data": "mnist", "split": 0.0, "scaling": "none", "hidden": (256, 32), "loss": "squared_error",
                "softmax-derivative": "diagonal", "delta-weights": "updated", "initializer": "uniform",
                "initializer-scale": 0.05, "bias-initializer": "same", "optimizer": "sgd", "learning-rate": 1e-5,
                "batch-size": 1, "epochs": 8, "shuffle": False, "seed": 2,
            },
        ),
        Recipe(
            "full-batch",
            "Ten hidden neurons, all 41,000 images in every step and a learning rate of 1. "
            "The smallest network that reads most digits.",
            "Zhao, a two-layer network from scratch with NumPy and mathematics",
            "published: about 85 %; here about 80 % on test (median of ten seeds; 65 to 85 %), 84 % with the seed 0",
            {
                "data": "mnist", "train-examples": 41_000, "split": 1000 / 60_000, "hidden": (10,),
                "initializer": "uniform", "initializer-scale": 0.5, "bias-initializer": "same",
                "optimizer": "sgd", "learning-rate": 1.0, "batch-size": "full", "epochs": 100,
            },
        ),
        Recipe(
            "fast",
            "The shortest way to 97 % on MNIST: 96 hidden neurons, two passes over the images, and an Adam whose "
            "learning rate begins high and falls to 0. Chosen on held-out images of the training set.",
            "annscope",
            "97.33 % on test (median of five seeds; 97.30 to 97.42 %), in a quarter of a second with two threads",
            {
                "data": "mnist", "hidden": (96,), "optimizer": "adam", "learning-rate": 0.012,
                "schedule": "cosine", "batch-size": 128, "epochs": 2,
            },
        ),
        Recipe(
            "best",
            "What five minutes on two cores are good for: three layers of SiLU neurons, and images that are shifted, "
            "turned, stretched and bent again in every epoch. One network, chosen on held-out training images.",
            "annscope, with the elastic distortions of Simard, Steinkraus and Platt",
            "99.43 % on test (median of five seeds; 99.37 to 99.44 %), in about four minutes of one core",
            {
                "data": "mnist", "hidden": (512, 256, 128), "activation": "silu", "optimizer": "adam",
                "learning-rate": 0.002, "schedule": "cosine", "batch-size": 256, "epochs": 120, "shift": 1,
                "rotate": 7.5, "zoom": 0.1, "elastic": 1.0,
            },
        ),
    )
}  # fmt: skip
"""Every recipe by its name."""


def recipe(name: str) -> Recipe:
    """The recipe of this name. Raises ConfigError, with the nearest name, when there is none."""
    if name not in RECIPES:
        raise ConfigError(one_of("recipe", name, RECIPES))
    return RECIPES[name]
