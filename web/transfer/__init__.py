"""What comes into a register and leaves it. In: ledgers, a register. Out: events; files."""
