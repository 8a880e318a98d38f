"""Settings are checked once, named in every refusal, and spelled the same everywhere."""

from __future__ import annotations

import json
import math
import re
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annscope.core.config import FIELDS, SECTIONS, DataConfig, Field, NetworkConfig, RunConfig, TrainingConfig
from annscope.core.errors import ConfigError
from annscope.core.recipes import RECIPES, recipe


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


WRONG: dict[str, list[Any]] = {
    "switch": [1, 0, "true", None],
    "text": [5, None, ["mnist"]],
    "choice": ["", "no such name", 5, None, ["relu"]],
    "choices": ["", "no such name", 5, None, [], [5], ["relu", "no such name"]],
    "sizes": [5, "64,32", None, [0], [2.5], ["64"], [True], [16_385]],
    "integer": [2.5, "3", True, None, [1], float("nan"), float("inf"), -1, 10**30],
    "count": [2.5, "none of these words", True, None, 0, -1, float("nan"), 10**30],
    "number": ["0.1", True, None, [0.1], float("nan"), float("inf"), -float("inf"), -1e-9, 1e30],
}
"""Of every kind of setting, values that no setting of that kind takes."""


@pytest.mark.parametrize("item", FIELDS.values(), ids=FIELDS)
def test_every_setting_refuses_what_breaks_its_rule(item: Field) -> None:
    """The sentence begins with the setting and its rule and ends with the value, however it comes in."""
    for value in WRONG[item.kind]:
        with pytest.raises(ConfigError) as error:
            item.check(value)
        assert str(error.value).startswith(f"{item.name} must be ")
        shown = value[-1] if isinstance(value, list) and item.kind in {"sizes", "choices"} and value else value
        assert f", got {shown!r}" in str(error.value)
        for attempt in (
            lambda value=value: RunConfig().with_values({item.option: value}),
            lambda value=value: RunConfig.from_dict({item.section: {item.name: value}}),
            lambda value=value: SECTIONS[item.section](**{item.name: value}),
        ):
            with pytest.raises(ConfigError, match=f"^{item.name} must be "):
                attempt()


@pytest.mark.parametrize("item", FIELDS.values(), ids=FIELDS)
def test_bounds_are_part_of_the_rule(item: Field) -> None:
    """The least and the greatest valid value are taken, what lies just beyond is not; so for what sliders offer."""
    if item.minimum is None or item.maximum is None:
        assert item.kind in {"switch", "text", "choice", "choices"}
        return
    least, greatest = float(item.minimum), float(item.maximum)
    beyond = [greatest + 1, -1.0] if item.kind != "number" else [math.nextafter(greatest, math.inf), -1e-300]
    within = [] if item.minimum_open else [least]
    for value in (*within, greatest, *(end for end in (item.low, item.high) if end is not None)):
        item.check([value] if item.kind == "sizes" else value)
    for value in (*beyond, *([least] if item.minimum_open else [])):
        with pytest.raises(ConfigError, match=f"{item.name} must be a .*number (at least|above) {item.minimum:g}"):
            item.check([value] if item.kind == "sizes" else value)


@pytest.mark.parametrize("item", [item for item in FIELDS.values() if item.kind == "number"], ids=lambda i: i.option)
def test_a_whole_number_will_do_for_any_number(item: Field) -> None:
    """An int where a float is meant is taken, and is a float from then on, so that equal runs look equal."""
    whole = 1 if item.maximum is not None and item.maximum >= 1 else 0
    made: Any = SECTIONS[item.section](**{item.name: whole})
    assert type(getattr(made, item.name)) is float
    assert made == SECTIONS[item.section](**{item.name: float(whole)})


def test_a_whole_float_will_do_for_a_whole_number() -> None:
    """JSON knows one kind of number: 64.0 neurons are 64."""
    config = RunConfig.from_dict({"network": {"hidden_sizes": [64.0]}, "training": {"batch_size": 8.0, "seed": 3.0}})
    assert (config.network.hidden_sizes, config.training.batch_size, config.training.seed) == ((64,), 8, 3)
    assert json.dumps(config.to_dict()) == json.dumps(
        RunConfig().with_values({"hidden": [64], "batch-size": 8, "seed": 3}).to_dict()
    )


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_config_survives_json(data: st.DataObject) -> None:
    """`from_dict` undoes `to_dict`, through JSON, for whatever settings, and changes no other."""
    free = set(FIELDS) - {"activation", "delta-weights", "engine"}  # these three must fit the others
    options = data.draw(st.sets(st.sampled_from(sorted(free)), max_size=8))
    values = {option: data.draw(values_of(FIELDS[option])) for option in sorted(options)}
    config = RunConfig().with_values(values)
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    spelled = {option: FIELDS[option].parse(FIELDS[option].format(config.get(FIELDS[option]))) for option in FIELDS}
    assert RunConfig().with_values(spelled) == config
    for option in set(FIELDS) - options:
        assert config.get(FIELDS[option]) == FIELDS[option].default


@pytest.mark.parametrize(
    ("option", "text", "rule"),
    [
        ("epochs", "ten", "n_epochs must be a whole number at least 1 and at most 1e+06, got 'ten'"),
        ("epochs", "", "n_epochs must be a whole number"), ("epochs", "1e400", "n_epochs must be a whole number"),
        ("hidden", "64,,32", "hidden_sizes must be a whole number at least 1 and at most 16384, got ''"),
        ("hidden", "64;32", "got '64;32'"), ("learning-rate", "nan", "learning_rate must be a number above 0"),
        ("batch-size", "Full", "batch_size must be a whole number at least 1 and at most 1e+06, or 'full', got 'Full'"),
        ("activation", "relu,", "activation must be one of"), ("scaling", "Unit", "(did you mean 'unit'?)"),
    ],
)  # fmt: skip
def test_what_a_command_line_misspells_is_refused(option: str, text: str, rule: str) -> None:
    """Words in place of numbers, and lists with holes, are named as they were written."""
    with pytest.raises(ConfigError, match=re.escape(rule)):
        FIELDS[option].parse(text)


def test_what_a_command_line_spells() -> None:
    """Space around a value does not matter; no text is no hidden layer; one function for all is one name."""
    assert FIELDS["hidden"].parse(" 64, 32 ") == (64, 32)
    assert FIELDS["hidden"].parse("") == ()
    assert FIELDS["activation"].parse("relu , relu") == "relu"
    assert FIELDS["activation"].parse("relu,tanh") == ("relu", "tanh")
    assert FIELDS["learning-rate"].parse("1e-3") == 0.001
    assert FIELDS["epochs"].parse("1e3") == 1000
    assert FIELDS["snapshot-every"].parse("epoch") == "epoch"


def test_the_table_describes_every_setting() -> None:
    """Each setting has a label, a help of whole sentences, a valid default, and an option that no other has."""
    assert len({(item.section, item.name) for item in FIELDS.values()}) == len(FIELDS)
    for option, item in FIELDS.items():
        assert item.option == option == option.lower()
        assert item.label
        assert item.help.endswith(".")
        assert item.check(item.default) == item.default
        assert item.scale == "linear" or (item.low is not None and item.low > 0)


def test_configs_are_frozen() -> None:
    """A config that a run has is never another one later."""
    with pytest.raises(FrozenInstanceError):
        RunConfig().training.seed = 5  # type: ignore[misc]


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
