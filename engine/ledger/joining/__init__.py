"""Several tables as one ledger: rows of the same key are one record."""
