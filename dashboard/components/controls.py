"""The sidebar: the next run, with one control for each setting (`core.config.FIELDS`), in step with the page's address.

A setting's value is in the session whether or not its control is on screen, so a control that
reappears (another data set, another page) shows its last value. The address holds every
setting that differs from its default, and a new address sets the controls.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from annscope.core.config import AUGMENTATIONS, FIELDS, DataConfig, Field, RunConfig
from annscope.core.errors import AnnscopeError, ConfigError, did_you_mean
from annscope.core.functions.losses import LOSSES
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.functions.schedules import SCHEDULES
from annscope.core.recipes import RECIPES, Recipe
from annscope.dashboard import address, escaping, state
from annscope.dashboard.components.callbacks import on_choice
from annscope.data.datasets import DATASETS, check_data, check_name, find_path, holds_images, holds_points, is_table
from annscope.data.errors import DataError
from annscope.data.info import DatasetInfo
from annscope.runs.launch import check_data_of
from annscope.runs.painted import is_painted

WIDTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 45, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512)
MAX_LAYERS = 6
OFF = 0.0
OWN = "your own settings"
"""The entry in the list of recipes for settings that are none of them."""


def _used_by(registry: Mapping[str, Any], setting: str) -> tuple[str, ...]:
    return tuple(name for name, entry in registry.items() if setting in entry.settings)


_ONLY_FOR: dict[str, tuple[str, tuple[str, ...]]] = {
    option: (choice, names)
    for choice, registry in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("loss", LOSSES))
    for option, item in FIELDS.items()
    if (names := _used_by(registry, item.name))
}
"""Settings that apply only with some choices of another one."""
_BELOW = {
    choice: tuple(option for option, (other, _) in _ONLY_FOR.items() if other == choice and not FIELDS[option].choices)
    for choice, _ in _ONLY_FOR.values()
}
"""The numbers that belong to a choice, which stand under it."""
_OF_A_FILE = ("split", "scaling", "train-examples")
_OF_POINTS = ("split", "scaling", "train-examples", "extra-inputs")
_OF_A_FOLDER = ("split", "scaling", "image-size", "classes-from", "transpose")
_OF_A_TABLE = ("label", "header", "keep", "drop", "as-number", "as-category", "group", "split-by")
_DATA_OPTIONS = {option for info in DATASETS.values() for option in info.options} | {*_OF_A_FOLDER, *_OF_A_TABLE}

OF_ONE_SOURCE = (*_OF_A_TABLE, "image-size", "classes-from", "transpose")
"""The settings that are about the columns or the images of one source, and say nothing about another."""

_LAYOUT: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("Data", (("data",), ("image-size",), ("split",), ("samples", "noise"), ("data-seed",), ("extra-inputs",))),
    ("Network", (("hidden",), ("activation", "initializer"))),
    (
        "Training",
        (("optimizer", "schedule"), ("learning-rate",), ("batch-size", "epochs"), ("l1", "l2"), ("seed",)),
    ),
)
"""Headings, and under each the rows of one or two controls; what belongs to a choice comes in a row under it.

All other settings are under Advanced.
"""
_AUGMENTATION = (("shift", "rotate"), ("zoom", "shear"), ("elastic",), ("elastic-smoothing",))
"""The settings of augmentation, under a heading of their own.

A control that appears and disappears has its own row: one that moves into a column is recreated and loses the focus.
"""


# From the address to the settings and back


def defaults() -> dict[str, Any]:
    """Every setting at its default, by option name.

    Here, where a run is watched, snapshots are taken in between epochs too.
    """
    return {option: item.default for option, item in FIELDS.items()} | {"snapshot-every": "auto"}


def read_address(parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The settings in these query parameters, and a warning for each invalid one.

    A setting that is missing or invalid takes its default.
    """
    settings, warnings = defaults(), []
    known = [*FIELDS, *address.VIEW_PARAMETERS]
    for name, text in parameters.items():
        try:
            if name in FIELDS:
                settings[name] = _parse(FIELDS[name], text)
            elif name not in address.VIEW_PARAMETERS:
                raise ConfigError(f"there is no setting {name!r}{did_you_mean(name, known)}")
        except AnnscopeError as error:
            warnings.append(_sentence(error, name))
    warnings += address.number_warnings(parameters, (address.SNAPSHOT, address.PROBE))
    try:
        config_of(settings)
    except DataError:  # which its control names, until the file is another
        pass
    except ConfigError as error:
        functions = settings["activation"]
        if isinstance(functions, tuple) and len(functions) != len(settings["hidden"]):
            settings["activation"] = FIELDS["activation"].default
            warnings.append(_sentence(error, "activation"))
        else:  # nothing is changed: the sidebar shows the error until a control is moved
            warnings.append(_sentence(error, ""))
    return settings, warnings


def _parse(item: Field, text: str) -> Any:
    value = item.parse(text)
    if item.option == "data":
        check_name(value)
    return value


def _sentence(error: AnnscopeError, option: str) -> str:
    kept = f"; {option} stays at {FIELDS[option].format(defaults()[option])}" if option in FIELDS else ""
    return f"In the address, {str(error).rstrip('.')}{kept}."


def write_address(settings: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters for these settings: those that apply and are not at their default."""
    usual = defaults()
    return {
        option: item.format(settings[option])
        for option, item in FIELDS.items()
        if applies(option, settings) and settings[option] != usual[option]
    }


def applies(option: str, settings: Mapping[str, Any]) -> bool:
    """Whether a setting has an effect given the others, and so needs a control."""
    if option in _DATA_OPTIONS:
        info = DATASETS.get(settings["data"])
        if info is not None:
            return option in info.options
        return option in _options_of(settings["data"])
    if option in AUGMENTATIONS:
        return holds_images(settings["data"])
    if option == "elastic-smoothing":
        return settings["elastic"] > 0 and applies("elastic", settings)
    if option in _ONLY_FOR:
        other, choices = _ONLY_FOR[option]
        return settings[other] in choices
    return True


def _options_of(name: str) -> tuple[str, ...]:
    """The settings of one's own data that change it."""
    if _is_folder(name):
        return _OF_A_FOLDER
    of_a_table = _OF_A_TABLE if is_table(name) else ()
    if holds_points(name):
        return (*_OF_POINTS, *of_a_table)
    return (*_OF_A_FILE, *(("transpose",) if holds_images(name) else ()), *of_a_table)


def _is_folder(name: str) -> bool:
    """Whether a data set is a folder of one's own, or a ZIP file of one."""
    path = find_path(name)
    return path is not None and (path.is_dir() or path.suffix.lower() == ".zip")


def config_of(settings: Mapping[str, Any]) -> RunConfig:
    """The configuration of a run with these settings; those that do not apply are at their default.

    Raises ConfigError when settings contradict each other, or the data set; DataError for a data set that is not there
    or cannot be read.
    """
    check_name(settings["data"])
    config = RunConfig().with_values({option: settings[option] for option in FIELDS if applies(option, settings)})
    check_data(config.data)
    check_data_of(config)
    return config


def settings_of(config: RunConfig) -> dict[str, Any]:
    """The settings of a configuration by option name; the inverse of `config_of`."""
    return {option: config.get(item) for option, item in FIELDS.items()}


# Settings in the session


def use(settings: Mapping[str, Any]) -> None:
    """Set every control, and open those of augmentation if any is on; must be called before they are drawn."""
    st.session_state[state.SETTINGS] = dict(settings)
    # A control takes its setting when it is drawn. A value set here for one that is not drawn would reappear later.
    for key in [key for key in st.session_state if str(key).startswith(state.control(""))]:
        del st.session_state[key]
    if any(settings[option] for option in AUGMENTATIONS):
        st.session_state[state.AUGMENTATION] = True
    st.session_state[state.PROPOSED] = None


def set_all(settings: Mapping[str, Any]) -> None:
    """Set every control as `use` does, and the address with them."""
    use(settings)
    clear_warnings()
    update_address()


def settings_now() -> dict[str, Any]:
    """Every setting, as set by its control, or by the address when that is new to this session."""
    current = _current()
    if st.session_state.get(state.WRITTEN) != current and not _is_late(current):
        settings, warnings = read_address(st.query_params.to_dict())
        st.session_state[state.WARNINGS] = warnings
        st.session_state[state.WRITTEN] = current
        use(settings)
    settings_in_session: dict[str, Any] = st.session_state[state.SETTINGS]
    return settings_in_session


def config_now() -> RunConfig | None:
    """The configuration of the controls; None if there is none, for which the sidebar shows the error."""
    try:
        return config_of(st.session_state[state.SETTINGS])
    except AnnscopeError:
        return None


def update_address() -> None:
    """Write the settings of the controls into the address."""
    wanted, current = write_address(st.session_state[state.SETTINGS]), _current()
    before = st.session_state.get(state.WRITTEN)
    if before not in (None, wanted):
        now = time.monotonic()
        late = [entry for entry in st.session_state.get(state.LATE, []) if now - entry[0] < address.LATE_SECONDS]
        st.session_state[state.LATE] = [*late, (now, before), (now, current)]
    st.session_state[state.WRITTEN] = wanted
    if current != wanted:
        views = {name: text for name, text in st.query_params.items() if name in address.VIEW_PARAMETERS}
        st.query_params.from_dict(wanted | views)


def _current() -> dict[str, str]:
    return {name: text for name, text in st.query_params.items() if name not in address.VIEW_PARAMETERS}


def _is_late(settings: Mapping[str, str]) -> bool:
    """Whether these settings were in the address a moment ago.

    The browser sends its address with each change of a control. When two changes follow each other
    quickly, the second is sent before the browser has learned the address that the first one made:
    that is not a link, and treating it as one would undo the second change.
    """
    now = time.monotonic()
    return any(
        then == settings and now - at < address.LATE_SECONDS for at, then in st.session_state.get(state.LATE, [])
    )


# Controls


def sidebar(
    *,
    above: Callable[[], None],
    below: Mapping[str, Callable[[], None]],
    augmented: Callable[[], None],
    end: Callable[[], None],
) -> None:
    """Draw every control, with what is drawn `above` them all, `below` that of a setting, and at the `end`.

    Errors of the settings are shown. `augmented` draws the augmentation preview; it is called when its expander is
    open. Wherever they stand, these are drawn last: the controls must be read first.
    """
    settings = settings_now()
    drawn: set[str] = set()
    places: list[tuple[DeltaGenerator, Callable[[], None]]] = []
    with st.sidebar:
        st.markdown("#### :material/neurology: annscope")
        places.append((st.container(key="settings-next", gap="xsmall"), above))
        recipe = st.container(key="settings-recipe", gap="xsmall")
        for heading, rows in _LAYOUT:
            with st.container(key=f"settings-{heading.lower()}", gap="xsmall"):
                st.caption(f"**{heading.upper()}**")
                for row in rows:
                    shown = [option for option in row if applies(option, settings)]
                    _row([FIELDS[option] for option in shown], settings)
                    drawn.update(row)
                    places += [
                        (st.container(key=f"below-{option}", gap="xsmall"), below[option])
                        for option in shown
                        if option in below
                    ]
                    for option in row:
                        belonging = _BELOW.get(option, ())
                        _row([FIELDS[other] for other in belonging if applies(other, settings)], settings)
                        drawn.update(belonging)
        drawn.update(option for row in _AUGMENTATION for option in row)
        if applies("shift", settings):
            _augmentation(settings, augmented)
        with st.expander("Advanced", key=state.ADVANCED, on_change="rerun") as advanced:
            rest = [item for option, item in FIELDS.items() if option not in drawn and applies(option, settings)]
            choices = [item for item in rest if item.kind in {"choice", "choices"}]
            others = [item for item in rest if item not in choices]
            for items in (choices, others) if advanced.open else ():  # hidden controls would slow the page down
                for i in range(0, len(items), 2):
                    _row(items[i : i + 2], settings)
        update_address()
        with recipe:
            _recipes(settings)
        places.append((st.container(key="settings-end", gap="xsmall"), end))
        for place, draw in places:
            with place:
                draw()


def show_contradiction() -> None:
    """Show the error of settings that contradict each other; a data set that cannot be read is named at its control."""
    try:
        config_of(st.session_state[state.SETTINGS])
    except ConfigError as error:
        st.error(escaping.markdown(f"{str(error)[0].upper()}{str(error)[1:]}."), icon=":material/error:")
    except DataError:
        pass


def _augmentation(settings: dict[str, Any], augmented: Callable[[], None]) -> None:
    with st.expander("Augmentation", key=state.AUGMENTATION, on_change="rerun") as expander:
        if not expander.open:
            return
        above = st.container()
        with st.container(key="settings-augmentation", gap="xsmall"):
            for row in _AUGMENTATION:
                _row([FIELDS[option] for option in row if applies(option, settings)], settings)
        with above:  # drawn on top, but last: the controls must be read first
            augmented()


def recipe_of(settings: Mapping[str, Any]) -> Recipe | None:
    """The recipe with exactly these settings, if any."""
    try:
        config = config_of(settings)
    except AnnscopeError:
        return None
    return next((each for each in RECIPES.values() if _config_of_recipe(each.name) == config), None)


@cache
def _config_of_recipe(name: str) -> RunConfig:
    return config_of(settings_of_recipe(RECIPES[name]))


def settings_of_recipe(recipe: Recipe) -> dict[str, Any]:
    """Every setting of a recipe, by option name."""
    return {**defaults(), **recipe.settings}


def _recipes(settings: Mapping[str, Any]) -> None:
    recipe = recipe_of(settings)
    if recipe is None:
        st.session_state[state.OWN_SETTINGS] = dict(settings)
    st.session_state[state.RECIPE] = OWN if recipe is None else recipe.name
    st.selectbox(
        "Recipe",
        [OWN, *RECIPES],
        key=state.RECIPE,
        help="A named configuration: choosing it sets every control below. After a change the settings are your own.",
        on_change=on_choice(state.RECIPE, _apply_recipe),
    )
    if recipe is not None:
        with st.container(key="recipe-about", gap="xsmall"):
            st.caption(recipe.about)
            st.caption(f"**From** {recipe.source}.")
            st.caption(f"**Reached** {recipe.reached}.")


def _apply_recipe(name: str) -> None:
    set_all(st.session_state.get(state.OWN_SETTINGS, defaults()) if name == OWN else settings_of_recipe(RECIPES[name]))


def _row(items: Sequence[Field], settings: dict[str, Any]) -> None:
    if len(items) == 1:
        settings[items[0].option] = _control(items[0], settings)
        return
    for item, column in zip(items, st.columns(len(items), gap="small") if items else [], strict=True):
        with column:
            settings[item.option] = _control(item, settings)


def _control(item: Field, settings: dict[str, Any]) -> Any:
    value, key = settings[item.option], state.control(item.option)
    if item.kind == "sizes":
        return _layers(item, settings)
    if item.option == "activation":
        st.session_state[key] = value  # of all layers together: what the row of each says
    _begin(key, item.format(value) if item.kind == "names" else value)
    if item.option == "data":
        return _data_set(item, value, key)
    if item.kind == "names":
        return item.parse(
            st.text_input(item.label, key=key, help=item.help, placeholder="names or numbers", on_change=clear_warnings)
        )
    if item.kind == "switch" and item.words:
        return st.selectbox(
            item.label, [*item.words, True, False], key=key, help=item.help, format_func=item.format,
            on_change=clear_warnings,
        )  # fmt: skip
    if item.kind == "switch":
        return st.toggle(item.label, key=key, help=item.help, on_change=clear_warnings)
    if item.kind == "text":
        return st.text_input(item.label, key=key, help=item.help, on_change=clear_warnings)
    if item.kind in {"choice", "choices"}:
        options = list(item.choices) if value in item.choices else [*item.choices, value]
        changed = on_choice(key, _apply_activation) if item.option == "activation" else clear_warnings
        return st.selectbox(item.label, options, key=key, help=item.help, format_func=choice_text, on_change=changed)
    if item.kind == "subset":
        names = st.pills(
            item.label, item.choices, key=key, help=item.help, selection_mode="multi", on_change=clear_warnings
        )
        return item.check(names)
    if item.option == "seed":
        low, high = int(item.minimum or 0), int(item.maximum or 0)
        seed = st.number_input(item.label, low, high, key=key, step=1, help=item.help, on_change=clear_warnings)
        return value if seed is None else int(seed)
    if item.option == "data-seed":
        return _data_seed(item, key)
    return _stops_slider(item.label, stops(item), value, key, item.help, lambda stop: text_of(item, stop))


def _begin(key: str, value: Any) -> None:
    if key not in st.session_state:
        st.session_state[key] = value


def _data_seed(item: Field, key: str) -> int | str:
    """The seed of the points, empty for that of the run, and a button that draws other points."""
    low, high = int(item.minimum or 0), int(item.maximum or 0)
    if st.session_state[key] in item.words:
        st.session_state[key] = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        seed = st.number_input(
            item.label, low, high, value=None, key=key, step=1, help=item.help, placeholder="as the seed",
            on_change=clear_warnings,
        )  # fmt: skip
        st.button(
            "New points",
            key=state.NEW_POINTS,
            icon=":material/casino:",
            help="Draw other points of this data set: the next data seed.",
            on_click=_next_data_seed,
        )
    return item.words[0] if seed is None else int(seed)


def _next_data_seed() -> None:
    settings = st.session_state[state.SETTINGS]
    now, run_seed = settings["data-seed"], settings["seed"]
    st.session_state[state.control("data-seed")] = (run_seed if now in FIELDS["data-seed"].words else now) + 1
    clear_warnings()


def clear_warnings() -> None:
    """Remove the warnings about the address, once a control was moved."""
    st.session_state[state.WARNINGS] = []


def _data_set(item: Field, value: str, key: str) -> str:
    names = list(DATASETS) if value in DATASETS else [*DATASETS, value]
    chosen = st.selectbox(
        item.label,
        names,
        key=key,
        help=f"{item.help} Type the path of a CSV or NPZ file, or of a folder or ZIP file of images, to use yours.",
        format_func=data_name,
        accept_new_options=True,
        on_change=on_choice(key, _apply_data_set),
    )
    name = value if chosen is None else chosen
    try:
        check_data(DataConfig(name=name, header=st.session_state[state.SETTINGS]["header"]))
    except DataError as error:
        st.error(escaping.markdown(str(error)))
        return name
    with st.container(key="data-about"):
        own = "Your own images, a subfolder for each class." if _is_folder(name) else "Your own file."
        own = "Your own points, painted on the decision map." if is_painted(name) else own
        st.caption(DATASETS[name].description if name in DATASETS else own)
    return name


def data_name(name: str) -> str:
    """The name of a data set on screen."""
    return DATASETS[name].label if name in DATASETS else Path(name).stem if is_painted(name) else name


def _apply_data_set(name: str) -> None:
    if name != st.session_state[state.SETTINGS]["data"]:
        _take_data_set(name)


def _take_data_set(name: str) -> None:
    """Make this the data set of the next run: its own settings at their defaults, and an output that suits it.

    The settings that it proposes are shown, to be taken.
    """
    clear_warnings()
    settings = st.session_state[state.SETTINGS]
    st.session_state[state.PROPOSED] = name
    info = DATASETS.get(name)
    output = settings["output"]
    if info is not None:
        output = suitable_output(output, info, DATASETS.get(settings["data"]))
    elif output == "binary":
        output = "softmax"
    put({"data": name, "output": output} | {option: FIELDS[option].default for option in OF_ONE_SOURCE})


def put(changed: Mapping[str, Any]) -> None:
    """Change some settings; their controls show them when they are drawn next."""
    st.session_state[state.SETTINGS].update(changed)
    for option in changed:
        st.session_state.pop(state.control(option), None)


def suitable_output(output: str, info: DatasetInfo, before: DatasetInfo | None = None) -> str:
    """This output if it suits a data set that is chosen after the one `before`, else the usual one."""
    if info.is_multilabel:
        return "sigmoid"
    was_of_labels = before is not None and before.is_multilabel
    return "softmax" if was_of_labels or (output == "binary" and info.n_classes != 2) else output


def choose_data(name: str) -> None:
    """Choose a data set as its control does."""
    _take_data_set(name)
    update_address()


def propose() -> None:
    """Show the settings that the chosen data set proposes, to be taken."""
    st.session_state[state.PROPOSED] = st.session_state[state.SETTINGS]["data"]


def set_some(changed: Mapping[str, Any]) -> None:
    """Change some settings, and the address with them."""
    put(changed)
    clear_warnings()
    update_address()


def _layers(item: Field, settings: dict[str, Any]) -> tuple[int, ...]:
    """The number of hidden layers and a row for each: its width, and its activation, which goes into the settings."""
    widths, activation = settings["hidden"], settings["activation"]
    names = activation if isinstance(activation, tuple) else (activation,) * max(1, len(widths))
    _begin(state.N_LAYERS, len(widths))
    n_layers = _stops_slider(
        item.label, range(MAX_LAYERS + 1), len(widths), state.N_LAYERS,
        "The number of layers between input and output; with none, the model is linear.",
    )  # fmt: skip
    sizes: list[int] = []
    functions: list[str] = []
    with st.container(key="layers", gap=None):
        for i in range(n_layers):
            width = widths[i] if i < len(widths) else max(4, sizes[-1] // 2) if sizes else 32
            _begin(state.layer(i), width)
            _begin(state.layer_activation(i), names[min(i, len(names) - 1)])
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f":small[{i + 1}]", width="content")
                about = f"Neurons in layer {i + 1}"
                sizes.append(
                    _stops_slider(about, WIDTHS, width, state.layer(i), f"{about}.", label_visibility="collapsed")
                )
                functions.append(
                    st.selectbox(
                        f"Activation of layer {i + 1}",
                        FIELDS["activation"].choices,
                        key=state.layer_activation(i),
                        help=f"Activation function of layer {i + 1}.",
                        format_func=choice_text,
                        label_visibility="collapsed",
                        on_change=clear_warnings,
                    )
                )
    settings["activation"] = FIELDS["activation"].check(functions or names[0])
    return tuple(sizes)


def _apply_activation(chosen: str | tuple[str, ...]) -> None:
    """Give every layer the activation that was chosen for all."""
    clear_warnings()
    names = chosen if isinstance(chosen, tuple) else (chosen,) * (MAX_LAYERS + 1)
    st.session_state[state.SETTINGS]["activation"] = chosen
    for i, name in enumerate(names):
        if state.layer_activation(i) in st.session_state:
            st.session_state[state.layer_activation(i)] = name


def _stops_slider(
    label: str,
    choices: Iterable[Any],
    value: Any,
    key: str,
    about: str,
    format_stop: Callable[[Any], str] = str,
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> Any:
    """A slider over fixed stops; a value between two of them (from a link) becomes an additional stop."""
    return st.select_slider(
        label,
        with_value(choices, value),
        key=key,
        help=about,
        format_func=format_stop,
        label_visibility=label_visibility,
        on_change=clear_warnings,
    )


def with_value(choices: Iterable[Any], value: Any) -> list[Any]:
    """The stops in order, including `value`; words come last."""
    every = list(choices)
    if value not in every:
        every.append(value)
    return sorted(every, key=lambda stop: (isinstance(stop, str), stop if not isinstance(stop, str) else 0))


def stops(item: Field) -> list[Any]:
    """The stops of a setting's slider.

    Powers of two and the word for a count; 1, 2, 3, 5 and 7 in each decade of a logarithmic scale
    (with 0, off, where that is valid); equal steps otherwise.
    """
    if item.low is None or item.high is None:
        raise TypeError(f"setting {item.option} has no range for a slider")
    if item.kind == "count":
        return [*(2**i for i in range(int(math.log2(item.high)) + 1) if 2**i >= item.low), *item.words]
    if item.scale == "log":
        low, high = round(math.log10(item.low)), round(math.log10(item.high))
        decades = [float(f"{digit}e{exponent}") for exponent in range(low, high) for digit in (1, 2, 3, 5, 7)]
        off = [] if item.minimum_open or item.minimum else [OFF]
        logarithmic = [*off, *decades, float(f"1e{high}")]
        return [int(stop) for stop in logarithmic] if item.kind == "integer" else logarithmic
    step = item.step or 1
    values = [item.low + i * step for i in range(round((item.high - item.low) / step) + 1)]
    return [round(float(stop), 10) for stop in values] if item.kind == "number" else [int(stop) for stop in values]


def text_of(item: Field, value: Any) -> str:
    """The value of a setting as its control shows it: a number in few digits, but unlike the slider's other stops."""
    if item.kind == "sizes":
        return ", ".join(map(str, value)) or "none"
    if item.kind == "switch" and not item.words:
        return "on" if value else "off"
    if item.kind in {"switch", "names"}:
        return item.format(value) or "none"
    if item.option == "data":
        return data_name(value)
    if item.choices:
        return choice_text(value)
    if value == 0 and (item.scale == "log" or item.option in AUGMENTATIONS):
        return "off"
    if value == 0 and item.option == "image-size":
        return "as they are"
    if isinstance(value, float):
        short = f"{value:.4g}"
        is_ambiguous = any(f"{stop:.4g}" == short for stop in stops(item) if stop not in item.words)
        return exact(value) if is_ambiguous else short
    return str(value)


def exact(value: float) -> str:
    """A number in its shortest form that parses to the same value: 0.001, 1e-05, 5."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def choice_text(name: str | tuple[str, ...]) -> str:
    """A name, or several, as a list shows it: without underscores."""
    return (", ".join(name) or "none" if isinstance(name, tuple) else name).replace("_", " ")
