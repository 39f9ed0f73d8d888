"""Verdicts into sentences."""
