"""Questions about runs and their answers, cached: evaluations, examples, selections, live runs, tables."""
