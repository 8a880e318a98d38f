"""What runs are compared as: one by one, or in groups of runs whose settings are the same but for the seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import FIELDS
from annscope.runs.query import differing
from annscope.runs.summary import RunSummary

SEED = "seed"
WHOLE = ("finished", "diverged")
"""The states of runs that count in a group: what was cut short is not a repeat of what was not."""
MAX_GROUPS = 10
"""How many are compared at once: so many colours can be told apart."""
_MAX_SETTINGS = 4


@dataclass(frozen=True)
class Group:
    """What is compared as one: runs of the same settings, each with another seed, or a single run.

    `letter` is short for it, `differs` says the settings in which it differs from the others.
    """

    letter: str
    differs: str
    runs: tuple[RunSummary, ...]

    @property
    def id(self) -> str:
        """Its newest run, which stands for it in an address."""
        return self.runs[0].run

    @property
    def name(self) -> str:
        """The name that its runs were given, or else the settings in which it differs."""
        return self.given_name or self.differs

    @property
    def seeds(self) -> list[object]:
        """The seed of each run."""
        return [about.settings.get(SEED) for about in self.runs]

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def given_name(self) -> str:
        """The name that all of its runs have; nothing if there is none."""
        names = {about.annotations.name for about in self.runs}
        return names.pop() if len(names) == 1 else ""

    def figures(self, figure: Callable[[RunSummary], float | None]) -> Float[ndarray, " n_runs"]:
        """A figure of each run, NaN where it is not known."""
        return np.array([np.nan if (value := figure(about)) is None else value for about in self.runs], np.float64)


@dataclass(frozen=True)
class Grouping:
    """The groups to compare, at most `MAX_GROUPS`, and the settings in which they differ.

    `notes` say, in sentences, what is left out, and which runs are not what their settings say.
    `runs` are those of all groups, however many there are.
    """

    groups: tuple[Group, ...]
    settings: tuple[str, ...]
    notes: tuple[str, ...]
    runs: tuple[RunSummary, ...]


def one_by_one(chosen: Sequence[RunSummary]) -> Grouping:
    """Each of these runs by itself."""
    return _named([(about,) for about in chosen if about.settings], [])


def by_settings(chosen: Sequence[RunSummary], runs: Sequence[RunSummary]) -> Grouping:
    """The groups of the chosen runs: all of `runs` that have the same settings but for the seed.

    A chosen run stands for its whole group, so that nobody chooses the seeds that suit. Runs that did not end by
    themselves do not count, and of several with the same seed, which repeat the same bits, only the newest; `runs` are
    ordered from the newest on. A run whose learning rate was set while it trained repeats only those with the same
    changes at the same steps.
    """
    members: dict[str, list[RunSummary]] = {}
    for about in runs:
        members.setdefault(_settings_of(about), []).append(about)
    cut_short = repeated = 0
    groups = []
    for key in dict.fromkeys(_settings_of(about) for about in chosen if about.settings):
        whole = [about for about in members[key] if about.status in WHOLE]
        of_seed: dict[object, RunSummary] = {}
        for about in whole:
            of_seed.setdefault(about.settings.get(SEED), about)
        cut_short += len(members[key]) - len(whole)
        repeated += len(whole) - len(of_seed)
        if of_seed:
            groups.append(tuple(of_seed.values()))
    why = {"did not end by themselves": cut_short, "repeat a seed": repeated}
    return _named(groups, [f"Runs that {words} are left out: {n:,}." for words, n in why.items() if n])


def _settings_of(about: RunSummary) -> str:
    # The number of epochs is another one where a run went on.
    return repr(
        (about.n_epochs, about.rates, {option: value for option, value in about.settings.items() if option != SEED})
    )


def _named(groups: Sequence[tuple[RunSummary, ...]], notes: list[str]) -> Grouping:
    every = tuple(about for runs in groups for about in runs)
    if len(groups) > MAX_GROUPS:
        notes = [*notes, f"The first {MAX_GROUPS} of {len(groups):,} are compared; Settings shows all."]
        groups = groups[:MAX_GROUPS]
    settings = differing([runs[0] for runs in groups])
    if any(len(runs) > 1 for runs in groups):
        settings = [option for option in settings if option != SEED]
    named = tuple(
        Group(letter, _differs(runs, settings), runs)
        for letter, runs in zip(ascii_uppercase[: len(groups)], groups, strict=True)
    )
    changed = [group.letter for group in named if group.runs[0].rates]
    if changed:
        notes = [*notes, f"The learning rate of {', '.join(changed)} was changed while it trained."]
    return Grouping(named, tuple(settings), tuple(notes), every)


def _differs(runs: Sequence[RunSummary], settings: Sequence[str]) -> str:
    words = [
        f"{FIELDS[option].label} {FIELDS[option].format(runs[0].settings[option]) or 'none'}" for option in settings
    ]
    if runs[0].rates:
        words.insert(0, "Learning rate changed live")
    if not words:
        return runs[0].run if len(runs) == 1 else f"{len(runs):,} seeds"
    return ", ".join(words[:_MAX_SETTINGS]) + (" …" if len(words) > _MAX_SETTINGS else "")
