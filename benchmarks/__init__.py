"""Side-by-side timings: printed as ratios, never a pass or a fail."""
