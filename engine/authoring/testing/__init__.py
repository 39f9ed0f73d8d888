"""A pack's cases, run."""
