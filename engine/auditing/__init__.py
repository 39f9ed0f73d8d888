"""Judging ledgers: counting, judging, wording, explaining."""
