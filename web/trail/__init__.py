"""What makes a history provable. In: events and values. Out: bytes, hashes, proofs."""
