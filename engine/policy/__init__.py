"""Packs: models, files, overlays, checks, law in time, lints."""
