"""The page of one member. In: an id, who looks. Out: facts, findings, acts, history, files."""
