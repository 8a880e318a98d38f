"""A run: configuration, worker process, record on disk, reader."""
