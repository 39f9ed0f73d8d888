"""That a history is what it was. In: events. Out: checkpoints, proofs, what was tampered with."""
