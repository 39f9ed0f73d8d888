"""What an office sets while the register runs. In: changes. Out: events, and what holds."""
