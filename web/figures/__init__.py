"""How a register stands, counted. In: what is said of its members. Out: figures, now and then."""
