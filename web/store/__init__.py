"""Where a register is kept. In: events. Out: the same for good, and tables made from them."""
