"""Ledgers. In: files of every kind, or Python records. Out: typed batches and input findings."""
