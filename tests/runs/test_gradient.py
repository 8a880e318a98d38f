"""`annscope check-gradient`: wrong for the mistakes of a recipe, right for exact gradients."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import pytest

import annscope.core.engines.bias_trick
import annscope.runs.gradient
from annscope.core.config import RunConfig
from annscope.core.engines.bias_trick import QuickSoftmax
from annscope.core.engines.workers import Operation
from annscope.core.recipes import RECIPES
from annscope.runs.gradient import RunCheck, check_run
from annscope.runs.record import RecordError
from tests.core.conftest import make_dataset
from tests.records import train_run
from tests.runs.conftest import Run


def checked(config: RunConfig) -> list[RunCheck]:
    """The checks of the first and the last snapshot."""
    reader = train_run(config)
    return [check_run(reader, number) for number in (0, len(reader.snapshot_lines()) - 1)]


def test_one_by_one_is_wrong_where_exact_backpropagation_is_right() -> None:
    """The diagonal does not give the gradient, before and after training, on raw pixels; both mistakes are named."""
    config = RECIPES["one-by-one"].config.with_values(
        {"data": "mnist-5k", "split": 0.9, "hidden": (32, 16), "epochs": 1}
    )
    for check in checked(config):
        assert check.own.is_right is False
        assert check.own.error > 0.05
        assert check.exact.is_right is True
        assert check.exact.error < 1e-6
        assert check.mistakes == ("softmax-derivative", "delta-weights")
        assert check.range == (0, 255)
        assert (check.n_examples, len(check.names), check.n_parameters) == (10, 200, 784 * 32 + 32 * 16 + 160 + 58)


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "one-by-one"])
def test_the_other_recipes_are_right(name: str) -> None:
    """Nothing is left out, so there is one gradient."""
    config = RECIPES[name].config.with_values(
        {"data": "digits", "split": 0.1, "train-examples": 100, "epochs": 2, "snapshot-every": "epoch"}
    )
    for check in checked(config):
        assert check.mistakes == ()
        assert check.own.is_right is True
        assert check.exact.is_right is True
        assert check.is_exact


@pytest.mark.parametrize("options", [{"batch-norm": True}, {"bias": False}, {"hidden": ()}, {"l2": 0.1}], ids=str)
def test_every_kind_of_network_can_be_checked(options: dict[str, Any]) -> None:
    """Parameters are named by layer, from 1, and by the units they connect."""
    values = {"data": "moons", "samples": 60, "hidden": (4, 3), "activation": "tanh", "epochs": 1, **options}
    *_, check = checked(RunConfig().with_values(values))
    assert check.own.is_right is True
    assert check.names[0] == "layer 1, weight 1 to 1"
    assert len(set(check.names)) == len(check.names) == check.n_parameters
    assert [int(name.split(",")[0].removeprefix("layer ")) for name in check.names] == list(check.layers)


class Climbing(QuickSoftmax):
    """The errors of a small network, with the wrong sign."""

    def __init__(self, logits: Any, *others: Any) -> None:
        super().__init__(logits, *others)
        self.flip = partial(np.negative, logits, logits)

    def errors(self, shares: Any) -> tuple[list[Operation], list[Operation]]:
        quick, careful = super().errors(shares)
        return [*quick, self.flip], [*careful, self.flip]


def test_a_run_that_climbs_is_found_wrong(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """With the sign of its engine's errors flipped the loss rises and the verdict is wrong, whatever backpropagation
    would have found."""
    monkeypatch.setattr(annscope.core.engines.bias_trick, "QuickSoftmax", Climbing)
    values = {"data": "moons", "samples": 200, "hidden": (8,), "epochs": 3, "optimizer": "sgd", "learning-rate": 0.3}
    reader = train_run(RunConfig().with_values(values))
    losses = [line["train"]["loss"] for line in reader.snapshot_lines()]
    assert losses[-1] > losses[0]
    for number in (0, len(losses) - 1):
        check = check_run(reader, number)
        assert check.own.is_right is False
        assert check.exact.is_right is True
        assert not check.is_exact
    *_, out, err = run("check-gradient", "latest", "--json")
    assert err == ""
    assert (json.loads(out)["verdict"], json.loads(out)["exact_verdict"]) == ("wrong", "right")


def test_data_that_is_not_what_it_was_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step on other examples would not be the run's."""
    reader = train_run(RunConfig().with_values({"data": "moons", "samples": 60, "hidden": (4,), "epochs": 1}))
    monkeypatch.setattr(
        annscope.runs.gradient, "load_run_dataset", lambda *_, **__: make_dataset(n_features=2, n_classes=2)
    )
    with pytest.raises(RecordError, match="has changed since run"):
        check_run(reader, 0)


def test_the_command_prints_text_and_json(run: Run) -> None:
    """A table of both gradients with the reasons, or one object with every parameter."""
    train_run(
        RunConfig().with_values(
            {"data": "moons", "samples": 60, "hidden": (4,), "loss": "squared_error", "epochs": 1,
             "softmax-derivative": "diagonal"}
        )
    )  # fmt: skip
    status, out, err = run("check-gradient", "latest")
    assert (status, err) == (0, "")
    text = " ".join(out.split())
    assert "as the run computes it" in text
    assert "wrong exact backpropagation" in text
    assert "leaves out how each class depends on the other logits" in text
    status, out, err = run("check-gradient", "latest", "--step", "0", "--json")
    assert (status, err) == (0, "")
    output = json.loads(out)
    assert (output["step"], output["verdict"], output["exact_verdict"]) == (0, "wrong", "right")
    assert output["mistakes"] == ["softmax-derivative"]
    exact = np.array([parameter["exact"] for parameter in output["parameters"]])
    measured = np.array([parameter["differences"] for parameter in output["parameters"]])
    np.testing.assert_allclose(exact, measured, atol=1e-8)
    assert len(exact) == 4 * 2 + 4 + 2 * 4 + 2
    status, out, err = run("check-gradient", "latest", "--step", "7")
    assert (status, out) == (2, "")
    assert "the nearest is of step" in err
