"""The room of the law. In: packs, outcomes. Out: clauses in the open, another law tried."""
