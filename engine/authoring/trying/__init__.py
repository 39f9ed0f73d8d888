"""Expressions and rules tried on records. In: a policy, records. Out: values, and what was read."""
