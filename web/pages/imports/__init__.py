"""Imports looked at, mended, saved, taken back. In: a register. Out: pages."""
