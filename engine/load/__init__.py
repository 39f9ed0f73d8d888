"""Packs from YAML, with positions."""
