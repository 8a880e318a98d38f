"""Networks trained beside PyTorch's: the same losses, step by step (`scripts/twins.py` made the file)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.functions.losses import LOSSES
from annscope.core.functions.outputs import OUTPUTS
from annscope.core.functions.schedules import SCHEDULES
from annscope.core.training import Trainer

FILE = json.loads((Path(__file__).parent / "twins.json").read_text(encoding="utf-8"))
TWINS: dict[str, dict[str, Any]] = {twin["name"]: twin for twin in FILE["twins"]}


def dataset(name: str) -> Dataset:
    """The examples of a twin; they are held out as well, so that there is something to judge by."""
    x, y = np.array(FILE["data"][name]["x"]), np.array(FILE["data"][name]["y"])
    return Dataset(
        name=name, x_train=x, y_train=y, x_val=x, y_val=y, x_test=x[:0], y_test=y[:0],
        class_names=tuple("abc"[: y.shape[1] if y.ndim == 2 else y.max() + 1]),
    )  # fmt: skip


def trainer_of(twin: dict[str, Any]) -> Trainer:
    """A trainer at the parameters that the twin began with."""
    config = RunConfig().with_values(twin["options"] | {"dtype": "float64", "snapshot-every": 1, "train-sample": 0})
    checkpoint = Trainer(dataset(twin["data"]), config).checkpoint()
    start = np.array(twin["start"])
    arrays = {name: start if name in {"parameters", "base"} else array for name, array in checkpoint.arrays.items()}
    return Trainer(dataset(twin["data"]), config, checkpoint=replace(checkpoint, arrays=arrays))


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS)
def test_every_loss_is_that_of_pytorch(twin: dict[str, Any]) -> None:
    """From the same start, the losses before and after every step and the parameters at the end agree."""
    trainer = trainer_of(twin)
    losses = [trainer.snapshot().train.loss]
    while trainer.advance(1):
        losses.append(trainer.snapshot().train.loss)
    np.testing.assert_allclose(losses, twin["losses"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(trainer.checkpoint().arrays["parameters"], twin["end"], rtol=0, atol=1e-9)
    assert twin["losses"][-1] < twin["losses"][0], "the twin learned something"


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ("schedule", SCHEDULES), ("loss", LOSSES), ("output", OUTPUTS),
    ],
)  # fmt: skip
def test_every_choice_has_a_twin(option: str, choices: tuple[str, ...]) -> None:
    """What a config may name is compared with PyTorch; activations and optimizers have golden values of their own."""
    assert set(choices) <= {str(twin["options"][option]) for twin in TWINS.values()}
