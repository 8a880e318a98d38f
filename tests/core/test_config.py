"""Settings are validated once, named in every error, and spelled the same everywhere."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annscope.core.config import FIELDS, SECTIONS, DataConfig, Field, NetworkConfig, RunConfig, TrainingConfig
from annscope.core.errors import ConfigError
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.functions.schedules import SCHEDULES
from annscope.core.recipes import RECIPES, recipe


def values_of(item: Field) -> st.SearchStrategy[Any]:
    """Valid values of a setting."""
    if item.kind == "switch":
        return st.booleans()
    if item.kind == "text":
        return st.text("abc-./", min_size=1)
    if item.kind == "names":
        return st.lists(st.text("ab, ,=", min_size=1).map(str.strip).filter(bool), max_size=3)
    if item.kind == "choice":
        return st.sampled_from(item.choices)
    if item.kind == "choices":
        return st.lists(st.sampled_from(item.choices), min_size=1, max_size=3)
    if item.kind == "subset":
        return st.lists(st.sampled_from(item.choices))
    if item.kind == "sizes":
        return st.lists(st.integers(1, 16_384), max_size=4)
    low, high = item.minimum, item.maximum
    if item.kind == "number":
        assert low is not None
        assert high is not None
        return st.floats(low, high, exclude_min=item.minimum_open)
    whole = st.integers(int(low or 0), int(high or 0))
    return whole | st.sampled_from(item.words) if item.kind == "count" else whole


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
    """One sentence names the setting, its rule and its value."""
    with pytest.raises(ConfigError, match=sentence):
        config(**values)


WRONG: dict[str, list[Any]] = {
    "switch": [1, 0, "true", None],
    "text": [5, None, ["mnist"]],
    "choice": ["", "no such name", 5, None, ["relu"]],
    "choices": ["", "no such name", 5, None, [], [5], ["relu", "no such name"]],
    "subset": ["x1x2", "no such name", 5, None, [5], ["x1x2", "no such name"]],
    "names": ["age", 5, None, [5], [""], ["age", None]],
    "sizes": [5, "64,32", None, [0], [2.5], ["64"], [True], [16_385]],
    "integer": [2.5, "3", True, None, [1], float("nan"), float("inf"), -1, 10**30],
    "count": [2.5, "none of these words", True, None, -1, float("nan"), 10**30],
    "number": ["0.1", True, None, [0.1], float("nan"), float("inf"), -float("inf"), -1e-9, 1e30],
}
"""Of every kind of setting, values that no setting of that kind takes."""


@pytest.mark.parametrize("item", FIELDS.values(), ids=FIELDS)
def test_every_setting_rejects_what_breaks_its_rule(item: Field) -> None:
    """The sentence begins with the setting and its rule and ends with the value, however it comes in."""
    for value in WRONG[item.kind]:
        with pytest.raises(ConfigError) as error:
            item.check(value)
        assert str(error.value).startswith(f"{item.name} must be ")
        shown = (
            value[-1] if isinstance(value, list) and item.kind in {"sizes", "choices", "subset"} and value else value
        )
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
        assert item.kind in {"switch", "text", "choice", "choices", "subset", "names"}
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
    """An int where a float is meant is taken, and is a float from then on, so that equal runs have equal configs."""
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
def test_what_a_command_line_misspells_is_rejected(option: str, text: str, rule: str) -> None:
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
    assert FIELDS["data"].parse("2024") == "2024"


def test_the_table_describes_every_setting() -> None:
    """Each setting has a label, a help of whole sentences, a valid default, and an option that no other has."""
    assert len({(item.section, item.name) for item in FIELDS.values()}) == len(FIELDS)
    for option, item in FIELDS.items():
        assert item.option == option == option.lower()
        assert item.label
        assert item.help.endswith(".")
        assert item.check(item.default) == item.default
        assert item.scale == "linear" or (item.low is not None and item.low > 0)


@pytest.mark.parametrize("registry", [OPTIMIZERS, SCHEDULES], ids=["optimizers", "schedules"])
def test_help_names_the_entries_that_use_a_setting(registry: Mapping[str, Any]) -> None:
    """The help of a setting that only some optimizers or schedules have names them."""
    for setting in {setting for entry in registry.values() for setting in entry.settings}:
        names = [name for name, entry in registry.items() if setting in entry.settings]
        assert " and ".join(names) in FIELDS[setting.replace("_", "-")].help


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
def test_an_unknown_key_is_named(values: Any, sentence: str) -> None:
    """A misspelt key never passes in silence."""
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        RunConfig.from_dict(values)
    with pytest.raises(ConfigError, match="unknown option 'epoch'"):
        RunConfig().with_values({"epoch": 5})


@pytest.mark.parametrize("text", ["maybe", "2"])
def test_a_switch_is_on_or_off(text: str) -> None:
    """Words for on and off are read, others rejected."""
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


MEANINGS: list[tuple[str, str, float | None, float | None]] = [
    ("split", "0.1", 0.0, 0.9),
    ("train-examples", "0", 0, 10_000_000),
    ("image-size", "0", 0, 256),
    ("transpose", "false", None, None),
    ("samples", "600", 10, 1_000_000),
    ("noise", "0.1", 0.0, 10.0),
    ("data-seed", "auto", 0, 2**32 - 1),
    ("hidden", "64,32", 1, 16_384),
    ("initializer-scale", "1.0", 0.0, 100.0),
    ("constant-input", "false", None, None),
    ("dropout", "0.0", 0.0, 0.95),
    ("batch-norm", "false", None, None),
    ("bias", "true", None, None),
    ("learning-rate", "0.001", 0.0, 1000.0),
    ("momentum", "0.9", 0.0, 0.9999),
    ("batch-size", "64", 1, 1_000_000),
    ("epochs", "10", 1, 1_000_000),
    ("l1", "0.0", 0.0, 100.0),
    ("l2", "0.0", 0.0, 100.0),
    ("weight-decay", "0.01", 0.0, 10.0),
    ("label-smoothing", "0.0", 0.0, 0.95),
    ("clip-norm", "0.0", 0.0, 1000000.0),
    ("shuffle", "true", None, None),
    ("shift", "0", 0, 1000),
    ("rotate", "0.0", 0.0, 180.0),
    ("zoom", "0.0", 0.0, 0.9),
    ("shear", "0.0", 0.0, 80.0),
    ("elastic", "0.0", 0.0, 100.0),
    ("elastic-smoothing", "4.0", 0.1, 100.0),
    ("schedule-factor", "0.5", 0.0, 1.0),
    ("schedule-epochs", "5.0", 0.0, 1_000_000),
    ("schedule-decay", "0.001", 0.0, 1000.0),
    ("warmup-epochs", "0.0", 0.0, 1_000_000),
    ("patience", "0", 0, 1_000_000),
    ("target-accuracy", "0.0", 0.0, 1.0),
    ("stop-when-all-right", "false", None, None),
    ("header", "auto", None, None),
    ("seed", "0", 0, 4_294_967_295),
    ("snapshot-every", "epoch", 1, 1_000_000_000),
    ("megabytes", "auto", 1, 100_000_000),
    ("train-sample", "1000", 0, 10_000_000),
]  # fmt: skip
"""Of each setting its default, and the least and the greatest value that it takes."""


@pytest.mark.parametrize(("option", "default", "least", "greatest"), MEANINGS, ids=[row[0] for row in MEANINGS])
def test_a_missing_setting_means_the_same_in_every_version(
    option: str, default: str, least: float | None, greatest: float | None
) -> None:
    """A command line of last year still starts the run that it started then: defaults and bounds stay."""
    item = FIELDS[option]
    assert (item.format(item.default), item.minimum, item.maximum) == (default, least, greatest)


def test_every_number_and_switch_has_its_meaning_above() -> None:
    """The table is complete."""
    named = {option for option, item in FIELDS.items() if item.kind == "switch" or item.minimum is not None}
    assert {row[0] for row in MEANINGS} == named


PUBLISHED = {
    "pure-python": (
        "data=mnist train-examples=5000 split=0.0 hidden=10 activation=tanh initializer=unit_uniform "
        "initializer-scale=0.01 optimizer=sgd learning-rate=0.01 batch-size=1 epochs=4 dtype=float64 "
        "engine=pure_python"
    ),
    "l-layer": (
        "data=mnist train-examples=5000 split=0.0 scaling=div256 hidden=45 initializer=legacy_normal "
        "initializer-scale=0.1 optimizer=sgd learning-rate=0.0075 batch-size=full epochs=2000 "
        "snapshot-every=100 train-sample=0 dtype=float64 seed=2"
    ),
    "sigmoid-mse": (
        "data=digits hidden=64 activation=sigmoid output=sigmoid loss=squared_error bias=false "
        "constant-input=true initializer=lecun optimizer=sgd learning-rate=0.2 batch-size=1 epochs=100"
    ),
    "one-by-one": (
        "data=mnist split=0.0 scaling=none hidden=256,32 loss=squared_error softmax-derivative=diagonal "
        "delta-weights=updated initializer=uniform initializer-scale=0.05 bias-initializer=same optimizer=sgd "
        "learning-rate=1e-05 batch-size=1 epochs=8 shuffle=false seed=2"
    ),
    "full-batch": (
        "data=mnist train-examples=41000 split=0.016666666666666666 hidden=10 initializer=uniform "
        "initializer-scale=0.5 bias-initializer=same optimizer=sgd learning-rate=1.0 batch-size=full "
        "epochs=100"
    ),
    "fast": ("data=mnist hidden=96 optimizer=adam learning-rate=0.012 schedule=cosine batch-size=128 epochs=2"),
    "best": (
        "data=mnist hidden=512,256,128 activation=silu optimizer=adam learning-rate=0.002 schedule=cosine "
        "batch-size=256 epochs=120 shift=1 rotate=7.5 zoom=0.1 elastic=1.0"
    ),
}
"""The settings of each recipe, as its source, or the run that its figures were measured on, had them."""


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_the_configuration_that_its_figures_belong_to(name: str) -> None:
    """A recipe is the network that was published or measured under its name."""
    values = dict(part.split("=") for part in PUBLISHED[name].split())
    assert recipe(name).config == RunConfig().with_values({k: FIELDS[k].parse(v) for k, v in values.items()})


def test_only_some_optimizers_and_penalties_decay_weights() -> None:
    """Penalties do, and so does adamw unless its decay is 0; no other optimizer uses the decay."""
    for values, decays in (
        ({}, False), ({"l1": 0.1}, True), ({"l2": 0.1}, True), ({"optimizer": "adamw"}, True),
        ({"optimizer": "adamw", "weight-decay": 0}, False), ({"optimizer": "adam", "weight-decay": 0.5}, False),
    ):  # fmt: skip
        assert RunConfig().with_values(values).training.decays is decays


@pytest.mark.parametrize("other", [{"optimizer": "adam"}, {"l1": 0.1}, {"l2": 0.1}, {"clip-norm": 1.0}], ids=str)
def test_errors_through_updated_weights_are_for_plain_descent(other: dict[str, Any]) -> None:
    """Anything else that changes a step is rejected; only sgd is accepted."""
    plain = RunConfig().with_values({"delta-weights": "updated", "optimizer": "sgd"})
    with pytest.raises(ConfigError, match="delta_weights 'updated' needs the optimizer sgd"):
        plain.with_values(other)


def test_the_pure_python_engine_names_unsupported_settings() -> None:
    """All that breaks its rule is named at once, with what would be right."""
    with pytest.raises(ConfigError, match=r"engine 'pure_python' needs .*optimizer sgd.*; got .*optimizer adam"):
        RunConfig().with_values({"engine": "pure_python"})
    fits = {"engine": "pure_python", "optimizer": "sgd", "dtype": "float64"}
    assert RunConfig().with_values(fits).training.engine == "pure_python"
    for option, value in (
        ("activation", "gelu"), ("activation", ("relu", "gelu")), ("dropout", 0.1), ("batch-norm", True),
        ("optimizer", "momentum"), ("l1", 0.1), ("l2", 0.1), ("clip-norm", 1.0), ("class-weight", "balanced"),
        ("softmax-derivative", "diagonal"), ("delta-weights", "updated"), ("dtype", "float32"),
    ):  # fmt: skip
        name = FIELDS[option].name
        with pytest.raises(ConfigError, match=f"engine 'pure_python' needs {name} .*; got {name} "):
            RunConfig().with_values(fits | {option: value})
