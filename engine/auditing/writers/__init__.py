"""Findings written as tables."""
