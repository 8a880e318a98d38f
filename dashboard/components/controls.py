"""The sidebar: one control for each setting of `core.config.FIELDS`, and the address of the page that spells them.

A setting's value lives in the session whether or not its control is on screen, so a control that
comes back (another data set, another page) shows what it showed before. The address holds every
setting that differs from its default, and a new address sets the controls.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from annscope.core.config import AUGMENTATIONS, FIELDS, Field, RunConfig
from annscope.core.errors import AnnscopeError, ConfigError, did_you_mean
from annscope.core.functions.losses import LOSSES
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.functions.schedules import SCHEDULES
from annscope.core.recipes import RECIPES, Recipe
from annscope.dashboard import escaping, state
from annscope.data.datasets import DATASETS, check_name, find_path, holds_images
from annscope.data.info import DatasetInfo
from annscope.runs.launch import check_data_of

WIDTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 45, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512)
MOST_LAYERS = 6
OFF = 0.0
OWN = "your own settings"
"""What the list of recipes says when the controls spell none of them."""
LATE_SECONDS = 3.0
"""How long the browser may take to learn a new address."""


def _used_by(registry: Mapping[str, Any], setting: str) -> tuple[str, ...]:
    return tuple(name for name, entry in registry.items() if setting in entry.settings)


_ONLY_FOR: dict[str, tuple[str, tuple[str, ...]]] = {
    option: (choice, names)
    for choice, registry in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("loss", LOSSES))
    for option, item in FIELDS.items()
    if (names := _used_by(registry, item.name))
}
"""Settings that mean something only with some choices of another one."""
_DATA_OPTIONS = {option for info in DATASETS.values() for option in info.options} | {"image-size"}
_OF_A_FILE = ("split", "scaling", "train-examples")
_OF_A_FOLDER = ("split", "scaling", "image-size")

_LAYOUT: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("Data", (("data",), ("image-size",), ("split",), ("samples", "noise"))),
    ("Network", (("hidden",), ("activation", "initializer"))),
    (
        "Training",
        (("optimizer", "schedule"), ("learning-rate",), ("batch-size", "epochs"), ("l1", "l2"), ("seed",)),
    ),
)
"""Headings, and under each the rows of one or two controls; what is not here stands under Advanced."""
_AUGMENTATION = (("shift", "rotate"), ("zoom", "shear"), ("elastic",), ("elastic-smoothing",))
"""What can be done to training images, which stands under a heading of its own.

What comes and goes has a row to itself: a control that moves into a column is made anew, and loses the keyboard.
"""


# From the address to the settings and back


def defaults() -> dict[str, Any]:
    """Every setting at its default, by option name."""
    return {option: item.default for option, item in FIELDS.items()}


def read_address(parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The settings that query parameters spell, and one sentence for each parameter that spells none.

    A setting that is missing or wrong takes its default.
    """
    settings, complaints = defaults(), []
    known = [*FIELDS, *state.VIEW_PARAMETERS]
    for name, text in parameters.items():
        try:
            if name in FIELDS:
                settings[name] = _parse(FIELDS[name], text)
            elif name not in state.VIEW_PARAMETERS:
                raise ConfigError(f"there is no setting {name!r}{did_you_mean(name, known)}")
        except AnnscopeError as error:
            complaints.append(_sentence(error, name))
    complaints += state.not_numbers(parameters, (state.SNAPSHOT, state.PROBE))
    try:
        config_of(settings)
    except ConfigError as error:
        functions = settings["activation"]
        if isinstance(functions, tuple) and len(functions) != len(settings["hidden"]):
            settings["activation"] = FIELDS["activation"].default
            complaints.append(_sentence(error, "activation"))
        else:  # nothing is changed: the sidebar says so until a control is moved
            complaints.append(_sentence(error, ""))
    return settings, complaints


def _parse(item: Field, text: str) -> Any:
    value = item.parse(text)
    if item.option == "data":
        check_name(value)
    return value


def _sentence(error: AnnscopeError, option: str) -> str:
    kept = f"; {option} stays at {FIELDS[option].format(FIELDS[option].default)}" if option in FIELDS else ""
    return f"In the address, {str(error).rstrip('.')}{kept}."


def write_address(settings: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters that spell these settings: those that apply and are not at their default."""
    return {
        option: item.format(settings[option])
        for option, item in FIELDS.items()
        if applies(option, settings) and settings[option] != item.default
    }


def applies(option: str, settings: Mapping[str, Any]) -> bool:
    """Whether a setting means something beside the others, so that it deserves a control."""
    if option in _DATA_OPTIONS:
        info = DATASETS.get(settings["data"])
        if info is not None:
            return option in info.options
        return option in (_OF_A_FOLDER if _is_folder(settings["data"]) else _OF_A_FILE)
    if option in AUGMENTATIONS:
        return holds_images(settings["data"])
    if option == "elastic-smoothing":
        return settings["elastic"] > 0 and applies("elastic", settings)
    if option in _ONLY_FOR:
        other, choices = _ONLY_FOR[option]
        return settings[other] in choices
    return True


def _is_folder(name: str) -> bool:
    path = find_path(name)
    return path is not None and path.is_dir()


def config_of(settings: Mapping[str, Any]) -> RunConfig:
    """The run that these settings describe; what does not apply is at its default.

    Raises ConfigError when settings contradict each other, or the data set.
    """
    config = RunConfig().with_values({option: settings[option] for option in FIELDS if applies(option, settings)})
    check_data_of(config)
    return config


def settings_of(config: RunConfig) -> dict[str, Any]:
    """The settings of a run by option name; `config_of` is the inverse."""
    return {option: config.get(item) for option, item in FIELDS.items()}


# Settings in the session


def use(settings: Mapping[str, Any]) -> None:
    """Set every control, and open those of augmentation where there is some; has to come before they are drawn."""
    st.session_state[state.SETTINGS] = dict(settings)
    # A control takes its setting when it is drawn. A value put here for one that is not drawn would come back later.
    for key in [key for key in st.session_state if str(key).startswith(state.control(""))]:
        del st.session_state[key]
    if any(settings[option] for option in AUGMENTATIONS):
        st.session_state[state.AUGMENTATION] = True


def settings_now() -> dict[str, Any]:
    """Every setting as its control stands; first from the address, when that is new to this session."""
    address = _address()
    if st.session_state.get(state.WRITTEN) != address and not _is_late(address):
        settings, complaints = read_address(st.query_params.to_dict())
        st.session_state[state.COMPLAINTS] = complaints
        use(settings)
    settings_in_session: dict[str, Any] = st.session_state[state.SETTINGS]
    return settings_in_session


def config_now() -> RunConfig | None:
    """The run that the controls describe; None when they contradict each other, which the sidebar says."""
    try:
        return config_of(st.session_state[state.SETTINGS])
    except ConfigError:
        return None


def spell_in_address() -> None:
    """Make the address say what the controls say."""
    wanted, address = write_address(st.session_state[state.SETTINGS]), _address()
    before = st.session_state.get(state.WRITTEN)
    if before not in (None, wanted):
        now = time.monotonic()
        late = [entry for entry in st.session_state.get(state.LATE, []) if now - entry[0] < LATE_SECONDS]
        st.session_state[state.LATE] = [*late, (now, before), (now, address)]
    st.session_state[state.WRITTEN] = wanted
    if address != wanted:
        views = {name: text for name, text in st.query_params.items() if name in state.VIEW_PARAMETERS}
        st.query_params.from_dict(wanted | views)


def _address() -> dict[str, str]:
    return {name: text for name, text in st.query_params.items() if name not in state.VIEW_PARAMETERS}


def _is_late(address: Mapping[str, str]) -> bool:
    """Whether this is what the address said a moment ago.

    The browser sends its address with each change of a control. When two changes follow each other
    quickly, the second is sent before the browser has learned the address that the first one made:
    that is no link, and taking it for one would undo what the person just did.
    """
    now = time.monotonic()
    return any(then == address and now - at < LATE_SECONDS for at, then in st.session_state.get(state.LATE, []))


# Controls


def sidebar(below: Mapping[str, Callable[[], None]] | None = None, augmented: Callable[[], None] | None = None) -> None:
    """Draw every control, and `below` that of a setting what is given for it; say where they contradict each other.

    `augmented` shows what augmentation does; it is called when someone looks.
    """
    settings = settings_now()
    drawn: set[str] = set()
    with st.sidebar:
        st.markdown("#### 🔬 annscope")
        recipe = st.container(key="settings-recipe", gap="xsmall")
        for heading, rows in _LAYOUT:
            with st.container(key=f"settings-{heading.lower()}", gap="xsmall"):
                st.caption(f"**{heading.upper()}**")
                for row in rows:
                    shown = [option for option in row if applies(option, settings)]
                    _row([FIELDS[option] for option in shown], settings)
                    drawn.update(row)
                    for option in shown:
                        if below and option in below:
                            below[option]()
        drawn.update(option for row in _AUGMENTATION for option in row)
        if applies("shift", settings):
            _augmentation(settings, augmented)
        with st.expander("Advanced", key=state.ADVANCED, on_change="rerun") as advanced:
            rest = [item for option, item in FIELDS.items() if option not in drawn and applies(option, settings)]
            choices = [item for item in rest if item.kind in {"choice", "choices"}]
            others = [item for item in rest if item not in choices]
            for items in (choices, others) if advanced.open else ():  # what nobody sees would hold up the page
                for i in range(0, len(items), 2):
                    _row(items[i : i + 2], settings)
        spell_in_address()
        with recipe:
            _recipes(settings)  # drawn on top, but last: the controls have to say first how they stand
        try:
            config_of(settings)
        except ConfigError as error:
            st.error(escaping.markdown(f"{str(error)[0].upper()}{str(error)[1:]}."), icon=":material/error:")


def _augmentation(settings: dict[str, Any], augmented: Callable[[], None] | None) -> None:
    with st.expander("Augmentation", key=state.AUGMENTATION, on_change="rerun") as expander:
        if not expander.open:
            return
        above = st.container()
        with st.container(key="settings-augmentation", gap="xsmall"):
            for row in _AUGMENTATION:
                _row([FIELDS[option] for option in row if applies(option, settings)], settings)
        if augmented is not None:
            with above:  # drawn on top, but last: the controls have to say first how they stand
                augmented()


def recipe_of(settings: Mapping[str, Any]) -> Recipe | None:
    """The recipe that these settings spell to the last one, if any."""
    try:
        config = config_of(settings)
    except ConfigError:
        return None
    return next((recipe for recipe in RECIPES.values() if recipe.config == config), None)


def _recipes(settings: Mapping[str, Any]) -> None:
    recipe = recipe_of(settings)
    if recipe is None:
        st.session_state[state.OWN_SETTINGS] = dict(settings)
    st.session_state[state.RECIPE] = OWN if recipe is None else recipe.name
    st.selectbox(
        "Recipe",
        [OWN, *RECIPES],
        key=state.RECIPE,
        help="A network with a name: choosing it sets every control below. Change one, and it is your own again.",
        on_change=_follow_recipe,
    )
    if recipe is not None:
        with st.container(key="recipe-about", gap="xsmall"):
            st.caption(recipe.about)
            st.caption(f"**From** {recipe.source}.")
            st.caption(f"**Reached** {recipe.reached}.")


def _follow_recipe() -> None:
    name = st.session_state[state.RECIPE]
    if name == OWN:
        use(st.session_state.get(state.OWN_SETTINGS, defaults()))
    else:
        use(settings_of(RECIPES[name].config))
    forget_complaints()
    spell_in_address()


def _row(items: Sequence[Field], settings: dict[str, Any]) -> None:
    if len(items) == 1:
        settings[items[0].option] = _control(items[0], settings)
        return
    for item, column in zip(items, st.columns(len(items), gap="small") if items else [], strict=True):
        with column:
            settings[item.option] = _control(item, settings)


def _control(item: Field, settings: Mapping[str, Any]) -> Any:
    value, key = settings[item.option], state.control(item.option)
    if item.kind == "sizes":
        return _hidden_layers(item, value)
    _begin(key, value)
    if item.option == "data":
        return _data_set(item, value, key)
    if item.kind == "switch":
        return st.toggle(item.label, key=key, help=item.help, on_change=forget_complaints)
    if item.kind == "text":
        return st.text_input(item.label, key=key, help=item.help, on_change=forget_complaints)
    if item.kind in {"choice", "choices"}:
        options = list(item.choices) if value in item.choices else [*item.choices, value]
        return st.selectbox(
            item.label, options, key=key, help=item.help, format_func=_choice, on_change=forget_complaints
        )
    if item.option == "seed":
        low, high = int(item.minimum or 0), int(item.maximum or 0)
        seed = st.number_input(item.label, low, high, key=key, step=1, help=item.help, on_change=forget_complaints)
        return value if seed is None else int(seed)
    return _stops_slider(item.label, stops(item), value, key, item.help, lambda stop: _stop(item, stop))


def _begin(key: str, value: Any) -> None:
    if key not in st.session_state:
        st.session_state[key] = value


def forget_complaints() -> None:
    """What was wrong with the address is of no interest once a control was moved."""
    st.session_state[state.COMPLAINTS] = []


def _data_set(item: Field, value: str, key: str) -> str:
    names = list(DATASETS) if value in DATASETS else [*DATASETS, value]
    chosen = st.selectbox(
        item.label,
        names,
        key=key,
        help=f"{item.help} Type the path of a CSV or NPZ file, or of a folder of images, to use your own.",
        format_func=lambda name: DATASETS[name].label if name in DATASETS else name,
        accept_new_options=True,
        on_change=_follow_data,
    )
    name = value if chosen is None else chosen
    try:
        check_name(name)
    except AnnscopeError as error:
        st.error(escaping.markdown(str(error)))
        return value
    with st.container(key="data-about"):
        own = "Your own images, a subfolder for each class." if _is_folder(name) else "Your own file."
        st.caption(DATASETS[name].description if name in DATASETS else own)
    return name


def _follow_data() -> None:
    """Take an output that suits the data set just chosen, where the one chosen before does not."""
    forget_complaints()
    info, settings = DATASETS.get(st.session_state[state.control("data")]), st.session_state[state.SETTINGS]
    if info is not None:
        output = suitable_output(settings["output"], info, DATASETS.get(settings["data"]))
        settings["output"] = output
        st.session_state.pop(state.control("output"), None)


def suitable_output(output: str, info: DatasetInfo, before: DatasetInfo | None = None) -> str:
    """The output itself where it makes sense for a data set after the one `before`, else the usual one."""
    if info.is_multilabel:
        return "sigmoid"
    was_of_labels = before is not None and before.is_multilabel
    return "softmax" if was_of_labels or (output == "binary" and info.n_classes != 2) else output


def _hidden_layers(item: Field, value: Sequence[int]) -> tuple[int, ...]:
    _begin(state.N_LAYERS, len(value))
    n_layers = _stops_slider(
        item.label, range(MOST_LAYERS + 1), len(value), state.N_LAYERS,
        "How many layers stand between the input and the output; with none, only straight lines part the classes.",
    )  # fmt: skip
    sizes: list[int] = []
    columns = st.columns(2, gap="small") if n_layers > 1 else [st.container()]
    for i in range(n_layers):
        width = value[i] if i < len(value) else max(4, sizes[-1] // 2) if sizes else 32
        _begin(state.layer(i), width)
        with columns[i % len(columns)]:
            sizes.append(_stops_slider(f"Layer {i + 1}", WIDTHS, width, state.layer(i), "Neurons in this layer."))
    return tuple(sizes)


def _stops_slider(
    label: str, choices: Iterable[Any], value: Any, key: str, about: str, spell: Callable[[Any], str] = str
) -> Any:
    """A slider over fixed stops; a value between two of them (out of a link) is a stop of its own."""
    return st.select_slider(
        label, with_value(choices, value), key=key, help=about, format_func=spell, on_change=forget_complaints
    )


def with_value(choices: Iterable[Any], value: Any) -> list[Any]:
    """The stops in order, `value` among them; words come last."""
    every = list(choices)
    if value not in every:
        every.append(value)
    return sorted(every, key=lambda stop: (isinstance(stop, str), stop if not isinstance(stop, str) else 0))


def stops(item: Field) -> list[Any]:
    """What a setting's slider offers.

    Powers of two and the word for a count; 1, 2, 3, 5 and 7 in each decade of a logarithmic scale
    (with 0, off, where that is valid); equal steps otherwise.
    """
    if item.low is None or item.high is None:
        raise TypeError(f"setting {item.option} has no range for a slider")
    if item.kind == "count":
        return [*(2**i for i in range(int(math.log2(item.high)) + 1) if 2**i >= item.low), item.word]
    if item.scale == "log":
        low, high = round(math.log10(item.low)), round(math.log10(item.high))
        decades = [float(f"{digit}e{exponent}") for exponent in range(low, high) for digit in (1, 2, 3, 5, 7)]
        off = [] if item.minimum_open or item.minimum else [OFF]
        return [*off, *decades, float(f"1e{high}")]
    step = item.step or 1
    values = [item.low + i * step for i in range(round((item.high - item.low) / step) + 1)]
    return [round(float(stop), 10) for stop in values] if item.kind == "number" else [int(stop) for stop in values]


def _stop(item: Field, value: Any) -> str:
    if value == 0 and (item.scale == "log" or item.option in AUGMENTATIONS):
        return "off"
    if value == 0 and item.option == "image-size":
        return "as they are"
    if isinstance(value, float):
        short = f"{value:.4g}"
        is_taken = any(f"{stop:.4g}" == short for stop in stops(item) if stop != item.word)
        return exact(value) if is_taken else short
    return str(value)


def exact(value: float) -> str:
    """A number as people write it, telling any two apart: 0.001, 1e-05, 5."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _choice(name: str | tuple[str, ...]) -> str:
    return ", ".join(name).replace("_", " ") if isinstance(name, tuple) else name.replace("_", " ")
