"""Data sets: the only package that reads foreign files or downloads."""
