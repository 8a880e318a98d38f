"""Settings are checked once, named in every refusal, and spelled the same everywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import FIELDS, DataConfig, Field, NetworkConfig, RunConfig, TrainingConfig
from core.errors import ConfigError
from core.recipes import RECIPES, recipe


def values_of(item: Field) -> st.SearchStrategy[Any]:
    """Valid values of a setting."""
    if item.kind == "switch":
        return st.booleans()
    if item.kind == "text":
        return st.text("abc-./", min_size=1)
    if item.kind == "choice":
        return st.sampled_from(item.choices)
    if item.kind == "choices":
        return st.lists(st.sampled_from(item.choices), min_size=1, max_size=3)
    if item.kind == "sizes":
        return st.lists(st.integers(1, 16_384), max_size=4)
    low, high = item.minimum, item.maximum
    if item.kind == "number":
        assert low is not None
        assert high is not None
        return st.floats(low, high, exclude_min=item.minimum_open)
    whole = st.integers(int(low or 0), int(high or 0))
    return whole | st.just(item.word) if item.kind == "count" else whole


@pytest.mark.parametrize("item", FIELDS.values(), ids=FIELDS)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_what_is_written_is_read_again(item: Field, data: st.DataObject) -> None:
    """Command line and URL spell every value so that it comes back the same."""
    value = item.check(data.draw(values_of(item)))
    assert item.parse(item.format(value)) == value


@pytest.mark.parametrize(
    ("config", "values", "sentence"),
    [
        (TrainingConfig, {"optimizer": "adm"}, "optimizer must be one of .*, got 'adm' \\(did you mean 'adam'\\?\\)"),
        (TrainingConfig, {"learning_rate": 0}, "learning_rate must be a number above 0 and at most 1000, got 0"),
        (TrainingConfig, {"learning_rate": float("nan")}, "learning_rate must be a number .*, got nan"),
        (TrainingConfig, {"n_epochs": 2.5}, "n_epochs must be a whole number at least 1 .*, got 2.5"),
        (TrainingConfig, {"batch_size": "all"}, "batch_size must be a whole number .*, or 'full', got 'all'"),
        (TrainingConfig, {"stop_when_all_right": 1}, "stop_when_all_right must be true or false, got 1"),
        (TrainingConfig, {"seed": True}, "seed must be a whole number .*, got True"),
        (TrainingConfig, {"delta_weights": "updated"}, "delta_weights 'updated' needs the optimizer sgd"),
        (NetworkConfig, {"hidden_sizes": 5}, "hidden_sizes must be a list of layer widths such as 64,32, got 5"),
        (NetworkConfig, {"hidden_sizes": (0,)}, "hidden_sizes must be a whole number at least 1 .*, got 0"),
        (NetworkConfig, {"activation": 3}, "activation must be one of .*, got 3"),
        (NetworkConfig, {"activation": ("relu", "tanh", "elu")}, "one for each of the 2 hidden layers, got 3"),
        (NetworkConfig, {"activation": ("relu", "rlu")}, "got 'rlu' \\(did you mean 'relu'\\?\\)"),
        (DataConfig, {"name": 5}, "name must be a text, got 5"),
        (DataConfig, {"split": 1.0}, "split must be a number at least 0 and at most 0.9, got 1.0"),
    ],
)
def test_a_wrong_value_is_named_with_its_rule(config: type, values: dict[str, Any], sentence: str) -> None:
    """One sentence says which setting, what it must be, and what it was."""
    with pytest.raises(ConfigError, match=sentence):
        config(**values)


def test_a_config_survives_json() -> None:
    """`from_dict` is the inverse of `to_dict`."""
    config = RunConfig().with_values({"hidden": (3, 2), "activation": ("relu", "tanh"), "batch-size": "full"})
    assert RunConfig.from_dict(config.to_dict()) == config
    assert RunConfig.from_dict({}) == RunConfig()
    assert config.get(FIELDS["batch-size"]) == "full"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"trainig": {}}, "unknown config section 'trainig' (did you mean 'training'?)"),
        ({"training": {"learning_rat": 1}}, "unknown training setting 'learning_rat' (did you mean 'learning_rate'?)"),
        ({"network": 5}, "config section network must be an object, got 5"),
        ([], "a run config must be an object of sections, got []"),
    ],
)
def test_an_unknown_key_is_refused_by_name(values: Any, sentence: str) -> None:
    """A misspelt key never passes in silence."""
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        RunConfig.from_dict(values)
    with pytest.raises(ConfigError, match="unknown option 'epoch'"):
        RunConfig().with_values({"epoch": 5})


@pytest.mark.parametrize("text", ["maybe", "2"])
def test_a_switch_is_on_or_off(text: str) -> None:
    """Words for on and off are read, others refused."""
    assert [FIELDS["bias"].parse(word) for word in ("Yes", "on", "1", "no", "OFF", "0")] == [True] * 3 + [False] * 3
    with pytest.raises(ConfigError, match="bias must be true or false"):
        FIELDS["bias"].parse(text)


def test_recipes_are_configs_by_name() -> None:
    """Every recipe is a valid config, found by its name, and a misspelt name gets the nearest."""
    for name, each in RECIPES.items():
        assert recipe(name) is each
        assert each.config == RunConfig().with_values(each.settings)
    with pytest.raises(ConfigError, match="did you mean 'l-layer'"):
        recipe("l-layr")
