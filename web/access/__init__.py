"""Who may do what, and who it is. In: units, users, what they show. Out: actors, a guard."""
