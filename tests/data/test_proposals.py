"""Settings that a data set proposes."""

from __future__ import annotations

import pytest

from annscope.core.config import RunConfig
from annscope.core.training import train
from annscope.data.datasets import DATASETS, load_dataset
from annscope.data.info import PROPOSED

REACHED = {"mnist-5k": 0.9, "digits": 0.95, "moons": 0.98, "circles": 0.97, "spirals": 0.95, "xor": 0.98, "blobs": 0.98}
"""The held-out accuracy that each proposal reaches at the least."""


@pytest.mark.parametrize("name", DATASETS)
def test_a_proposal_is_a_valid_configuration(name: str) -> None:
    """Whatever a data set proposes can be trained."""
    proposal = DATASETS[name].proposal
    assert tuple(proposal) == PROPOSED
    RunConfig().with_values({"data": name, **proposal})


@pytest.mark.parametrize("name", REACHED)
def test_a_proposal_suits_its_data_set(name: str) -> None:
    """A person who takes the proposal sees the network learn the data set."""
    config = RunConfig().with_values({"data": name, "snapshot-every": 100_000, **DATASETS[name].proposal})
    *_, last = train(load_dataset(config.data), config)
    assert last.heldout.accuracy >= REACHED[name]
