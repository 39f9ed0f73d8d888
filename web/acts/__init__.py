"""What an office does to cases. In: acts as data, what is given. Out: events, or a refusal."""
