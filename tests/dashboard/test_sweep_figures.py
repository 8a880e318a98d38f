"""Tests of the figures of a sweep."""

from annscope.core.config import RunConfig
from annscope.dashboard.figures.sweeps import PLOTS, plots_of, sweep_figure
from annscope.dashboard.queries.sweeps import shown_sweep
from annscope.runs.sweeps.space import parse_space
from annscope.runs.sweeps.study import Sweep, create_study


def test_every_plot_of_optuna_is_drawn_with_the_labels_of_settings() -> None:
    """Each plot has data, in light and dark, and names settings as the rest of the dashboard does."""
    space = parse_space(["learning-rate=0.001..0.1:log", "hidden=8|16"])
    study = create_study(Sweep(name="test", config=RunConfig(), space=space, n_trials=6))
    for k in range(6):
        trial = study.ask()
        for dimension in space:
            dimension.suggest(trial)
        study.tell(trial.number, 0.9 + 0.01 * k)
    shown = shown_sweep("test")
    assert (shown.n_ended, shown.n_complete, shown.best and shown.best.number) == (6, 6, 5)
    assert plots_of(shown.sweep) == [*PLOTS]
    for name in PLOTS:
        for dark in (False, True):
            figure = sweep_figure(name, shown.sweep, shown.study, dark=dark)
            assert figure.data
            words = {str(axis.title.text) for axis in (*figure.select_xaxes(), *figure.select_yaxes())}
            assert not words & {"learning-rate", "hidden"}
    assert [*sweep_figure("Importance", shown.sweep, shown.study, dark=False).data[0].y] in (
        ["Learning rate", "Hidden layers"], ["Hidden layers", "Learning rate"],
    )  # fmt: skip
