"""Settings: every one has a control, and the address of the page holds them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from annscope.core.config import FIELDS, RunConfig
from annscope.core.recipes import RECIPES
from annscope.dashboard import state
from annscope.dashboard.components import controls
from annscope.dashboard.components.welcome import EXAMPLES
from annscope.data.datasets import DATASETS

APP = Path(__file__).parents[2] / "dashboard" / "navigation.py"

OTHER: dict[str, tuple[Any, str]] = {
    "data": ("digits", "digits"),
    "split": (0.2, "0.2"),
    "train-examples": (5000, "5000"),
    "scaling": ("unit", "unit"),
    "image-size": (20, "20"),
    "classes-from": ("names", "names"),
    "transpose": (True, "true"),
    "samples": (300, "300"),
    "noise": (0.25, "0.25"),
    "data-seed": (4_000_000_000, "4000000000"),
    "extra-inputs": (("x1^2", "sinx2"), "x1^2,sinx2"),
    "label": ("species", "species"),
    "header": (False, "false"),
    "keep": (("id", "size, in m"), "id,size\\, in m"),
    "drop": (("2",), "2"),
    "as-number": (("size",), "size"),
    "as-category": (("kind", "3"), "kind,3"),
    "group": ("patient", "patient"),
    "split-by": ("order", "order"),
    "hidden": ((100, 3, 7), "100,3,7"),
    "activation": ("tanh", "tanh"),
    "output": ("sigmoid", "sigmoid"),
    "initializer": ("glorot", "glorot"),
    "initializer-scale": (0.5, "0.5"),
    "bias": (False, "false"),
    "loss": ("squared_error", "squared_error"),
    "optimizer": ("sgd", "sgd"),
    "learning-rate": (0.0123, "0.0123"),
    "momentum": (0.8, "0.8"),
    "batch-size": ("full", "full"),
    "epochs": (123, "123"),
    "l1": (1e-05, "1e-05"),
    "l2": (0.002, "0.002"),
    "weight-decay": (0.0, "0.0"),
    "schedule": ("cosine", "cosine"),
    "schedule-factor": (0.1, "0.1"),
    "schedule-epochs": (2.0, "2.0"),
    "warmup-epochs": (1.5, "1.5"),
    "patience": (4, "4"),
    "target-accuracy": (0.95, "0.95"),
    "stop-when-all-right": (True, "true"),
    "schedule-decay": (5e-7, "5e-07"),
    "bias-initializer": ("same", "same"),
    "constant-input": (True, "true"),
    "dropout": (0.33, "0.33"),
    "batch-norm": (True, "true"),
    "label-smoothing": (0.1, "0.1"),
    "clip-norm": (1.5, "1.5"),
    "class-weight": ("balanced", "balanced"),
    "shuffle": (False, "false"),
    "shift": (9, "9"),
    "rotate": (12.5, "12.5"),
    "zoom": (0.12, "0.12"),
    "shear": (7.5, "7.5"),
    "elastic": (1.41, "1.41"),
    "elastic-smoothing": (3.25, "3.25"),
    "softmax-derivative": ("diagonal", "diagonal"),
    "delta-weights": ("updated", "updated"),
    "seed": (4_000_000_000, "4000000000"),
    "dtype": ("float64", "float64"),
    "engine": ("pure_python", "pure_python"),
    "snapshot-every": (33, "33"),
    "megabytes": (250, "250"),
    "train-sample": (0, "0"),
}
"""For each setting a value other than its default (several are between stops), and its text in the address."""

TABLE = str(Path(__file__).parents[1] / "data" / "flowers.csv")

NEEDS = {
    **{
        option: {"data": TABLE}
        for option in ("label", "header", "keep", "drop", "as-number", "as-category", "group", "split-by")
    },
    "train-examples": {"data": "mnist"},
    "image-size": {"data": str(Path(__file__).parent)},
    "classes-from": {"data": str(Path(__file__).parent)},
    "transpose": {"data": str(Path(__file__).parent)},
    "samples": {"data": "moons"},
    "noise": {"data": "moons"},
    "data-seed": {"data": "moons"},
    "extra-inputs": {"data": "moons"},
    "momentum": {"optimizer": "momentum"},
    "weight-decay": {"optimizer": "adamw"},
    "schedule-factor": {"schedule": "step"},
    "schedule-epochs": {"schedule": "exponential"},
    "schedule-decay": {"schedule": "inverse_time"},
    "elastic-smoothing": {"elastic": "2.0"},
    "softmax-derivative": {"loss": "squared_error"},
    "delta-weights": {"optimizer": "sgd"},
    "engine": {"optimizer": "sgd", "dtype": "float64"},
}
"""The choices without which a setting does not apply."""


def open_page(parameters: dict[str, str] | None = None) -> AppTest:
    """The page at an address, with every control in sight."""
    page = AppTest.from_file(str(APP), default_timeout=20)
    for key in (state.ADVANCED, state.AUGMENTATION):
        page.session_state[key] = True
    for name, text in (parameters or {}).items():
        page.query_params[name] = text
    page.run()
    assert not page.exception
    return page


def address(page: AppTest) -> dict[str, str]:
    """The query parameters, each as one text."""
    return {name: text[0] if isinstance(text, list) else text for name, text in page.query_params.items()}


def settings(page: AppTest) -> dict[str, Any]:
    """The values of the controls, by option name."""
    found: dict[str, Any] = page.session_state[state.SETTINGS]
    return found


def test_every_setting_is_tried() -> None:
    """A new setting cannot be forgotten by these tests."""
    assert set(OTHER) == set(FIELDS)
    assert all(value != controls.defaults()[option] for option, (value, _) in OTHER.items())


@pytest.mark.parametrize("option", FIELDS)
def test_a_link_restores_a_setting(option: str) -> None:
    """An address sets the control, also between two stops of a slider, and stays as it was."""
    value, text = OTHER[option]
    link = {**NEEDS.get(option, {}), option: text}
    page = open_page(link)
    assert settings(page)[option] == value
    assert address(page) == link
    assert not page.warning
    page.run()
    assert (settings(page)[option], address(page)) == (value, link)


def widget(page: AppTest, option: str) -> Any:
    """The control of a setting."""
    kinds: tuple[Callable[..., Any], ...] = (page.select_slider, page.selectbox, page.number_input, page.toggle)
    for kind in (*kinds, page.button_group, page.text_input):
        try:
            return kind(key=state.control(option))
        except KeyError:
            continue
    raise AssertionError(f"there is no control for {option}")


@pytest.mark.parametrize("option", [option for option in FIELDS if option != "hidden"])
def test_a_moved_control_is_spelled_in_the_address(option: str) -> None:
    """A choice is in the address at once, and going back to the default removes it."""
    item, needs = FIELDS[option], NEEDS.get(option, {})
    page = open_page(needs)
    control = widget(page, option)
    offered = getattr(control, "options", None)
    if option.endswith("seed"):
        chosen: Any = 7
    elif item.kind == "switch":
        chosen = not item.default
    elif item.kind == "names":
        chosen = item.format(OTHER[option][0])
    elif item.kind in {"text", "choice", "choices", "subset"}:
        chosen = OTHER[option][0]
    else:
        chosen = next(stop for stop in controls.stops(item) if stop != item.default)
    assert offered is None or len(offered) > 1
    control.set_value(chosen).run()
    assert not page.exception
    assert address(page) == {**needs, option: chosen if item.kind == "names" else item.format(chosen)}
    default = "" if item.kind == "names" else controls.defaults()[option]
    widget(page, option).set_value(None if option == "data-seed" else default).run()
    assert address(page) == needs


def test_hidden_layers_are_a_number_and_a_width_each() -> None:
    """Layers are added and removed, and each has its width."""
    page = open_page()
    page.select_slider(key=state.N_LAYERS).set_value(3).run()
    assert settings(page)["hidden"] == (64, 32, 16)
    page.select_slider(key=state.layer(1)).set_value(128).run()
    assert address(page) == {"hidden": "64,128,16"}
    page.select_slider(key=state.N_LAYERS).set_value(0).run()
    assert address(page) == {"hidden": ""}
    assert settings(open_page(address(page)))["hidden"] == ()


def test_each_layer_has_a_row_with_its_width_and_its_activation() -> None:
    """An activation is chosen for one layer, or for all; a new layer gets that of the one before it."""
    page = open_page()
    page.selectbox(key=state.layer_activation(1)).select("tanh").run()
    assert address(page) == {"activation": "relu,tanh"}
    page.select_slider(key=state.N_LAYERS).set_value(3).run()
    assert settings(page)["activation"] == ("relu", "tanh", "tanh")
    page.select_slider(key=state.N_LAYERS).set_value(1).run()
    assert address(page) == {"hidden": "64"}, "with its layer an activation goes"
    page = open_page({"activation": "relu,tanh"})
    assert page.selectbox(key=state.layer_activation(1)).value == "tanh"
    widget(page, "activation").set_value("sigmoid").run()
    assert [page.selectbox(key=state.layer_activation(i)).value for i in range(2)] == ["sigmoid", "sigmoid"]
    assert address(page) == {"activation": "sigmoid"}


@pytest.mark.parametrize(
    ("choice", "belonging"),
    [
        ({"optimizer": "momentum"}, ["momentum"]),
        ({"optimizer": "adamw"}, ["weight-decay"]),
        ({"schedule": "step"}, ["schedule-factor", "schedule-epochs"]),
        ({"schedule": "inverse_time"}, ["schedule-decay"]),
    ],
)  # fmt: skip
def test_a_number_stands_under_the_choice_it_belongs_to(choice: dict[str, str], belonging: list[str]) -> None:
    """What a choice has of its own is in sight as soon as it is made, without opening anything."""
    page = AppTest.from_file(str(APP), default_timeout=20)
    page.query_params.update(choice)
    page.run()
    assert all(widget(page, option) for option in belonging)


def without_its_data(mine: Path, button: str) -> AppTest:
    """A page whose data set was deleted after it was chosen; until then the button of this key could be used."""
    mine.write_text("a,label\n1,x\n")
    page = open_page({"data": str(mine)})
    assert not page.button(key=button).disabled
    mine.unlink()
    return page.run()


def test_a_path_in_error_starts_nothing(tmp_path: Path) -> None:
    """Data that is not there or cannot be read is named, and neither Start button trains another one in its place."""
    mine = tmp_path / "mine.csv"
    page = without_its_data(mine, state.START_BELOW)
    assert [error.value.replace("\\", "") for error in page.error] == [f"there is no file {mine}"]
    assert page.button(key=state.START).disabled
    assert page.button(key=state.START_BELOW).disabled
    mine.write_bytes(b"a,label\n1,x\n2\0")
    page.run()
    assert [error.value.replace("\\", "") for error in page.error] == [
        f"{mine} is not a text file: it has a zero byte at 13"
    ]
    assert page.button(key=state.START).disabled
    assert page.button(key=state.START_BELOW).disabled


def test_defaults_are_one_click_away() -> None:
    """One button takes every control back to its default."""
    page = open_page({"epochs": "7", "activation": "tanh", "dropout": "0.2"})
    page.button(key=state.DEFAULTS).click().run()
    assert settings(page) == controls.defaults()
    assert address(page) == {}
    assert page.button(key=state.DEFAULTS).disabled


def test_a_data_set_that_is_chosen_proposes_settings_that_suit_it() -> None:
    """The proposal is said and changes nothing until it is taken; a link or a recipe brings none."""
    page = open_page({"seed": "3"})
    widget(page, "data").set_value("spirals").run()
    chosen = {**controls.defaults(), "seed": 3, "data": "spirals"}
    assert settings(page) == chosen
    assert any("A proposal for Spirals: hidden layers 32, 16, activation tanh" in text.value for text in page.caption)
    page.button(key=state.TAKE_PROPOSAL).click().run()
    assert settings(page) == {**chosen, **DATASETS["spirals"].proposal}
    for later in (page, open_page({"data": "spirals"})):
        with pytest.raises(KeyError):
            later.button(key=state.TAKE_PROPOSAL)


@pytest.mark.parametrize(
    "ready", [*(recipe.settings for recipe in RECIPES.values()), *(example.settings for example in EXAMPLES),
              *(info.proposal for info in DATASETS.values())],
)  # fmt: skip
def test_sliders_reach_what_is_ready_to_be_used(ready: Mapping[str, Any]) -> None:
    """Whatever a recipe, an example or a data set sets lies within what its slider offers."""
    for option, value in ready.items():
        item = FIELDS[option]
        if item.low is not None and item.high is not None and option != "seed" and value not in (0, *item.words):
            values = value if isinstance(value, tuple) else (value,)
            assert all(item.low <= each <= item.high for each in values), option


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"epochs": "x"}, "n_epochs must be a whole number"),
        ({"epochs": "0"}, "at least 1"),
        ({"data": "mnst"}, "did you mean 'mnist'"),
        ({"data": "/nowhere/at-all.csv"}, "there is no file"),
        ({"activation": "rleu"}, "did you mean 'relu'"),
        ({"activation": "relu,tanh,relu"}, "one for each of the 2 hidden layers"),
        ({"epcohs": "3"}, "there is no setting 'epcohs' (did you mean 'epochs'?)"),
        ({"learning-rate": "nan"}, "learning_rate must be a number"),
        ({"hidden": "64,-1"}, "hidden_sizes must be a whole number at least 1"),
        ({"snapshot": "-4"}, "snapshot must be a whole number"),
        ({"run": "2026-nothing"}, "There is no run '2026-nothing'"),
        ({"seed": "9" * 400}, "seed must be"),
    ],
)
def test_an_invalid_address_is_one_warning_and_the_default(link: dict[str, str], words: str) -> None:
    """With an invalid address the page is drawn, with a warning and the default."""
    page = open_page(link)
    assert len(page.warning) == 1
    assert words in page.warning[0].value.replace("\\", "")
    assert controls.config_of(settings(page)) == controls.config_of(controls.defaults())
    page.run()
    assert len(page.warning) == 1, "it stays until something is done"
    page.select_slider(key=state.control("epochs")).set_value(20).run()
    assert not page.warning


def test_settings_that_contradict_each_other_stay_and_are_named() -> None:
    """An engine that does not support the other settings is not replaced: page and sidebar name what it requires."""
    page = open_page({"engine": "pure_python"})
    assert settings(page)["engine"] == "pure_python"
    assert "needs optimizer sgd, dtype float64" in page.warning[0].value
    assert "stays at" not in page.warning[0].value
    assert "needs optimizer sgd, dtype float64" in page.error[0].value


def test_a_new_link_in_the_same_session_sets_the_controls() -> None:
    """Going back in the browser's history brings the settings back."""
    page = open_page({"epochs": "3"})
    page.query_params["epochs"] = "7"
    page.query_params["data"] = "digits"
    page.run()
    assert (settings(page)["epochs"], settings(page)["data"]) == (7, "digits")
    assert page.select_slider(key=state.control("epochs")).value == 7


def test_a_setting_of_another_data_set_is_kept_but_not_used() -> None:
    """Controls that do not apply are hidden, have no effect, and come back as they were."""
    page = open_page({"data": "moons", "noise": "0.3"})
    page.selectbox(key=state.control("data")).set_value("digits").run()
    with pytest.raises(KeyError):
        page.select_slider(key=state.control("noise"))
    assert address(page) == {"data": "digits"}
    assert controls.config_of(settings(page)).data.noise == FIELDS["noise"].default
    page.selectbox(key=state.control("data")).set_value("moons").run()
    assert page.select_slider(key=state.control("noise")).value == 0.3


def test_new_points_are_drawn_at_a_press() -> None:
    """The data seed follows the seed of the run until it is set; the button takes the next one."""
    page = open_page({"data": "spirals", "seed": "4"})
    assert page.number_input(key=state.control("data-seed")).value is None
    page.button(key=state.NEW_POINTS).click().run()
    assert address(page) == {"data": "spirals", "seed": "4", "data-seed": "5"}
    page.button(key=state.NEW_POINTS).click().run()
    assert settings(page)["data-seed"] == 6


def test_extra_inputs_are_offered_for_points_of_a_plane(tmp_path: Path) -> None:
    """Only 2-D data has them, one's own too, and only drawn points have a seed."""
    mine, wide = tmp_path / "mine.csv", tmp_path / "wide.csv"
    mine.write_text("a,b,label\n1,2,x\n")
    wide.write_text("a,b,c,label\n1,2,3,x\n")
    for data, has_inputs, has_seed in (
        ("moons", True, True), (str(mine), True, False), (str(wide), False, False), ("digits", False, False),
    ):  # fmt: skip
        values = {**controls.defaults(), "data": data}
        assert controls.applies("extra-inputs", values) is has_inputs
        assert controls.applies("data-seed", values) is has_seed


def test_a_link_names_a_file(tmp_path: Path) -> None:
    """The path of a CSV is a data set like any other, with the settings that apply to files."""
    mine = tmp_path / "mine.csv"
    mine.write_text("a,label\n1,x\n")
    page = open_page({"data": str(mine), "train-examples": "5000"})
    assert settings(page)["data"] == str(mine)
    assert address(page) == {"data": str(mine), "train-examples": "5000"}


def test_every_control_has_its_help() -> None:
    """Nothing on the left is unexplained."""
    page = open_page({"data": "moons", "optimizer": "momentum", "schedule": "step"})
    for kind in (page.sidebar.select_slider, page.sidebar.selectbox, page.sidebar.number_input, page.sidebar.toggle):
        assert all(control.help for control in kind)


SLIDERS = [
    option for option, item in FIELDS.items() if item.kind in {"integer", "number", "count"} and "seed" not in option
]


@pytest.mark.parametrize("option", SLIDERS)
def test_every_stop_is_valid_and_distinct(option: str) -> None:
    """A slider offers only valid values, including the default, each with a label of its own."""
    item = FIELDS[option]
    offered = controls.with_value(controls.stops(item), item.default)
    assert [item.check(stop) for stop in offered] == offered
    assert len({controls.text_of(item, stop) for stop in offered}) == len(offered) > 1


def test_settings_of_a_run_are_the_settings_it_was_started_with() -> None:
    """Copying a run's settings gives the same run."""
    config = RunConfig().with_values({"data": "moons", "noise": 0.4, "optimizer": "nesterov", "momentum": 0.7})
    assert controls.config_of(controls.settings_of(config)) == config


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_sets_every_control(name: str) -> None:
    """Choosing a recipe sets exactly its settings, in an address that restores them, and describes it."""
    page = open_page({"dropout": "0.5"})
    assert page.selectbox(key=state.RECIPE).value == controls.OWN
    page.selectbox(key=state.RECIPE).select(name).run()
    recipe = RECIPES[name]
    assert not page.exception
    expected = RunConfig().with_values({"snapshot-every": "auto", **recipe.settings})
    assert controls.config_of(settings(page)) == expected
    assert page.selectbox(key=state.RECIPE).value == name
    told = [caption.value for caption in page.sidebar.caption]
    assert recipe.about in told
    assert {f"**From** {recipe.source}.", f"**Reached** {recipe.reached}."} <= set(told)
    for option, value in recipe.settings.items():
        if option != "hidden":
            assert widget(page, option).value == value
    again = open_page(address(page))
    assert not again.warning
    assert controls.config_of(settings(again)) == expected
    assert again.selectbox(key=state.RECIPE).value == name


def test_a_changed_recipe_is_ones_own() -> None:
    """The name goes with the first change, and comes back when the change is taken back."""
    page = open_page(controls.write_address(controls.settings_of_recipe(RECIPES["l-layer"])))
    assert page.selectbox(key=state.RECIPE).value == "l-layer"
    page.select_slider(key=state.control("epochs")).set_value(100).run()
    assert page.selectbox(key=state.RECIPE).value == controls.OWN
    assert "l-layer" not in " ".join(caption.value for caption in page.sidebar.caption)
    changed = controls.config_of(settings(page))
    assert changed == RECIPES["l-layer"].config.with_values({"epochs": 100})
    page.selectbox(key=state.RECIPE).select("full-batch").run()
    page.selectbox(key=state.RECIPE).select(controls.OWN).run()
    assert controls.config_of(settings(page)) == changed, "one's own settings were kept"


def test_leaving_a_recipe_that_a_link_set_gives_the_defaults() -> None:
    """Without own settings to go back to, the controls take their defaults."""
    page = open_page(controls.write_address(controls.settings_of_recipe(RECIPES["one-by-one"])))
    page.selectbox(key=state.RECIPE).select(controls.OWN).run()
    assert settings(page) == controls.defaults()
    assert address(page) == {}


def test_a_value_of_a_recipe_is_shown_in_few_digits() -> None:
    """A sixtieth is short on its slider, and a value close to a stop is still distinct from it."""
    split = FIELDS["split"]
    assert controls.text_of(split, 1 / 60) == "0.01667"
    assert controls.text_of(split, 0.1) == "0.1"
    assert controls.text_of(split, 0.10000001) == "0.10000001"


def test_an_output_that_does_not_suit_the_data_is_rejected_or_replaced() -> None:
    """A link with such an output shows an error; choosing another data set replaces the output."""
    page = open_page({"data": "moons", "output": "binary"})
    assert not page.error
    widget(page, "data").set_value("digits").run()
    assert settings(page)["output"] == "softmax"
    assert not page.error
    widget(page, "data").set_value("mnist-5k-traits").run()
    assert settings(page)["output"] == "sigmoid"
    assert not page.error
    widget(page, "data").set_value("mnist-5k").run()
    assert settings(page)["output"] == "softmax"
    page = open_page({"data": "mnist-5k-traits"})
    assert "output must be 'sigmoid'" in page.error[0].value
    page = open_page({"data": "spirals", "output": "binary"})
    assert "data set spirals has 3" in page.error[0].value
