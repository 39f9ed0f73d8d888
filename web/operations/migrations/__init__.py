"""Revisions of the schema. In: a register of one revision. Out: the same of the next, or back."""
