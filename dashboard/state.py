"""Every session key and query parameter of the dashboard, by name.

The address of the page is the truth for what is looked at (`run`, `snapshot`, `probe`, and on Inspect
also the split, class, selection and sample) and for the settings of the next run (one parameter a
setting, named as on the command line); the session only holds what the widgets need.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from annscope.core.errors import shortened

RUN = "run"
SNAPSHOT = "snapshot"
PROBE = "probe"
SUBSET = "subset"
"""The split that Inspect judges; "split" is a setting of a run."""
VIEW = "view"
CLASS = "class"
MATRIX = "matrix"
AGAINST = "against"
FIGURE = "figure"
THRESHOLD = "threshold"
SHOW = "show"
ORDER = "order"
SHEET = "sheet"
SAMPLE = "sample"
"""Which example of the data set is looked at, as split and index: `test-17`."""
OF_ONE_RUN = (RUN, SNAPSHOT, PROBE, AGAINST, SHOW, SHEET, SAMPLE)
"""What a choice of another run takes out of the address."""
VIEW_PARAMETERS = (*OF_ONE_RUN, SUBSET, VIEW, CLASS, MATRIX, FIGURE, THRESHOLD, ORDER)
"""Every parameter that says what is looked at, on any page."""

LOOKED_AT = "looked-at"
"""Session: the run last shown; another page, whose address names none, shows it too."""
SETTINGS = "settings"
"""Session: every setting of the next run by option name, whether its control is on screen or not."""
WRITTEN = "written"
"""Session: the settings that this session last put into the address, to tell its own changes from a new link."""
LATE = "late"
"""Session: the addresses that were replaced a moment ago, each with the time, which the browser may still send."""
COMPLAINTS = "complaints"
"""Session: sentences about what could not be understood in the address."""
REFUSAL = "refusal"
"""Session: the sentence of the last command that was refused."""
OWN_SETTINGS = "own-settings"
"""Session: the settings before a recipe was chosen, to go back to."""
RATE_SEARCH = "rate-search"
"""Session: whether the window of the search for a learning rate is open."""
RATE_FOUND = "rate-found"
"""Session: the points of the last search and what it found, or the sentence that says why it found nothing."""

RECIPE = "recipe"
AUGMENTATION = "augmentation"
ADVANCED = "settings-advanced"
STAGE = "stage"
PAD = "pad"
PICKER = "picker"
HEADER = "header"
TICK = "tick"
START = "start"
FIRST = "first"
COPY = "copy-settings"
PAUSE = "pause"
STEP = "step"
STOP = "stop"
LIVE_RATE = "live-learning-rate"
LIVE_RATE_KNOWN = "live-learning-rate-known"
"""Session: the recorded learning rate that the live slider last followed, with its run."""
LIVE_RATES_SENT = "live-learning-rates-sent"
"""Session: the learning rates that this tab sent and the record has not answered yet, each with its run."""
FIND_RATE = "find-learning-rate"
USE_RATE = "use-learning-rate"
N_LAYERS = "control-hidden-count"
GRADIENT = "gradient"
GRADIENT_CHART = "gradient-chart"
NUMBERS = "numbers"
DOWNLOAD = "download"

ADDRESSES = "addresses"
"""Session: what the address of each page said last, by page."""
REPLACED = "replaced"
"""Session: the addresses that clicks replaced a moment ago, each with the time."""
LATE_SECONDS = 3.0
"""How long the browser may take to learn a new address."""
PAGE = "page"
"""Session: the page that was drawn last."""
TRAIN = "train"
INSPECT = "inspect"
DRAW = "draw"
GALLERY = "gallery"
PLACE = "place"
CALLED = "called"
MISSED = "missed"
ROC = "roc"
PRECISION_RECALL = "precision-recall"
CALIBRATION = "calibration"
EVOLUTION = "evolution"


def control(option: str) -> str:
    """The key of a setting's control in the sidebar."""
    return f"control-{option}"


def layer(index: int) -> str:
    """The key of the width of a hidden layer, counted from 0."""
    return f"control-hidden-{index}"


def example(index: int) -> str:
    """The key of the button that starts one of the example set-ups."""
    return f"example-{index}"


def choice(name: str) -> str:
    """The key of the control on Inspect that a query parameter belongs to."""
    return f"inspect-{name}"


def part(name: str) -> str:
    """The key of a part of Inspect that answers to clicks."""
    return f"inspect-part-{name}"


def download(name: str) -> str:
    """The key of the button that saves a table of Inspect."""
    return f"inspect-download-{name}"


def arrive(page: str) -> None:
    """Note which page is drawn, and give it back what its address said before another page was looked at.

    Going from page to page empties the address; the run and the snapshot are the same on every page.
    """
    addresses = st.session_state.setdefault(ADDRESSES, {})
    before = st.session_state.get(PAGE)
    st.session_state[PAGE] = page
    if before not in {None, page} and not st.query_params.to_dict():
        shared = {name: text for name, text in addresses.get(before, {}).items() if name in {RUN, SNAPSHOT}}
        own = {name: text for name, text in addresses.get(page, {}).items() if name not in {RUN, SNAPSHOT}}
        st.query_params.from_dict(own | shared)


def remember_address() -> None:
    """Note what the address of the page that is drawn says, for `arrive`."""
    if PAGE in st.session_state:
        st.session_state[ADDRESSES][st.session_state[PAGE]] = st.query_params.to_dict()


def put(name: str, text: str | None) -> None:
    """Put a query parameter into the address, or take it out."""
    catch_up()
    before = st.query_params.to_dict()
    after = {known: value for known, value in before.items() if known != name}
    if text is not None:
        after[name] = text
    replaced = _replaced_lately()
    if after != before:
        st.session_state[REPLACED] = [*replaced, (time.monotonic(), before)]
    if after != before or replaced:  # the browser may be about to show what was said a moment ago
        st.query_params.from_dict(after)
    remember_address()


def catch_up() -> None:
    """Take no address for news that was replaced a moment ago.

    The browser sends its address with each click. Of two clicks in quick succession the second comes
    with the address from before the first, and would undo it.
    """
    said = st.session_state.get(ADDRESSES, {}).get(st.session_state.get(PAGE))
    address = st.query_params.to_dict()
    if said not in (None, address) and any(before == address for _, before in _replaced_lately()):
        st.query_params.from_dict(said)


def take_address() -> None:
    """Of a run of the whole page, which no click asks for, the address is news: somebody went back or forward."""
    said = st.session_state.get(ADDRESSES, {}).get(st.session_state.get(PAGE))
    if said not in (None, st.query_params.to_dict()):
        st.session_state[REPLACED] = []


def _replaced_lately() -> list[tuple[float, dict[str, str]]]:
    now = time.monotonic()
    return [(at, before) for at, before in st.session_state.get(REPLACED, []) if now - at < LATE_SECONDS]


def shown_run() -> str | None:
    """The run that the address names."""
    return st.query_params.get(RUN)


def show_run(run: str | None) -> None:
    """Look at a run from its latest snapshot on; None leaves the choice to the page."""
    for name in OF_ONE_RUN:
        st.query_params.pop(name, None)
    if run is not None:
        st.query_params[RUN] = run
    remember_address()


def shown_number(name: str) -> int | None:
    """The whole number, 0 or more, of a query parameter; None when it is absent or no such number."""
    return whole_number(st.query_params.get(name, ""))


def whole_number(text: str) -> int | None:
    """The whole number, 0 or more and of at most nine digits, that a text spells; None when it spells none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def must_be(name: str, rule: str, text: str, advice: str = "") -> str:
    """The sentence for a query parameter that is not what it must be; `advice` may name what was meant."""
    return f"In the address, {name} must be {rule}, got {shortened(text)!r}{advice}."


def not_numbers(parameters: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """A sentence for each of these query parameters that is there and no whole number."""
    return [
        must_be(name, "a whole number, 0 or more", parameters[name])
        for name in names
        if name in parameters and whole_number(parameters[name]) is None
    ]


def not_recorded(parameters: Mapping[str, str], newest: int) -> list[str]:
    """A sentence where these query parameters name a snapshot after the `newest`."""
    text = parameters.get(SNAPSHOT, "")
    number = whole_number(text)
    if newest < 0 or number is None or number <= newest:
        return []
    return [must_be(SNAPSHOT, f"a whole number from 0 to {newest}", text)]


def show_number(name: str, value: Any) -> None:
    """Put a whole number into the address; anything else takes the parameter out of it."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value):
        put(name, str(int(value)))
    else:
        put(name, None)
