"""Fault injection, by the hundred: full disks, killed processes, altered files.

    python -m tests.faults                       every module here, and one table
    python -m tests.faults.full_disks --runs 50  one of them

Each module has `check(runs)`, which tries a fault this many times (by default `RUNS`) and
yields what came of it; `runs` bounds its time as well. Not collected by pytest: they take minutes.
"""
