"""Workbooks of Office Open XML, read as streams. In: a path. Out: a table a ledger sheet."""
