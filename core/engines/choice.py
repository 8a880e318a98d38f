"""The choice of an engine: the one that a config names, else the fastest that can."""

from __future__ import annotations

from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.engine import Engine
from annscope.core.engines.numpy_engine import NumpyEngine
from annscope.core.engines.online import OnlineEngine
from annscope.core.engines.pure_python import PurePythonEngine
from annscope.core.engines.textbook import TextbookEngine
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.functions.optimizers import Optimizer


def engine_for(
    dataset: Dataset,
    config: RunConfig,
    x: Float[ndarray, "n n_features"],
    workers: Workers = SINGLE,
    *,
    optimizer: Optimizer | None = None,
) -> Engine:
    """What takes the steps of a run on `x`, the training features in the run's number type.

    `optimizer` takes the place of the config's, and changes nothing about the choice; the engines that
    know plain gradient descent alone keep to it.
    """
    if config.training.engine == "pure_python":
        return PurePythonEngine(dataset, config, x)
    if config.training.engine == "textbook":
        return TextbookEngine(dataset, config, x, optimizer=optimizer)
    if OnlineEngine.suits(dataset, config):
        return OnlineEngine(dataset, config, x)
    return NumpyEngine(dataset, config, x, workers, optimizer=optimizer)
