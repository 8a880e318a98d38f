"""What runs are compared as: one by one, or in groups that differ in the seed alone."""

from __future__ import annotations

from annscope.runs.groups import MAX_GROUPS, by_settings, one_by_one
from tests.summaries import repeats, summary


def test_a_chosen_run_stands_for_all_its_repeats() -> None:
    """Nobody chooses the seeds that suit: the group of a run has every run of the list with its settings."""
    adam, sgd = repeats("adam-", [0.9, 0.91, 0.92]), repeats("sgd-", [0.8, 0.82], optimizer="sgd")
    found = by_settings([adam[2], sgd[0], adam[0]], [*adam, *sgd])
    assert [group.letter for group in found.groups] == ["A", "B"]
    assert [group.runs for group in found.groups] == [tuple(adam), tuple(sgd)]
    assert found.groups[0].seeds == [2, 1, 0]
    assert found.settings == ("optimizer",)
    assert [group.name for group in found.groups] == ["Optimizer adam", "Optimizer sgd"]
    assert found.notes == ()


def test_what_is_no_repeat_does_not_count() -> None:
    """A run that was cut short, or whose seed was trained again, is left out and said. Divergence is a result."""
    runs = [
        summary("e", seed=4, status="running"), summary("d", seed=0), summary("c", seed=2, status="diverged"),
        summary("b", seed=1, status="stopped"), summary("a", seed=0),
    ]  # fmt: skip
    found = by_settings(runs, runs)
    assert [about.run for about in found.groups[0].runs] == ["d", "c"]
    assert found.notes == (
        "Runs that did not end by themselves are left out: 2.",
        "Runs that repeat a seed are left out: 1.",
    )
    assert by_settings(runs[:1], runs[:1]).groups == ()
    went_on = [summary("b", seed=1, n_epochs=20), summary("a", seed=0, n_epochs=10)]
    assert [len(group) for group in by_settings(went_on, went_on).groups] == [1, 1]


def test_a_learning_rate_set_live_makes_another_group() -> None:
    """Its settings are those of the others, but it was not trained with them, which is said."""
    runs = [summary("b", seed=1, rates=((120, 0.5),)), summary("a", seed=0)]
    found = by_settings(runs, runs)
    assert [len(group) for group in found.groups] == [1, 1]
    assert found.notes == ("The learning rate of A was changed while it trained.",)
    assert found.groups[0].name == "Learning rate changed live, Seed 1"
    again = [summary("c", seed=2, rates=((120, 0.5),)), *runs]
    assert [len(group) for group in by_settings(again, again).groups] == [2, 1]


def test_runs_one_by_one_are_named_by_what_differs() -> None:
    """A name that was given comes first; what cannot be read has no settings to compare and is left out."""
    runs = [summary("c", name="Mine", seed=1), summary("b", seed=2), summary("a", status="unreadable")]
    runs[2].settings.clear()
    found = one_by_one(runs)
    assert [group.name for group in found.groups] == ["Mine", "Seed 2"]
    assert found.settings == ("seed",)


def test_more_than_can_be_told_apart_are_not_drawn() -> None:
    """The first ten are compared, which is said; what is plotted a point a run has all of them."""
    found = one_by_one([summary(f"r{k}", seed=k) for k in range(13)])
    assert len(found.groups) == MAX_GROUPS
    assert len(found.runs) == 13
    assert found.notes == ("The first 10 of 13 are compared; Settings shows all.",)
