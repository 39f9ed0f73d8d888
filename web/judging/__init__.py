"""Judging at every change. In: changes of a register, days. Out: outcomes, case by case."""
