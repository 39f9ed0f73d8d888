"""Work that takes long. In: one's jobs. Out: how far they are, what came of them."""
