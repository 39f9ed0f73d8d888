"""Ways to pass a ledger through an engine, each yielding verdict batches."""
