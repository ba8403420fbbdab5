"""Real, unmodified trackers against the whole write path. A package, so that its conftest is not every other directory's."""
