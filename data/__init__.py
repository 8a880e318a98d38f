"""Data sets: the only package that reads other people's files or the network."""
