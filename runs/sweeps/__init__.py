"""Sweeps: many runs with different settings, chosen by Optuna and trained by the workers of a Dask cluster.

Start with `sweeps.driver`. `space` says what is varied, `study` keeps the trials in a journal file, `trial` trains one
run on a worker, `parcel` brings its record home, and `cluster` speaks to Dask.
"""
